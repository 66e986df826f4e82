import { join, resolve } from "node:path";
import type { Files } from "../../deps.ts";
import { findRoot } from "../../graph/containment.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { recheckOf } from "../../run/job.ts";
import { nameOf } from "../../run/record/run-manifest.ts";
import { readRun } from "../../run/record/runs.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { type RunOptions, runGraph } from "../runs/run-graph.ts";
import { findRun } from "./runs.ts";

export interface RecheckOptions extends RunOptions {
  /** If the run does not name it, or names it wrongly. */
  readonly graph?: string;
}

/** Rechecks another run's proposals on this machine, in a new run. */
export async function recheckCommand(cli: Cli, name: string, options: RecheckOptions): Promise<number> {
  const { deps, output } = cli;
  const { id, place, root } = await findRun(cli, name, options, "claims");
  const { start, state } = await readRun(deps, place, id);
  if (state.proposals.length === 0) throw new UsageError(`Run ${id} has no proposals, so there is nothing to recheck.`);
  const graphFile = await graphFileOf(id, start.graphFile, root, options.graph, deps.files);
  return runGraph(cli, graphFile, options, (subject) => {
    const { job, task, changed } = recheckOf(id, state.proposals, subject.task);
    const gone = oneLine(changed.join(", "), 300);
    if (job.changes.length === 0) {
      throw new UsageError(`The texts of ${gone} have changed since run ${id}, so its proposals can't be rechecked.`);
    }
    if (changed.length > 0) output.warn(`Skipped because their text has changed since the run: ${gone}.`);
    return { ...subject, task, job };
  });
}

/**
 * The graph file of a run.
 * @param given path from the user, who may name any file. A log is untrusted input, so the graph file that it names
 *   is used only if it is in this repository.
 * @throws UsageError
 */
export async function graphFileOf(
  run: string,
  named: string,
  root: string,
  given: string | undefined,
  files: Files,
): Promise<string> {
  if (given !== undefined) return resolve(given);
  const graphFile = join(root, named);
  if (await isHere(graphFile, named, files)) return graphFile;
  const shown = oneLine(named, 200);
  throw new UsageError(
    `The graph file of run ${run}, ${shown}, is not in ${root}. Specify the graph file with --graph.`,
  );
}

async function isHere(path: string, name: string, files: Files): Promise<boolean> {
  const isFile = await files.stat(path).then(
    ({ kind }) => kind === "file",
    () => false,
  );
  return isFile && nameOf(path, await findRoot(path, files)) === name;
}
