import * as z from "zod";
import type { Passage } from "../data/passage.ts";
import type { Data } from "../data/sample.ts";
import type { Graph, ModelChoice, Role } from "../graph/graph.ts";
import type { ReadOnly } from "../graph/read-only.ts";
import { gatePolicy, objectives } from "../graph/schema/schema-run.ts";
import type { Loss } from "../loss/loss.ts";
import { budgetLimits } from "../models/model.ts";
import type { EarlierText } from "./propose/history.ts";

/** Node → passages. */
export type Corpora = Readonly<Record<string, readonly Passage[]>>;

/** Everything besides the replies that the result of a run depends on. Made by `loadTask` from a graph file. */
export interface Task {
  readonly graph: Graph;
  readonly data: Data;
  /** What retriever nodes search, by node. Absent: there are none. */
  readonly corpora?: Corpora;
  readonly loss: Loss;
  /** Losses of nodes with targets of their own, by node. Absent: there are none. */
  readonly losses?: Readonly<Record<string, Loss>>;
  readonly models: Readonly<Record<Role, ModelChoice>>;
  readonly options: OptimizeOptions;
  /** Texts that earlier runs tried and dropped, for the history in the prompts to ϕ. Absent: there are none. */
  readonly earlier?: readonly EarlierText[];
}

/** Maximum model calls to score one sample. */
export function callsOfLosses({ loss, losses = {} }: Pick<Task, "loss" | "losses">): number {
  return [loss, ...Object.values(losses)].reduce((sum, { calls = 0 }) => sum + calls, 0);
}

/** `optimize` in the file: options of all methods, with every default filled in. */
export const optimizeOptions = z.object({
  method: z.string(),
  /** τ: no gradient for a sample with loss ≤ τ. */
  threshold: z.number(),
  gate: z.object({ policy: gatePolicy, alpha: z.number() }),
  seed: z.number(),
  /** Whether the chain-of-thought baseline is scored, too. Absent: false. */
  baseline: z.boolean().optional(),
  /** Absent: only the loss counts. */
  objectives: objectives.optional(),
  budget: budgetLimits,
  /** The method's own options, from under its name in the file. Missing ones have the method's default. */
  methodOptions: z.record(z.string(), z.unknown()),
});

export type OptimizeOptions = ReadOnly<z.infer<typeof optimizeOptions>>;
