import type { RunEvent } from "./events.ts";

/** Resolves when the event is on record. */
export type Emit = (event: RunEvent) => Promise<void>;

interface Waiting {
  readonly event: RunEvent;
  readonly recorded: () => void;
}

/**
 * Joins what many concurrent calls report into one ordered stream. `push` resolves when the consumer has dealt with
 * the event and asks for the next one, so the event is on record by then.
 */
export class EventStream {
  readonly #waiting: Waiting[] = [];
  #wake: () => void = () => {};
  #closed = false;

  push(event: RunEvent): Promise<void> {
    if (this.#closed) return Promise.resolve();
    // What is still on its way when a run has finished reaches the stores, never the figures.
    if (event.type === "finished") this.#closed = true;
    return new Promise((recorded) => {
      this.#waiting.push({ event, recorded });
      this.#wake();
    });
  }

  /**
   * Yields until `work` has settled and everything pushed has been taken; then returns or throws what `work` did.
   * @param leave called when the consumer stops reading before that: it must stop the work before those who wait for
   * their events to be on record are let go
   */
  async *during<T>(work: Promise<T>, leave: () => void = () => {}): AsyncGenerator<RunEvent, T> {
    let settled = false;
    let inHand: Waiting | undefined;
    const end = () => {
      settled = true;
      this.#wake();
    };
    work.then(end, end);
    try {
      for (;;) {
        inHand = this.#waiting.shift();
        if (inHand) {
          yield inHand.event;
          inHand.recorded();
        } else if (settled) {
          return await work;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
        }
      }
    } finally {
      this.#closed = true;
      if (!settled) leave();
      inHand?.recorded();
      for (const left of this.#waiting.splice(0)) left.recorded();
    }
  }
}
