import type { Split } from "../../data/sample.ts";
import type {
  Attempted,
  Baseline,
  Decision,
  Finished,
  Gradient,
  Judged,
  PauseReason,
  Proposal,
  RunStatus,
  Scored,
  ScreenReason,
  Theta,
  Warned,
} from "../../engine/events.ts";
import type { Pin } from "../../engine/run-control.ts";
import type { Solved } from "../../engine/solution-schema.ts";
import type { Role, Texts } from "../../graph/graph.ts";
import type { Usage } from "../../models/model.ts";
import type { RunSpending } from "./cost.ts";
import type { ValueKeys } from "./value-keys.ts";

/** Everything that is shown of a run, computed from its events by `reduce`; plain data. */
export interface RunState {
  /** `running` until `finished`; the reader of a log without an end decides whether it is `interrupted`. */
  readonly status: "running" | RunStatus;
  readonly error: string | null;
  readonly detail: string | null;
  /** Why requests are held back; null: the run continues, or is over. */
  readonly paused: PauseReason | null;
  /** The iteration after which the user ends the run; null: none. */
  readonly stopAfter: number | null;
  /** Nodes that the user pinned or released, oldest first. */
  readonly pins: readonly Pin[];
  readonly startedAt: number;
  /** Time of the last event. */
  readonly lastAt: number;
  /** Milliseconds of work, summed over segments. */
  readonly elapsed: number;
  /** Segments: 1 unless resumed. */
  readonly segments: number;
  readonly engine: string;
  readonly method: string;
  readonly iteration: number;
  readonly iterations: number;
  /** Θ of the file and of the incumbent. */
  readonly startTheta: Theta;
  readonly theta: Theta;
  readonly startTexts: Texts;
  /** Texts of the incumbent, then final. */
  readonly texts: Texts;
  readonly parameters: readonly string[];
  readonly samples: Readonly<Record<Split, number>>;
  readonly calls: Calls;
  readonly tokens: { readonly prompt: number; readonly completion: number; readonly estimated: boolean };
  /** US dollars; null once the price of a call was unknown. */
  readonly usd: number | null;
  /** What was paid, by purpose and model; absent in snapshots of earlier versions. */
  readonly spending?: Readonly<Record<string, RunSpending>>;
  /** Tokens of all forward replies by model, also of reused ones: the usage of the answers without reuse. */
  readonly answering: Readonly<Record<string, Usage>>;
  readonly nodes: Readonly<Record<string, NodeProgress>>;
  /** One point per iteration; the start is iteration 0. */
  readonly curve: readonly CurvePoint[];
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  readonly judged: readonly Judged[];
  /** Of the last iterations, oldest first. */
  readonly gradients: readonly Gradient[];
  /** By Θ, then sample. */
  readonly scores: Readonly<Record<Theta, Readonly<Record<string, SampleScore>>>>;
  /** Number of samples in `scores` under each Θ: to count 100,000 keys takes 20 ms. */
  readonly scored: Readonly<Record<Theta, number>>;
  /** By purpose, then node (empty for a judge): number of replies, and how many were cut. */
  readonly cuts: Readonly<Record<Role, Readonly<Record<string, Cut>>>>;
  readonly warnings: readonly Warned[];
  /** Baselines scored for comparison; empty if none was requested. */
  readonly baselines: readonly Baseline[];
  /** Net changes; empty until `finished`. */
  readonly proposals: readonly Proposal[];
  /** Rows with the attempts at them, in the order in which they were solved; empty unless the run solves rows. */
  readonly solutions: readonly Solved[];
  readonly finished: Finished | null;
  /** Proposal id → what the user did with it last. */
  readonly acts: Readonly<Record<string, "applied" | "dismissed" | "committed">>;
  readonly commits: readonly string[];
}

/** The state of a run with the place of each value, which takes much more memory than all the rest. */
export interface RecordedState extends RunState {
  readonly values: Pick<ValueKeys, "of" | "at" | "thetas" | "samples" | typeof Symbol.iterator>;
}

export interface Calls {
  /** Requests that reached the provider: the sum of all purposes. */
  readonly total: number;
  /** The part of `total` spent on test rows. */
  readonly test: number;
  readonly forward: number;
  readonly backward: number;
  readonly optimizer: number;
  readonly judge: number;
  /** Replies that cost nothing: from this run's log, the shared store or an equal request in flight. */
  readonly cached: number;
  /** Requests beyond the first of their call. */
  readonly retried: number;
}

export interface Cut {
  readonly replies: number;
  /** Replies cut at a token limit. */
  readonly cut: number;
  /** Tokens of the shortest cut reply; 0 if there is none. */
  readonly tokens: number;
}

export interface NodeProgress {
  /** Requests in flight. */
  readonly forwardInFlight: number;
  readonly backwardInFlight: number;
  readonly optimizerInFlight: number;
  /** Replies in this iteration. */
  readonly forward: number;
  readonly backward: number;
  /** Gradients of this iteration on this node. */
  readonly gradients: number;
  readonly formatErrors: number;
  /** The model that answered last, as the provider names it; null before. */
  readonly model: string | null;
  /** Decision on this node's last judged attempt. */
  readonly verdict: Decision | null;
}

export interface CurvePoint {
  readonly iteration: number;
  /** Bounds of the incumbent's mean validation score (1 − loss): equal where every sample is scored. */
  readonly low: number;
  readonly high: number;
  readonly accepted: number;
}

export interface Attempt extends Omit<Attempted, "type"> {
  readonly decision: Decision | null;
  /** Why it was screened out before the gate; null if it was not. */
  readonly screened: ScreenReason | null;
  /** Index into `judged` of the verdict that decided it; null before. */
  readonly verdict: number | null;
}

export type SampleScore = Pick<Scored, "split" | "loss" | "lenient" | "formatError" | "votes" | "nodes">;
