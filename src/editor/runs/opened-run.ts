import type { Data, Sample } from "../../data/sample.ts";
import type { Theta } from "../../engine/events.ts";
import type { Graph } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { Waiting } from "../../models/waits.ts";
import type { RunState } from "../../run/state.ts";
import type { RunSummary } from "./run-summary.ts";

/** A run with all its events read: what it began with and what became of it. */
export interface OpenedRun {
  readonly entry: RunSummary;
  /** As the run began, which may differ from the file as it is now. */
  readonly graph: Graph;
  /** Of nodes that name none. */
  readonly model: string;
  readonly data: Data;
  /** null: the data have no such sample. */
  sample(id: string): Sample | null;
  readonly limits: BudgetLimits;
  /** A sample with at most this loss is right. */
  readonly threshold: number;
  /** Of a run under way it changes with each event. */
  readonly state: RunState;
  /** What the run waits for now; null where it does not, or is not under way in this window. */
  readonly waiting: Waiting | null;
  /** What a node answered for a sample under Θ; null where no call was needed or the reply is gone. */
  value(theta: Theta, sample: string, node: string): Promise<string | null>;
}
