import type { Data, Sample } from "../../data/sample.ts";
import type { Theta } from "../../engine/events.ts";
import type { Graph } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import type { PaceNow } from "../../run/state/pace.ts";
import type { RunState } from "../../run/state/state.ts";
import type { RunSummary } from "./run-summary.ts";

/** A run with all its events. */
export interface OpenedRun {
  readonly entry: RunSummary;
  /** The graph at the start of the run. The file may have changed since. */
  readonly graph: Graph;
  /** Model of nodes that name none. */
  readonly model: string;
  readonly data: Data;
  /** A sample by id. null if the data has no such sample. */
  sample(id: string): Sample | null;
  readonly limits: BudgetLimits;
  /** A sample with at most this loss is right. */
  readonly threshold: number;
  /** State of the run, updated by each event. */
  readonly state: RunState;
  /** What the run is waiting for; null if it is not waiting, or not running in this window. */
  readonly waiting: Waiting | null;
  /** Pace of the run. null if it has ended or does not run in this window. */
  readonly pace: PaceNow | null;
  /** Whether a sample went through the graph under Θ. */
  hasRun(theta: Theta, sample: string): Promise<boolean>;
  /** The value of a node for a sample under Θ; null if there was no call or the reply is missing. */
  value(theta: Theta, sample: string, node: string): Promise<string | null>;
}
