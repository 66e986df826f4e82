import type { Clock, Files } from "../deps.ts";
import type { LoggedEvent, RunEvent } from "../engine/events.ts";
import { readEvent } from "./event-schema.ts";
import { Appending, bytesOf, checkVersion, linesOf, objectAt } from "./jsonl.ts";

/** `events.jsonl`, being written. */
export class EventLog {
  readonly #file: Appending;
  readonly #clock: Clock;

  private constructor(file: Appending, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  static async open(files: Files, clock: Clock, path: string): Promise<EventLog> {
    return new EventLog(new Appending(files, path, await bytesOf(files, path)), clock);
  }

  /** Why the log can hold no more; null while it can. */
  get failure() {
    return this.#file.failure;
  }

  /** Puts the event on its way to the disk; those of one moment are written together. */
  append(event: RunEvent): LoggedEvent {
    const logged = this.#stamp(event);
    this.#file.append(logged);
    return logged;
  }

  #stamp(event: RunEvent): LoggedEvent {
    return { ...event, at: this.#clock.now() };
  }

  /** Resolves when everything appended so far survives a killed process. @throws NotRecorded */
  flushed(): Promise<void> {
    return this.#file.flushed();
  }
}

/** Lines read before others get a turn. */
const TURN = 2_000;

/**
 * Reads a log in the order of its lines. What is no event — a cut line, garbage, a kind of event that this program does
 * not know — is left out and counted.
 * @returns how many lines were left out.
 * @throws RunUnreadable when a later program wrote it.
 */
export async function readLog(
  { files, clock }: { readonly files: Files; readonly clock: Clock },
  path: string,
  each: (event: LoggedEvent) => void,
): Promise<number> {
  const bytes = await bytesOf(files, path);
  let damaged = 0;
  let count = 0;
  for (const line of linesOf(bytes)) {
    const value = objectAt(bytes, line);
    const event = readEvent(value);
    if (event) each(event);
    else if (value && "version" in value) checkVersion(value.version, path);
    else damaged += 1;
    count += 1;
    if (count % TURN === 0) await clock.sleep(0);
  }
  return damaged;
}
