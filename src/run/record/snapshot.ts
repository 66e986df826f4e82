import { createHash } from "node:crypto";
import type { Deps, Machine } from "../../deps.ts";
import { Yielder } from "../../models/yielder.ts";
import type { RecordedState, RunState } from "../state/state.ts";
import { JsonlWriter, linesIn, NOTHING, objectOn } from "./jsonl.ts";
import { ensure, record } from "./records.ts";
import type { RunFiles } from "./run-paths.ts";
import { type ValuePlaces, valuePlaces, writeValues } from "./value-places.ts";

// The state at the end of a run whose log is long, so that it is opened without its log. Signed by this machine, and of no
// use any more once the log goes on with anything but the user's acts. Where its values are is in a file of its own, which is
// read in parts; the snapshot has the digest of each.

/** Bytes of a log from which a snapshot is worth its place. */
export const LONG_LOG = 2 ** 23;
/** Entries on a line: little enough to be read in one go. */
const ENTRIES = 200;

type Outside = Pick<Deps, "files" | "clock"> & { readonly machine: Machine };

/** Parts of the state that grow with the samples and the proposals. */
const LISTS = ["attempts", "judged", "gradients", "solutions", "proposals"] as const;

export interface Snapshot {
  /** Bytes of the log that it is the state of. */
  readonly bytes: number;
  readonly state: RunState;
  readonly values: ValuePlaces;
}

/**
 * @param run its id, which the signature covers
 * @param bytes of the log that `state` is the state of
 */
export async function writeSnapshot(
  { files, clock, machine }: Outside,
  { snapshot: path, values: valuesPath }: Pick<RunFiles, "snapshot" | "values">,
  run: string,
  bytes: number,
  { values, ...state }: RecordedState,
): Promise<void> {
  await files.remove(path).catch(() => {});
  const turns = new Yielder(clock);
  const places = await writeValues(files, valuesPath, values, turns);
  const file = new JsonlWriter(files, path, NOTHING, { run, bytes });
  const digest = createHash("sha256").update(`${run} ${bytes}\n`);
  for (const part of partsOf(state, places)) {
    await turns.next();
    digest.update(file.append(part));
  }
  file.append({ mark: await machine.sign(`snapshot ${digest.digest("hex")}`) });
  await file.flushed();
}

function* partsOf(state: RunState, places: ValuePlaces): Generator<object> {
  const { scores, attempts, judged, gradients, solutions, proposals, finished, ...rest } = state;
  // Its proposals are those of the state.
  yield { rest: { ...rest, finished: finished && { ...finished, proposals: [] } } };
  for (const [theta, groups] of Object.entries(places)) yield { places: { [theta]: groups } };
  for (const name of LISTS) {
    const list: readonly unknown[] = state[name];
    for (let from = 0; from < list.length; from += ENTRIES)
      yield { list: name, entries: list.slice(from, from + ENTRIES) };
  }
  for (const [theta, samples] of Object.entries(scores)) {
    let entries: [string, unknown][] = [];
    for (const id in samples) {
      entries.push([id, samples[id]]);
      if (entries.length < ENTRIES) continue;
      yield { table: "scores", theta, entries };
      entries = [];
    }
    yield { table: "scores", theta, entries };
  }
}

/** null if there is none that this machine made for this run, as far as it can be read. */
export async function readSnapshot(
  { files, clock, machine }: Outside,
  path: string,
  run: string,
): Promise<Snapshot | null> {
  const turns = new Yielder(clock);
  const digest = createHash("sha256");
  let bytes = 0;
  let rest: Record<string, unknown> | null = null;
  let isSigned = false;
  const values = record<ValuePlaces[string]>();
  // Until its end is read, the file may be anybody's.
  const lists = record<unknown[]>();
  for (const name of LISTS) lists[name] = [];
  const scores = record<Record<string, unknown>>();
  for await (const line of linesIn(files, path)) {
    await turns.next();
    const value = objectOn(line);
    if (!value) return null;
    if (typeof value.bytes === "number" && value.run === run && bytes === 0) {
      bytes = value.bytes;
      digest.update(`${run} ${bytes}\n`);
      continue;
    }
    if (typeof value.mark === "string") {
      isSigned = value.mark === (await machine.sign(`snapshot ${digest.digest("hex")}`));
      break;
    }
    digest.update(line).update("\n");
    take(value);
  }
  if (!isSigned || rest === null) return null;
  const all: Record<string, unknown> = { ...(rest as Record<string, unknown>), ...withProposals(rest, lists), scores };
  return isState(all) ? { bytes, state: all, values } : null;

  function take({ rest: found, places, list, table, theta, entries }: Record<string, unknown>): void {
    Object.assign(values, valuePlaces.safeParse(places).data);
    if (typeof found === "object" && found !== null) rest = { ...found };
    if (!Array.isArray(entries)) return;
    if (typeof list === "string") lists[list]?.push(...entries);
    if (table !== "scores" || typeof theta !== "string") return;
    const into = ensure(scores, theta, record<unknown>);
    for (const [id, entry] of entries) into[id] = entry;
  }
}

/** Up to version 0.2, the proposals were with the rest. */
function withProposals({ proposals = [], finished = null }: Record<string, unknown>, lists: Record<string, unknown[]>) {
  const all = lists.proposals && lists.proposals.length > 0 ? lists.proposals : proposals;
  return {
    ...lists,
    proposals: all,
    finished: typeof finished === "object" && finished && { ...finished, proposals: all },
  };
}

/** What this machine signed has the form that this version writes, or that of a version with other fields. */
function isState(value: object): value is RunState {
  return FIELDS.every((field) => field in value);
}

const FIELDS: readonly (keyof RunState)[] = [
  "status",
  "calls",
  "scored",
  "tokens",
  "curve",
  "proposals",
  "finished",
  "pins",
  "acts",
];
