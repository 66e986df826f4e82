import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Files } from "../../deps.ts";

/** Where runs live: `<root>/.agentgraph`, or a folder that the user names. */
export interface RunPaths {
  /** Contains one folder per run. */
  readonly runs: string;
  /** Contains the replies shared between runs. */
  readonly cache: string;
  /** Contains one lock file per graph. */
  readonly locks: string;
}

export interface RunFiles {
  readonly folder: string;
  readonly start: string;
  readonly events: string;
  readonly replies: string;
  /** Batches in progress; absent if there are none. */
  readonly batches: string;
  readonly summary: string;
  /** The final state; absent if the log is short. */
  readonly snapshot: string;
  /** Which reply contains which value, beside the snapshot. */
  readonly values: string;
}

/**
 * @param root containment root of the graph file.
 * @param runs where the user wants the runs instead.
 */
export function runPathsOf(root: string, runs?: string): RunPaths {
  // No link is followed below a folder with this name: the user's own folder can also be in a repository.
  const home = join(runs ?? root, ".agentgraph");
  return { runs: runs ?? join(home, "runs"), cache: join(home, "cache"), locks: join(home, "locks") };
}

export function filesOf(place: RunPaths, id: string): RunFiles {
  const folder = join(place.runs, id);
  return {
    folder,
    start: join(folder, "start.json"),
    events: join(folder, "events.jsonl"),
    replies: join(folder, "replies.jsonl"),
    batches: join(folder, "batches.jsonl"),
    summary: join(folder, "summary.json"),
    snapshot: join(folder, "state.jsonl"),
    values: join(folder, "values.jsonl"),
  };
}

/** One run per graph at a time: the lock is named after the graph file. */
export function lockOf(place: RunPaths, graphFile: string): string {
  return join(place.locks, `${hash(graphFile)}.json`);
}

/**
 * Sorts by time: `20260131-235959-123-1a2b3c`, in UTC.
 * @param about distinguishes runs that start in the same millisecond
 */
export function newId(now: number, graphFile: string, about = ""): string {
  const [date = "", time = ""] = new Date(now).toISOString().replace(/[-:Z]/g, "").split("T");
  return `${date}-${time.replace(".", "-")}-${hash(`${now} ${graphFile}${about}`).slice(0, 6)}`;
}

/** Whether `newId` made it, so that a run id from a user or a file never leaves its folder. */
export function isId(text: string): boolean {
  return /^\d{8}-\d{6}-\d{3}-[0-9a-f]{6}$/.test(text);
}

/** Creates the folders. Git ignores them, so that a run is not committed by accident. */
export async function prepareRunPaths(files: Files, place: RunPaths, root: string): Promise<void> {
  await files.makeFolder(place.runs);
  await files.makeFolder(place.locks);
  const home = join(root, ".agentgraph");
  if (!place.runs.startsWith(home)) return;
  const ignore = join(home, ".gitignore");
  await files.stat(ignore).catch(() => files.write(ignore, "*\n"));
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
