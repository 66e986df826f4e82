import { basename, dirname, join, resolve } from "node:path";
import { type ContainmentRoot, findRoot } from "../../graph/containment.ts";
import type { Graph } from "../../graph/graph.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { oneLine, plain } from "../../i18n/plain-text.ts";
import type { TextsSince } from "../../run/explain/texts-since.ts";
import { nameOf } from "../../run/record/run-manifest.ts";
import { isId, type RunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import { type ListedRun, listRuns, openRunState } from "../../run/record/runs.ts";
import type { PlaceOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { graphNow, textsSinceRun } from "../runs/texts-now.ts";

/** Maximum number of runs whose texts are compared with the files unless all are asked for: each is read for that. */
const COMPARED = 30;

export interface RunsOptions extends PlaceOptions {
  /** Compare the texts of all runs, not of the newest `COMPARED`. */
  readonly all?: boolean;
}

/** Lists runs, newest first: of one graph file, or of all graphs in a folder's repository. */
export async function runsCommand({ deps, output }: Cli, path: string, options: RunsOptions): Promise<number> {
  const { place, root, isFile } = await placeFor(deps.files, path, options);
  const all = await listRuns(deps, place);
  const runs = isFile ? all.filter(({ summary }) => summary.graphFile === nameOf(resolve(path), root)) : all;
  const most = options.all ? runs.length : COMPARED;
  const since = await changesSince(runs.slice(0, most), place, root.folder, deps);
  if (output.json) {
    const listed = runs.map(({ summary: { mark: _, ...summary }, status, trusted }) => ({
      ...summary,
      status: status,
      trusted,
      texts: since.get(summary.id)?.status ?? "unknown",
      changed: since.get(summary.id)?.changed ?? [],
    }));
    output.object({ version: 1, folder: place.runs, runs: listed });
  }
  for (const run of runs) output.print(runLine(run, since.get(run.summary.id)));
  const none = `There are no runs${isFile ? ` of ${plain(path)}` : ""} in ${place.runs}.`;
  output.print(runs.length === 0 ? none : ENGLISH.count(runs.length, "run"));
  if (runs.length > most)
    output.print(`The texts of the newest ${most} were compared with the files. --all compares all.`);
  return EXIT.done;
}

/** How the texts of runs compare with those in their graph files. */
async function changesSince(
  runs: readonly ListedRun[],
  place: RunPaths,
  root: string,
  deps: Cli["deps"],
): Promise<ReadonlyMap<string, TextsSince>> {
  const graphs = new Map<string, Promise<Graph | null>>();
  const found = new Map<string, TextsSince>();
  for (const { summary } of runs) {
    const { id, graphFile } = summary;
    const now = graphs.get(graphFile) ?? graphNow(join(root, graphFile), deps.files);
    graphs.set(graphFile, now);
    const run = await openRunState(deps, place, id).catch(() => null);
    if (run) found.set(id, textsSinceRun(run, await now));
  }
  return found;
}

function runLine({ summary, status, trusted }: ListedRun, since: TextsSince | undefined): string {
  const { id, graphFile, method, validation, evaluated, calls, usd, proposals } = summary;
  const accepted = proposals.filter(({ decision }) => decision === "accepted").length;
  const score = (value: number | null) => (value === null ? "?" : ENGLISH.decimal(value));
  const parts = [
    id,
    status,
    oneLine(graphFile, 80),
    oneLine(method, 40),
    evaluated
      ? `${evaluated.split} ${score(evaluated.score)}`
      : validation && (validation.before !== null || validation.after !== null)
        ? `${score(validation.before)} → ${score(validation.after)}`
        : "not scored",
    ...(summary.job?.kind === "evaluate" || summary.job?.kind === "solve"
      ? []
      : [`${accepted} of ${proposals.length} accepted`]),
    ENGLISH.count(calls, "call"),
    ENGLISH.money(usd),
  ];
  const notes = [
    ...(since?.status === "changed" ? [`text changed since: ${oneLine(since.changed.join(", "), 80)}`] : []),
    ...(trusted ? [] : ["from another machine"]),
  ];
  return [...parts, ...notes].join("  ");
}

/** Folder that contains the runs of a file or folder. */
export async function placeFor(
  files: Cli["deps"]["files"],
  path: string,
  { runsDir }: PlaceOptions,
): Promise<{ place: RunPaths; root: ContainmentRoot; isFile: boolean }> {
  const given = resolve(path);
  const kind = await files.stat(given).then(
    (found) => found.kind,
    () => null,
  );
  if (kind === null) throw new UsageError(`${plain(path)} does not exist.`);
  const root = await findRoot(kind === "folder" ? join(given, "graph") : given, files);
  return { place: runPathsOf(root.folder, runsDir && resolve(runsDir)), root, isFile: kind === "file" };
}

function isNoEvaluation({ summary }: ListedRun): boolean {
  return summary.job?.kind !== "evaluate";
}

export interface FoundRun {
  readonly id: string;
  readonly place: RunPaths;
  /** Containment root, derived from the run's folder where possible. */
  readonly root: string;
}

/** Filters for the runs of a graph file, each with the message if no run passes. */
const RUN_FILTERS = {
  last: { isIt: isNoEvaluation, lacks: (name: string) => `There are no runs of ${name}.` },
  any: { isIt: () => true, lacks: (name: string) => `There are no runs of ${name}.` },
  resumable: {
    isIt: ({ status, trusted }: ListedRun) => status !== "done" && trusted,
    lacks: (name: string) => `There is no run of ${name} to resume.`,
  },
  claims: {
    isIt: (run: ListedRun) => isNoEvaluation(run) && run.summary.proposals.length > 0 && !run.trusted,
    lacks: (name: string) => `There is no run of ${name} from another machine with proposals.`,
  },
} as const;

/**
 * Finds a run by its id, its folder, or as the last run of a graph file that passes the filter.
 * @throws UsageError
 */
export async function findRun(
  { deps }: Cli,
  name: string,
  options: PlaceOptions,
  which: keyof typeof RUN_FILTERS,
): Promise<FoundRun> {
  if (isId(name)) {
    const { place, root } = await placeFor(deps.files, ".", options);
    return { id: name, place, root: root.folder };
  }
  const path = resolve(name);
  if (isId(basename(path))) {
    const runs = dirname(path);
    const home = dirname(runs);
    const root = dirname(home);
    const isUsual = basename(runs) === "runs" && basename(home) === ".agentgraph";
    return { id: basename(path), place: isUsual ? runPathsOf(root) : runPathsOf(root, runs), root };
  }
  const { place, root, isFile } = await placeFor(deps.files, name, options);
  if (!isFile) throw new UsageError(`${plain(name)} is not a run folder. Specify a run or a graph file.`);
  const graphFile = nameOf(path, root);
  const runs = (await listRuns(deps, place)).filter(({ summary }) => summary.graphFile === graphFile);
  const { isIt, lacks } = RUN_FILTERS[which];
  const found = runs.find(isIt);
  if (!found) throw new UsageError(`${lacks(plain(name))} \`agentgraph runs\` lists all runs.`);
  return { id: found.summary.id, place, root: root.folder };
}
