import * as z from "zod";
import { SPLITS } from "../data/sample.ts";
import { CHAIN_OF_THOUGHT } from "../engine/baseline.ts";
import { evaluation } from "../engine/evaluate.ts";
import type { Proposal } from "../engine/events.ts";
import { optimize } from "../engine/optimize.ts";
import { allParametersOf } from "../engine/parameters.ts";
import { recheck, withOpenInputs } from "../engine/recheck.ts";
import type { Runner } from "../engine/runner.ts";
import { solve } from "../engine/solve/solve.ts";
import { SOLVER_NAMES } from "../engine/solve/solvers.ts";
import type { Task } from "../engine/task.ts";
import { methods } from "../methods/registry.ts";

const evaluating = z.object({
  kind: z.literal("evaluate"),
  split: z.enum(SPLITS),
  /** Scores this baseline of the graph; absent: the graph itself. */
  method: z.literal(CHAIN_OF_THOUGHT).optional(),
});

const solvingRows = z.object({
  kind: z.literal("solve"),
  split: z.enum(SPLITS),
  /** Ids of the rows; absent: all of the set. */
  rows: z.array(z.string()).optional(),
  solver: z.enum(SOLVER_NAMES),
  /** Maximum number of attempts after the first. */
  steps: z.number().int().nonnegative(),
  /** What a good answer is; absent: the graph's own loss, or the default. */
  instruction: z.string().optional(),
});

/** The purpose of a run other than to optimize: to evaluate the graph, to solve rows, or to recheck another run. */
export const job = z.discriminatedUnion("kind", [
  evaluating,
  solvingRows,
  z.object({
    kind: z.literal("recheck"),
    /** Id of the run with these proposals. */
    run: z.string(),
    changes: z.array(z.object({ node: z.string(), text: z.string(), hypothesis: z.string() })),
  }),
]);

export type Job = z.infer<typeof job>;

/** What the engine runs for a job. */
export function runnerOf(job: Job | undefined): Runner {
  switch (job?.kind) {
    case "evaluate":
      return evaluation(job.split, job.method);
    case "solve":
      return solve(job);
    case "recheck":
      return recheck(job.changes);
    default:
      return optimize(methods);
  }
}

/** The job as lists show it. */
export const briefJob = z.discriminatedUnion("kind", [
  evaluating,
  solvingRows,
  z.object({ kind: z.literal("recheck"), run: z.string() }),
]);

export function briefJobOf(job: Job): z.infer<typeof briefJob> {
  return job.kind === "recheck" ? { kind: job.kind, run: job.run } : job;
}

/**
 * Rechecks a run's proposals on the current graph file, always with a gate.
 * @param onChanged include proposals whose text changed since: they are compared with the current text
 * @returns the proposals that can be rechecked, and the nodes whose text has changed since the run
 */
export function recheckOf(
  run: string,
  proposals: readonly Proposal[],
  task: Task,
  onChanged = false,
): { readonly job: Job & { kind: "recheck" }; readonly task: Task; readonly changed: readonly string[] } {
  const { graph, options } = task;
  const gate = options.gate.policy === "off" ? ({ ...options.gate, policy: "strict" } as const) : options.gate;
  const parameters = allParametersOf(withOpenInputs(graph, proposals));
  const fits = ({ node, base, text: proposed }: Proposal) =>
    parameters.some(({ id, value }) => id === node && (value === base || (onChanged && value !== proposed)));
  const changes = proposals.filter(fits).map(({ node, text, hypothesis }) => ({ node, text, hypothesis }));
  const changed = proposals.filter((proposal) => !fits(proposal)).map(({ node }) => node);
  return { job: { kind: "recheck", run, changes }, task: { ...task, options: { ...options, gate } }, changed };
}
