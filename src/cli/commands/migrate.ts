import { basename, resolve } from "node:path";
import type { Task } from "../../engine/task.ts";
import { decodeUtf8 } from "../../graph/containment.ts";
import { withTheta } from "../../graph/edges.ts";
import { withForwardModel } from "../../graph/edits/move-model.ts";
import { readGraph } from "../../graph/read.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { graphFormat } from "../../methods/registry.ts";
import { askWithoutRun } from "../../run/ask-without-run.ts";
import {
  figuresOf,
  type Migration,
  migrationOf,
  migrationSentences,
  migrationSplit,
  otherRoles,
  withForward,
} from "../../run/migration.ts";
import { modelsOf } from "../../run/models.ts";
import { runPathsOf } from "../../run/record/run-paths.ts";
import { startRun } from "../../run/run.ts";
import type { BudgetOptions, ModelOptions, PlaceOptions, TaskOptions } from "../arguments/options.ts";
import { overridesOf, pricesFor } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { runFailure, UsageError } from "../errors.ts";
import { EXIT, exitOf } from "../exit.ts";
import { printEstimate } from "../output/estimate.ts";
import { printOutcome } from "../output/print-outcome.ts";
import { applyAccepted } from "../runs/apply.ts";
import { loadOrThrow } from "../runs/load.ts";
import { runDepsOf } from "../runs/run-deps.ts";
import { showProgress } from "../runs/steer.ts";
import { connect } from "../server/provider.ts";

export interface MigrateOptions extends ModelOptions, BudgetOptions, TaskOptions, PlaceOptions {
  /** The new forward model. */
  readonly to: string;
  readonly apply?: boolean;
}

/**
 * Moves a graph to another forward model: scores both, and tunes the texts with the new one if it scores lower. All other
 * roles keep their models.
 */
export async function migrateCommand(cli: Cli, path: string, options: MigrateOptions): Promise<number> {
  const { deps, output, signal } = cli;
  const graphFile = resolve(path);
  const { subject, root } = await loadOrThrow(graphFile, deps, overridesOf(options), output);
  const moved = withForward(subject, options.to);
  const { from, to } = { from: subject.task, to: moved.task };
  if (from.models.forward.model === options.to) throw new UsageError(`The graph already uses ${plain(options.to)}.`);
  const models = [...new Set([...modelsOf(from), ...modelsOf(to)])];
  const price = pricesFor(models, to.options.budget, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const place = runPathsOf(root.folder, options.runsDir && resolve(options.runsDir));
  const runDeps = await runDepsOf(cli, from, options, { provider, price });
  const split = migrationSplit(from);
  const measure = (task: Task) =>
    askWithoutRun(task, place, root.folder, runDeps, (engine) => figuresOf(task, split, engine, signal));
  const n = from.data[split].length;
  output.info(`Scoring ${from.models.forward.model} and ${options.to} on ${n} ${split} samples.`);
  const measured = { split, n, from: await measure(from), to: await measure(to), tuned: null, run: null } as const;
  const untuned = migrationOf(measured, to.options.threshold);
  if (untuned.held) {
    if (options.apply) await writeModel(graphFile, from, options, cli);
    return report(untuned, cli);
  }

  await printEstimate(cli, moved, place, provider, price, options);
  const run = await startRun(moved, place, root.folder, runDeps, signal);
  const state = await showProgress(run, cli);
  if (!output.json) printOutcome(run, output, options);
  const { texts } = state;
  const tuned = await measure({ ...to, graph: withTheta(to.graph, texts) });
  const migration = migrationOf({ ...measured, tuned, run: run.id }, to.options.threshold);
  report(migration, cli);
  if (state.status === "failed") output.error(runFailure(state).message);
  const isWritten = !options.apply || (await applyAccepted(run, place, to.graph, graphFile, cli));
  if (options.apply && isWritten && migration.held) await writeModel(graphFile, from, options, cli);
  if (state.status !== "done") return exitOf(state.status);
  return isWritten ? EXIT.done : EXIT.failed;
}

/** Names the new model in the graph file, unless the command line named the old one. */
async function writeModel(
  graphFile: string,
  task: Task,
  options: MigrateOptions,
  { deps, output }: Cli,
): Promise<void> {
  const { files } = deps;
  const text = decodeUtf8(await files.read(graphFile)) ?? "";
  const { file } = await readGraph(graphFile, text, files, graphFormat);
  const isOverridden = options.model !== undefined || options.modelForward !== undefined;
  const moved = file && !isOverridden ? withForwardModel(text, file, options.to, otherRoles(task)) : text;
  if (moved === text) return;
  await files.write(graphFile, moved);
  output.info(`${plain(basename(graphFile))} now names ${plain(options.to)}.`);
}

function report(migration: Migration, { output }: Cli): number {
  if (output.json) output.object(migration);
  output.print(migrationSentences(migration, ENGLISH).join("\n"));
  for (const [what, ids] of [
    ["Broken by the new model", migration.broken],
    ["Still broken", migration.tuned ? migration.stillBroken : []],
  ] as const) {
    if (ids.length > 0)
      output.print(
        output.colors.dim(`${what}: ${ids.slice(0, 20).map(plain).join(", ")}${ids.length > 20 ? ", …" : ""}`),
      );
  }
  return EXIT.done;
}
