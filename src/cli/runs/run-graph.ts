import { resolve } from "node:path";
import { SPLITS, type Split } from "../../data/sample.ts";
import type { Files } from "../../deps.ts";
import type { Solved } from "../../engine/solution-schema.ts";
import { plain } from "../../i18n/plain-text.ts";
import { earlierTexts } from "../../run/explain/earlier-texts.ts";
import { modelsOf } from "../../run/models.ts";
import { batchesLeft, callsIn } from "../../run/record/batches.ts";
import type { RunRequest } from "../../run/record/run-manifest.ts";
import { type RunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import { type Run, startRun } from "../../run/run.ts";
import type { BudgetOptions, ModelOptions, PlaceOptions, TaskOptions } from "../arguments/options.ts";
import { overridesOf, pricesFor } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { Cancelled, runFailure, UsageError } from "../errors.ts";
import { EXIT, exitOf } from "../exit.ts";
import { printEstimate } from "../output/estimate.ts";
import { evaluationReport, type Failure, runReport } from "../output/json.ts";
import { printOutcome } from "../output/print-outcome.ts";
import { solvedRows, solveReport } from "../output/solve-json.ts";
import { connect } from "../server/provider.ts";
import { applyAccepted } from "./apply.ts";
import { loadOrThrow } from "./load.ts";
import { runDepsOf } from "./run-deps.ts";
import { showProgress } from "./steer.ts";

export interface RunOptions extends ModelOptions, BudgetOptions, TaskOptions, PlaceOptions, EndOptions {
  /** The sets that the job needs. Default: all. */
  readonly needs?: readonly Split[];
  /** Whether rows need no target. Default: false. */
  readonly targetless?: boolean;
}

/** What to do with the outcome of a run. */
export interface EndOptions {
  /** A JSON Lines file for the answers of a run that solves rows. */
  readonly answers?: string;
  readonly apply?: boolean;
  readonly requireImprovement?: boolean;
}

/**
 * Starts a run of a graph file and follows it to its end.
 * @param become sets the purpose of the run. Default: to optimize
 * @returns the exit code
 */
export async function runGraph(
  cli: Cli,
  path: string,
  options: RunOptions,
  become: (subject: RunRequest) => RunRequest = (same) => same,
): Promise<number> {
  const { deps, output, signal } = cli;
  const { needs = SPLITS, targetless = false } = options;
  const graphFile = resolve(path);
  const loaded = await loadOrThrow(graphFile, deps, { ...overridesOf(options), needs, targetless }, output);
  const subject = become(loaded.subject);
  const root = loaded.root.folder;
  const models = modelsOf(subject.task);
  const price = pricesFor(models, subject.task.options.budget, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const place = runPathsOf(root, options.runsDir && resolve(options.runsDir));
  await Promise.race([printEstimate(cli, subject, place, provider, price, options), cancelled(signal)]);
  const runDeps = await runDepsOf(cli, subject.task, options, { provider, price });
  const earlier = subject.job ? [] : await earlierTexts(runDeps, place, subject);
  const known = { ...subject, task: { ...subject.task, ...(earlier.length > 0 && { earlier }) } };
  return followRun(cli, await startRun(known, place, root, runDeps, signal), place, graphFile, options);
}

/** @throws UsageError if the file can't be written */
async function writeAnswers(path: string, solutions: readonly Solved[], files: Files): Promise<void> {
  const lines = solvedRows(solutions).map((row) => `${JSON.stringify(row)}\n`);
  await files.write(resolve(path), lines.join("")).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The answers can't be written to ${plain(path)}: ${reason}. They are saved with the run.`);
  });
}

async function reportOf(run: Run, error: Failure | null, { clock }: Cli["deps"]): Promise<object> {
  const { job } = run.start;
  switch (job?.kind) {
    case "evaluate":
      return evaluationReport(run, job.split, error, clock);
    case "solve":
      return solveReport(run, job, error);
    default:
      return runReport(run, error);
  }
}

/** Rejects when the user cancels during the estimate. @throws Cancelled */
function cancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(new Cancelled());
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
  });
}

/** Calls in batches that go on although the run was cancelled. */
async function callsLeft(run: Run, files: Files): Promise<number> {
  if (run.state().status !== "cancelled") return 0;
  return callsIn(await batchesLeft(files, run.files.batches, async () => run.replies));
}

/** Shows the progress and the outcome of a run. @returns the exit code */
export async function followRun(
  cli: Cli,
  run: Run,
  place: RunPaths,
  graphFile: string,
  options: EndOptions & Partial<ModelOptions>,
): Promise<number> {
  const { deps, output } = cli;
  const state = await showProgress(run, cli);
  const error = state.status === "failed" ? runFailure(state) : null;
  if (!output.json) printOutcome(run, output, options, await callsLeft(run, deps.files));
  else output.object(await reportOf(run, error, deps));
  if (error) output.error(error.message);
  if (options.answers !== undefined) await writeAnswers(options.answers, state.solutions, deps.files);
  const isWritten = !options.apply || (await applyAccepted(run, place, run.start.graph, graphFile, cli));
  if (state.status !== "done") return exitOf(state.status);
  if (!isWritten) return EXIT.failed;
  const improved = state.proposals.some(({ verdict }) => verdict.decision === "accepted");
  return options.requireImprovement && !improved ? EXIT.nothingAccepted : EXIT.done;
}
