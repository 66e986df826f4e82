import type { Data } from "../../data/sample.ts";
import type { RunStatus, Theta } from "../../engine/events.ts";
import type { Graph } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import type { PaceNow } from "../../run/state/pace.ts";
import type { RunState } from "../../run/state/state.ts";

/** What the graph view needs of a run; an `OpenedRun` with its limits is one. */
export interface ActiveRun {
  readonly entry: { readonly id: string; readonly status: "running" | "interrupted" | RunStatus };
  /** The graph at the start of the run. The file may have changed since. */
  readonly graph: Graph;
  /** Model of nodes that name none. */
  readonly model: string;
  readonly data: Data;
  readonly state: RunState;
  /** What the run is waiting for; null if it is not waiting. */
  readonly waiting: Waiting | null;
  /** Pace of the run. null if it has ended or runs outside this window. */
  readonly pace: PaceNow | null;
  readonly limits: BudgetLimits;
  /** A sample with at most this loss is right. */
  readonly threshold: number;
  /** Whether a sample went through the graph under Θ. */
  hasRun(theta: Theta, sample: string): Promise<boolean>;
  /** The value of a node for a sample under Θ; null if unknown. */
  value(theta: Theta, sample: string, node: string): Promise<string | null>;
}
