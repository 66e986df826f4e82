import type { Gradient, Judged } from "../../engine/events.ts";
import type { Role } from "../../graph/graph.ts";
import type { Usage } from "../../models/model.ts";
import { record } from "../record/records.ts";
import type { RunSpending } from "./cost.ts";
import type { Attempt, Calls, CurvePoint, Cut, NodeProgress, RecordedState, RunState, SampleScore } from "./state.ts";
import { ValueKeys } from "./value-keys.ts";

export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** `RunState` as seen by its only writer. */
export type DraftState = Omit<
  Draft<RecordedState>,
  "calls" | "tokens" | "nodes" | "curve" | "attempts" | "judged" | "gradients"
> & {
  calls: Draft<Calls>;
  tokens: Draft<RunState["tokens"]>;
  nodes: Record<string, Draft<NodeProgress>>;
  curve: Draft<CurvePoint>[];
  attempts: Draft<Attempt>[];
  judged: Judged[];
  gradients: Gradient[];
  scores: Record<string, Record<string, SampleScore>>;
  scored: Record<string, number>;
  values: ValueKeys;
  spending: Record<string, Draft<RunSpending>>;
  answering: Record<string, Draft<Usage>>;
  cuts: Record<Role, Record<string, Draft<Cut>>>;
  warnings: RunState["warnings"][number][];
  baselines: RunState["baselines"][number][];
  solutions: RunState["solutions"][number][];
  pins: RunState["pins"][number][];
  acts: Record<string, RunState["acts"][string]>;
  commits: string[];
};

export function blank(): DraftState {
  return {
    status: "running",
    error: null,
    detail: null,
    paused: null,
    stopAfter: null,
    pins: [],
    startedAt: 0,
    lastAt: 0,
    elapsed: 0,
    segments: 1,
    engine: "",
    method: "",
    iteration: 0,
    iterations: 0,
    startTheta: "",
    theta: "",
    startTexts: {},
    texts: {},
    parameters: [],
    samples: { train: 0, validation: 0, test: 0 },
    calls: { total: 0, test: 0, forward: 0, backward: 0, optimizer: 0, judge: 0, cached: 0, retried: 0 },
    tokens: { prompt: 0, completion: 0, estimated: false },
    usd: 0,
    spending: record(),
    answering: record(),
    nodes: record(),
    curve: [],
    attempts: [],
    judged: [],
    gradients: [],
    scores: record(),
    scored: record(),
    values: new ValueKeys(),
    cuts: { forward: record(), backward: record(), optimizer: record(), judge: record() },
    warnings: [],
    baselines: [],
    solutions: [],
    proposals: [],
    finished: null,
    acts: record(),
    commits: [],
  };
}
