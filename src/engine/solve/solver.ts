import type { Sample } from "../../data/sample.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Llm } from "../forward/llm.ts";
import type { Local } from "../nodes/node-behavior.ts";
import type { Solution } from "../solution-schema.ts";
import type { Task } from "../task.ts";

/** One row to solve, without the expected answer. */
export interface Problem {
  readonly graph: Graph;
  readonly sample: Sample;
  readonly models: Task["models"];
  readonly ask: Llm;
  /** For nodes that don't need a model; undefined if they can't run here. */
  readonly local: Local | undefined;
  /** What a good answer is, as the judge sees it. */
  readonly instruction: string;
}

/** A reply of the graph's output node, or one that replaces it. */
export interface Reply {
  readonly text: string;
  /** What the solver noted before it, such as a reflection; empty if nothing. */
  readonly note: string;
}

/**
 * A way to improve one answer at test time, without a training set. It writes the next attempt from the previous
 * ones. `solve.ts` chooses the one that counts, the same way for all solvers.
 */
export interface Solver {
  readonly describes: string;
  /** Model calls of one attempt after the first, without the criticism. */
  calls(graph: Graph): number;
  /** @returns null if the reply could not be read. @throws what ends a run; a ModelError if a call failed */
  next(problem: Problem, attempts: readonly Solution[]): Promise<Reply | null>;
}
