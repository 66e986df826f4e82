import type { Data } from "../data/sample.ts";
import type { Graph, ModelChoice, Role } from "../graph/graph.ts";
import type { SAVINGS } from "../graph/schema-run.ts";
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

export type Saving = (typeof SAVINGS)[number];

/** `optimize` of the file with every default filled in. */
export interface OptimizeOptions {
  readonly method: string;
  readonly iterations: number;
  /** Training samples looked at per iteration. */
  readonly batch: number;
  /** Iterations without improvement before the run stops. */
  readonly patience: number;
  /** τ: no gradient for a sample with loss ≤ τ. */
  readonly threshold: number;
  /** k: proposals per parameter. */
  readonly proposals: number;
  readonly update: "all" | "half" | "one";
  readonly gate: { readonly policy: "strict" | "significant" | "off"; readonly alpha: number };
  readonly gateEvery: number;
  /** Off: one backward call per predecessor that sees only that predecessor. */
  readonly neighbors: boolean;
  /** Off: ϕ sees inputs and outputs only. */
  readonly gradients: boolean;
  readonly seed: number;
  /** The step-by-step suffix on every LLM node is scored, too, for comparison. Absent: false. */
  readonly baseline?: boolean;
  /** Savings switched off, to see what each is worth: same proposals and verdicts, more calls. */
  readonly without?: readonly Saving[];
  readonly budget: BudgetLimits;
}
