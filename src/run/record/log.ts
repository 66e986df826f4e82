import { createHash, type Hash } from "node:crypto";
import { parseInParts } from "../../data/json-parts.ts";
import { inMemory } from "../../data/text.ts";
import type { Clock, Deps, Machine } from "../../deps.ts";
import {
  type Acted,
  type Finished,
  type LoggedEvent,
  type Proposal,
  type RunEvent,
  readEvent,
} from "../../engine/events.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { Yielder } from "../../models/yielder.ts";
import { NotRecorded } from "../errors.ts";
import { checkVersion, codeOf, JsonlWriter, linesIn, objectOn, sizeOf, textAt } from "./jsonl.ts";

/** Digest of a run's log, line by line, without the user's later acts. */
export type LogDigest = Hash;

/** `events.jsonl`, being written. */
export class EventLog {
  readonly #file: JsonlWriter;
  readonly #clock: Clock;
  readonly #digest: LogDigest;

  private constructor(file: JsonlWriter, clock: Clock, digest: LogDigest) {
    this.#file = file;
    this.#clock = clock;
    this.#digest = digest;
  }

  /** @param digest from `readLog`, if the run is resumed */
  static async open(
    { files, clock }: Outside,
    path: string,
    digest: LogDigest = createHash("sha256"),
  ): Promise<EventLog> {
    const existing = { bytes: await sizeOf(files, path), isCut: true };
    return new EventLog(new JsonlWriter(files, path, existing), clock, digest);
  }

  /** Why the log can't be written; null while it can. */
  get failure() {
    return this.#file.failure;
  }

  /** Queues an event for writing; events of the same tick are written together. */
  append(event: RunEvent): LoggedEvent {
    const logged = { ...event, at: this.#clock.now() };
    this.#digest.update(this.#file.append(logged));
    return logged;
  }

  /**
   * Appends the end of a run with this machine's signature, so that a later change of the log is detected. The
   * signature comes first: a process killed between the two leaves a run without an end, not one that looks forged.
   */
  async end(machine: Machine, run: string, event: Finished): Promise<LoggedEvent> {
    const logged = { ...event, at: this.#clock.now() };
    // With thousands of proposals it has megabytes, and each step takes long.
    const line = `${JSON.stringify(logged)}\n`;
    await this.#clock.sleep(0);
    this.#digest.update(line);
    this.#file.append({ seal: await signatureOf(machine, run, this.#digest) });
    await this.#clock.sleep(0);
    this.#file.appendLine(line);
    await this.#file.flushed().catch(() => {});
    return logged;
  }

  /** Resolves when everything appended so far survives a killed process. @throws NotRecorded */
  flushed(): Promise<void> {
    return this.#file.flushed();
  }
}

/** Appends a user act to a log that no process writes. Ends a last line that a crash cut. @throws NotRecorded */
export async function appendAct({ files, clock }: Outside, path: string, act: Acted): Promise<void> {
  const line = JSON.stringify({ ...act, at: clock.now() });
  await files.append(path, `\n${line}\n`).catch((error: unknown) => {
    const code = codeOf(error) ?? "unknown";
    if (code === "EUNSAFE") throw error;
    throw new NotRecorded(path, code, error instanceof Error ? error.message : String(error));
  });
}

type Outside = Pick<Deps, "files" | "clock">;

function signatureOf(machine: Machine, run: string, digest: LogDigest): Promise<string> {
  return machine.sign(`${run}\n${digest.copy().digest("hex")}`);
}

export interface LogRead {
  /** Lines left out: cut, invalid, or of an unknown kind. */
  readonly damaged: number;
  /** The run has no end, or this machine has signed everything before it and nothing follows. */
  readonly signed: boolean;
  readonly digest: LogDigest;
}

/** Bytes of a line that is read in parts: the end of a run with thousands of proposals. */
const LONG_LINE = 2 ** 18;
/** Proposals that are checked in one go. */
const PROPOSALS = 100;

interface ReadLine {
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly event: LoggedEvent | undefined;
}

function readLine(line: Uint8Array): ReadLine {
  const value = objectOn(line);
  return { value, event: readEvent(value) };
}

/** The same in short steps. */
async function readLong(line: Uint8Array, turns: Yielder): Promise<ReadLine> {
  const text = textAt(line, { start: 0, end: line.length });
  const parsed = await parseInParts(inMemory(text), parseJson, () => turns.next());
  const value = parsed?.value;
  if (typeof value !== "object" || value === null || !("proposals" in value) || !Array.isArray(value.proposals))
    return readLine(line);
  const found: readonly unknown[] = value.proposals;
  const proposals: Proposal[] = [];
  let event: LoggedEvent | undefined;
  for (let from = 0; from < found.length; from += PROPOSALS) {
    await turns.next();
    event = readEvent({ ...value, proposals: found.slice(from, from + PROPOSALS) });
    if (event?.type !== "finished") return readLine(line);
    proposals.push(...event.proposals);
  }
  return event?.type === "finished" ? { value: { ...value }, event: { ...event, proposals } } : readLine(line);
}

/**
 * Reads a log line by line.
 * @throws RunUnreadable if it has a newer version
 */
export async function readLog(
  { files, clock, machine }: Outside & { readonly machine: Machine },
  path: string,
  run: string,
  each: (event: LoggedEvent) => void,
): Promise<LogRead> {
  let damaged = 0;
  const turns = new Yielder(clock);
  const digest = createHash("sha256");
  let end: LogDigest | null = null;
  let seal: unknown = null;
  for await (const line of linesIn(files, path)) {
    await turns.next();
    const { value, event } = line.length > LONG_LINE ? await readLong(line, turns) : readLine(line);
    if (event) each(event);
    else if (value && "version" in value) checkVersion(value.version, path);
    else if (value && "seal" in value) seal = value.seal;
    else damaged += 1;
    if (event ? isAct(event) : !value || "version" in value || "seal" in value) continue;
    digest.update(line).update("\n");
    if (event?.type === "resumed") end = null;
    else if (event?.type === "finished") end = digest.copy();
    else if (end) seal = null;
  }
  return { damaged, signed: end === null || seal === (await signatureOf(machine, run, end)), digest };
}

/**
 * The user's acts from a byte on; null if anything else follows there, so that the whole log must be read.
 * @param from byte with which a line starts
 */
export async function readActs({ files }: Pick<Outside, "files">, path: string, from: number): Promise<Acted[] | null> {
  const acts: Acted[] = [];
  for await (const line of linesIn(files, path, from)) {
    const event = readEvent(objectOn(line));
    if (!event || !isAct(event)) return null;
    acts.push(event);
  }
  return acts;
}

function isAct(event: LoggedEvent): event is LoggedEvent & Acted {
  return event.type === "applied" || event.type === "dismissed" || event.type === "committed";
}
