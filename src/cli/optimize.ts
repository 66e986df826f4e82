import { resolve } from "node:path";
import { modelsOf } from "../run/models.ts";
import { placeOf } from "../run/place.ts";
import { type Run, startRun } from "../run/run.ts";
import { applyAccepted } from "./apply.ts";
import type { Cli } from "./cli.ts";
import { failureWords } from "./errors.ts";
import { sayEstimate } from "./estimate.ts";
import { EXIT, exitOf } from "./exit.ts";
import { type Failure, runReport } from "./json.ts";
import { loadOrRefuse } from "./load.ts";
import type { BudgetOptions, ModelOptions, PlaceOptions, TaskOptions } from "./options.ts";
import { overridesOf, pricesFor } from "./options.ts";
import { printOutcome } from "./outcome.ts";
import { createProgress } from "./progress.ts";
import { connect } from "./provider.ts";

export interface OptimizeOptions extends ModelOptions, BudgetOptions, TaskOptions, PlaceOptions, EndOptions {}

/** What is done with a run's outcome. */
export interface EndOptions {
  readonly apply?: boolean;
  readonly requireImprovement?: boolean;
}

export async function optimizeCommand(cli: Cli, path: string, options: OptimizeOptions): Promise<number> {
  const { deps, output, env, signal } = cli;
  const graphFile = resolve(path);
  const { subject, root } = await loadOrRefuse(graphFile, deps.files, overridesOf(options), output);
  const models = modelsOf(subject.task);
  const price = pricesFor(models, subject.task.options.budget, options);
  const provider = await connect(models, { ...options, env, clock: deps.clock });
  const place = placeOf(root.folder, options.runsDir && resolve(options.runsDir));
  await sayEstimate(cli, subject.task, place, provider, price);
  const runDeps = { ...deps, provider, price, concurrency: options.concurrency };
  const run = await startRun(subject, place, root.folder, runDeps, signal);
  return driveToEnd(cli, run, graphFile, options);
}

/** Shows a run while it goes and what came of it. @returns the exit code. */
export async function driveToEnd(
  { deps, output }: Cli,
  run: Run,
  graphFile: string,
  options: EndOptions,
): Promise<number> {
  const progress = createProgress(output);
  try {
    for await (const event of run.events) progress.show(event, run.state());
  } finally {
    progress.stop();
  }
  const state = run.state();
  const error: Failure | null =
    state.status === "failed"
      ? { code: state.error ?? "Error", message: failureWords(state.error ?? "Error", state.detail ?? "") }
      : null;
  if (output.json) output.object(runReport(run.id, state, error));
  else printOutcome(run, output);
  if (error) output.error(error.message);
  if (options.apply) await applyAccepted(state.proposals, graphFile, deps.files, output);
  if (state.status !== "done") return exitOf(state.status);
  const improved = state.proposals.some(({ verdict }) => verdict.decision === "accepted");
  return options.requireImprovement && !improved ? EXIT.nothingAccepted : EXIT.done;
}
