import type { Clock, Deps, Machine } from "../deps.ts";
import type { Finished, LoggedEvent, RunEvent } from "../engine/events.ts";
import { Turns } from "../models/turns.ts";
import { readEvent } from "./event-schema.ts";
import { Appending, bytesOf, checkVersion, type Line, linesOf, objectAt, textAt } from "./jsonl.ts";

/** `events.jsonl`, being written. */
export class EventLog {
  readonly #file: Appending;
  readonly #clock: Clock;

  private constructor(file: Appending, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  static async open({ files, clock }: Outside, path: string): Promise<EventLog> {
    return new EventLog(new Appending(files, path, await bytesOf(files, path)), clock);
  }

  /** Why the log can hold no more; null while it can. */
  get failure() {
    return this.#file.failure;
  }

  /** Puts the event on its way to the disk; those of one moment are written together. */
  append(event: RunEvent): LoggedEvent {
    const logged = { ...event, at: this.#clock.now() };
    this.#file.append(logged);
    return logged;
  }

  /**
   * Puts the end of a run there as this machine's word: a later change of that line shows. The seal stands before it, so
   * that a process killed between the two leaves a run without an end, not one that seems forged.
   */
  async end(machine: Machine, run: string, event: Finished): Promise<LoggedEvent> {
    const logged = { ...event, at: this.#clock.now() };
    this.#file.append({ seal: await sealOf(machine, run, JSON.stringify(logged)) });
    this.#file.append(logged);
    await this.#file.flushed().catch(() => {});
    return logged;
  }

  /** Resolves when everything appended so far survives a killed process. @throws NotRecorded */
  flushed(): Promise<void> {
    return this.#file.flushed();
  }
}

type Outside = Pick<Deps, "files" | "clock">;

function sealOf(machine: Machine, run: string, line: string): Promise<string> {
  return machine.mark(`${run}\n${line}`);
}

export interface LogRead {
  /** Lines left out: cut, garbage, or of a kind that this program does not know. */
  readonly damaged: number;
  /** The run has no end, or this machine has sealed it. */
  readonly sealed: boolean;
}

/**
 * Reads a log in the order of its lines.
 * @throws RunUnreadable when a later program wrote it.
 */
export async function readLog(
  { files, clock, machine }: Outside & { readonly machine: Machine },
  path: string,
  run: string,
  each: (event: LoggedEvent) => void,
): Promise<LogRead> {
  const bytes = await bytesOf(files, path);
  let damaged = 0;
  const turns = new Turns(clock);
  let end: Line | null = null;
  let seal: unknown = null;
  for (const line of linesOf(bytes)) {
    await turns.next();
    const value = objectAt(bytes, line);
    const event = readEvent(value);
    if (event) each(event);
    else if (value && "version" in value) checkVersion(value.version, path);
    else if (value && "seal" in value) seal = value.seal;
    else damaged += 1;
    if (event?.type === "finished") end = line;
    if (event?.type === "resumed") end = null;
  }
  const sealed = end === null || seal === (await sealOf(machine, run, textAt(bytes, end)));
  return { damaged, sealed };
}
