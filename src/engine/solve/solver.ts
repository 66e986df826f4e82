import type { Sample } from "../../data/sample.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Llm } from "../forward/llm.ts";
import type { Local } from "../nodes/node-behavior.ts";
import type { Solution } from "../solution-schema.ts";
import type { Task } from "../task.ts";

/** One row to solve. Nothing of it tells the expected answer. */
export interface Problem {
  readonly graph: Graph;
  readonly sample: Sample;
  readonly models: Task["models"];
  readonly ask: Llm;
  /** For nodes that need no model; undefined if they can't run here. */
  readonly local: Local | undefined;
  /** What a good answer is, as the judge reads it. */
  readonly instruction: string;
}

/** A reply of the graph's output node, or one in its place. */
export interface Reply {
  readonly text: string;
  /** What the solver noted on the way to it; empty if nothing. */
  readonly note: string;
}

/**
 * A way to improve one answer at test time, without a training set. It writes the next attempt from the attempts so far;
 * which one counts is decided for all solvers alike (`solve.ts`).
 */
export interface Solver {
  readonly describes: string;
  /** Model calls of one attempt after the first, without the criticism. */
  calls(graph: Graph): number;
  /** @returns null if the reply could not be read. @throws what ends a run; a ModelError if a call failed */
  next(problem: Problem, attempts: readonly Solution[]): Promise<Reply | null>;
}
