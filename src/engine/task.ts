import type { Data } from "../data/sample.ts";
import type { Graph, ModelChoice, Role } from "../graph/graph.ts";
import type { Loss } from "../loss/loss.ts";
import type { BudgetLimits } from "../models/model.ts";

/** Everything a run's result depends on but the replies. Made by `loadTask` from a graph file. */
export interface Task {
  readonly graph: Graph;
  readonly data: Data;
  readonly loss: Loss;
  readonly models: Readonly<Record<Role, ModelChoice>>;
  readonly options: OptimizeOptions;
}

/** `optimize` of the file: what holds for every method, with every default filled in. */
export interface OptimizeOptions {
  readonly method: string;
  /** τ: no gradient for a sample with loss ≤ τ. */
  readonly threshold: number;
  readonly gate: { readonly policy: "strict" | "significant" | "off"; readonly alpha: number };
  readonly seed: number;
  /** The step-by-step suffix on every LLM node is scored, too, for comparison. Absent: false. */
  readonly baseline?: boolean;
  readonly budget: BudgetLimits;
  /** The method's own options, as they stand under its name in the file. What is missing has the method's default. */
  readonly methodOptions: Readonly<Record<string, unknown>>;
}
