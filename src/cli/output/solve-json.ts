import type { Solved } from "../../engine/solution-schema.ts";
import { warningMessages } from "../../i18n/warnings.ts";
import type { Job } from "../../run/job.ts";
import type { Run } from "../../run/run.ts";
import { chosenOf, type TargetScores, targetScores } from "../../run/solutions.ts";
import type { Failure, RunReport } from "./json.ts";

/** What `--json` prints of a run that solves rows. */
export interface SolveReport extends Pick<RunReport, "version" | "run" | "status" | "error" | "warnings" | "usd"> {
  readonly split: string;
  readonly method: string;
  readonly calls: number;
  readonly tokens: RunReport["tokens"];
  /** Number of requested rows. `solved` has the finished ones. */
  readonly n: number;
  readonly targets: TargetScores;
  readonly solved: readonly SolvedRow[];
}

/** One line of the file that `--output` names. */
export interface SolvedRow extends Omit<Solved, "type" | "split"> {
  /** The chosen answer. */
  readonly answer: string;
}

export function solveReport(run: Run, job: Job & { kind: "solve" }, error: Failure | null): SolveReport {
  const { status, calls, tokens, usd, solutions, warnings, samples } = run.state();
  return {
    version: 1,
    run: run.id,
    status: status === "running" ? "failed" : status,
    error,
    split: job.split,
    method: job.solver,
    calls: calls.total,
    tokens: { prompt: tokens.prompt, completion: tokens.completion },
    usd,
    n: samples[job.split],
    targets: targetScores(solutions, run.start.options.threshold),
    solved: solvedRows(solutions),
    warnings: warningMessages(warnings, undefined, run.start.data),
  };
}

/** Solved rows in the order in which they finished. */
export function solvedRows(solutions: readonly Solved[]): SolvedRow[] {
  return solutions.map((solved) => {
    const { type: _, split: __, ...row } = solved;
    return { ...row, answer: chosenOf(solved)?.answer ?? "" };
  });
}
