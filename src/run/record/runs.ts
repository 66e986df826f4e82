import type { Deps, Machine } from "../../deps.ts";
import type { Acted, LoggedEvent, Theta } from "../../engine/events.ts";
import { RunInProgress } from "../errors.ts";
import { RunReducer, withAct } from "../state/reduce.ts";
import type { RecordedState, RunState } from "../state/state.ts";
import { readSummary, type Summary, summaryOf, summaryWith } from "../state/summary.ts";
import type { NodeKeys } from "../state/value-keys.ts";
import { bytesOf, codeOf } from "./jsonl.ts";
import { appendAct, readActs, readLog } from "./log.ts";
import { type RunManifest, readManifest, samplesPath } from "./run-manifest.ts";
import { filesOf, isId, lockOf, type RunFiles, type RunPaths } from "./run-paths.ts";
import { readSnapshot } from "./snapshot.ts";
import { readValues } from "./value-places.ts";

/** Runs on disk, from any machine. */

export type RunsDeps = Deps & { readonly machine: Machine };

/** `interrupted`: the log has no end, and no process writes it. */
export type ListedStatus = RunState["status"] | "interrupted";

export interface ListedRun {
  readonly summary: Summary;
  readonly status: ListedStatus;
  /** False: made on another machine or changed, so its verdicts are not verified. */
  readonly trusted: boolean;
}

export interface ReadRun {
  readonly id: string;
  readonly files: RunFiles;
  readonly start: RunManifest;
  readonly state: RecordedState;
  readonly status: ListedStatus;
  readonly trusted: boolean;
  /** Lines of the log that could not be read. */
  readonly damaged: number;
}

/** A run whose values are looked up one by one, because they may be in a file. */
export interface OpenedState extends Omit<ReadRun, "state"> {
  readonly state: RunState;
  /** undefined: the sample has no values under Θ. */
  keysOf(theta: Theta, sample: string): Promise<NodeKeys | undefined>;
}

/** Bytes: longer summaries were not written here. */
const LARGEST_SUMMARY = 2 ** 20;
/** Bytes: larger runs from other machines are read by id, but not listed. */
const LARGEST_CLAIM = 2 ** 26;

/** Number of runs that are watched for changes from outside. */
const DATED = 20;

/**
 * When the newest runs were last written, to detect changes; 0 for the others.
 * @param isOwn runs whose changes are known anyway
 */
export async function writtenAt(
  deps: RunsDeps,
  place: RunPaths,
  isOwn: (id: string) => boolean,
): Promise<ReadonlyMap<string, number>> {
  const dates = (await runIds(deps, place)).map(async (id, index) => {
    if (index >= DATED || isOwn(id)) return [id, 0] as const;
    const summary = await deps.files.stat(filesOf(place, id).summary).catch(() => null);
    return [id, summary?.modified ?? 0] as const;
  });
  return new Map(await Promise.all(dates));
}

/** Ids of folders with names of runs, newest first. */
async function runIds({ files }: Pick<RunsDeps, "files">, place: RunPaths): Promise<string[]> {
  const names = await files.list(place.runs).catch((error: unknown) => {
    // A repository can contain a link or a file in place of the folder: then there are no runs.
    if (["ENOENT", "ENOTDIR", "EUNSAFE"].includes(codeOf(error) ?? "")) return [];
    throw error;
  });
  return names.filter(isId).sort().reverse();
}

/** Newest first. A folder without a readable run is left out. */
export async function listRuns(deps: RunsDeps, place: RunPaths): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  for (const id of await runIds(deps, place)) {
    const listed = await readListed(deps, place, id);
    if (listed) runs.push(listed);
  }
  return runs;
}

async function readListed(deps: RunsDeps, place: RunPaths, id: string): Promise<ListedRun | null> {
  const path = filesOf(place, id).summary;
  const json = await bytesOf(deps.files, path, LARGEST_SUMMARY).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => "",
  );
  const summary = await readSummary(json, deps.machine);
  if (summary?.id === id) {
    const status = await statusOf(deps, place, id, summary.graphFile, summary.status);
    // A process killed between the end of the log and the summary leaves an outdated one, so the log decides.
    if (status !== "interrupted") return { summary, status, trusted: true };
  }
  try {
    if (!summary && (await isLarge(deps, filesOf(place, id)))) return null;
    const { start, state, status, trusted } = await readRun(deps, place, id);
    return { summary: await summaryOf(start, state, deps.machine), status, trusted };
  } catch {
    return null;
  }
}

async function isLarge({ files }: RunsDeps, { start, events }: RunFiles): Promise<boolean> {
  const found = await Promise.all(
    [start, samplesPath(start), events].map((path) => files.stat(path).catch(() => null)),
  );
  return found.some((file) => file !== null && file.bytes > LARGEST_CLAIM);
}

/** The state of one run: from its snapshot if it has one, else from its log. @throws RunMissing, RunUnreadable */
export async function openRunState(deps: RunsDeps, place: RunPaths, id: string): Promise<OpenedState> {
  const files = filesOf(place, id);
  const snapshot = await readSnapshot(deps, files.snapshot, id).catch(() => null);
  const acts = snapshot && (await readActs(deps, files.events, snapshot.bytes).catch(() => null));
  if (!snapshot || !acts) {
    const run = await readRun(deps, place, id);
    return { ...run, keysOf: async (theta, sample) => run.state.values.of(theta, sample) };
  }
  const { start, trusted } = await readManifest(deps, files.start, id);
  const state = acts.reduce(withAct, snapshot.state);
  const { values } = snapshot;
  const keysOf = (theta: Theta, sample: string) => readValues(deps.files, files.values, values, theta, sample);
  return { id, files, start, state, keysOf, status: state.status, trusted, damaged: 0 };
}

/**
 * Reads one run from its log.
 * @param each sees every event on the way.
 * @throws RunMissing, RunUnreadable
 */
export async function readRun(
  deps: RunsDeps,
  place: RunPaths,
  id: string,
  each: (event: LoggedEvent) => void = () => {},
): Promise<ReadRun> {
  const files = filesOf(place, id);
  const { start, trusted } = await readManifest(deps, files.start, id);
  const reducer = new RunReducer();
  const { damaged, signed } = await readLog(deps, files.events, id, (event) => {
    reducer.apply(event);
    each(event);
  });
  const { state } = reducer;
  const status = await statusOf(deps, place, id, start.graphFile, state.status);
  return { id, files, start, state, status, trusted: trusted && signed, damaged };
}

/** Logs what the user did with proposals. The log is not read, because it can have hundreds of thousands of events. */
export async function recordAct(deps: RunsDeps, place: RunPaths, id: string, act: Acted): Promise<void> {
  const { events, summary: path } = filesOf(place, id);
  await appendAct(deps, events, act);
  const json = await bytesOf(deps.files, path, LARGEST_SUMMARY).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => "",
  );
  const summary = await readSummary(json, deps.machine);
  if (summary?.id === id) await writeSummary(deps, path, await summaryWith(summary, act, deps.machine));
  else {
    const { start, state, trusted } = await readRun(deps, place, id);
    if (trusted) await writeSummary(deps, path, await summaryOf(start, state, deps.machine));
  }
}

async function writeSummary({ files }: RunsDeps, path: string, summary: Summary): Promise<void> {
  await files.write(path, `${JSON.stringify(summary)}\n`);
}

/** @throws RunInProgress */
export async function deleteRun(deps: RunsDeps, place: RunPaths, id: string): Promise<void> {
  const files = filesOf(place, id);
  const graphFile = await readManifest(deps, files.start, id).then(
    ({ start }) => start.graphFile,
    () => null,
  );
  if (graphFile !== null) {
    const path = lockOf(place, graphFile);
    const holder = await deps.machine.holder(path);
    if (holder?.note === id) throw new RunInProgress(id, holder.process, holder.host, path);
  }
  await deps.files.remove(files.folder);
}

async function statusOf(
  { machine }: RunsDeps,
  place: RunPaths,
  id: string,
  graphFile: string,
  status: RunState["status"],
): Promise<ListedStatus> {
  if (status !== "running") return status;
  const holder = await machine.holder(lockOf(place, graphFile));
  return holder?.note === id ? "running" : "interrupted";
}
