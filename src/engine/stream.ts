import type { RunEvent } from "./events.ts";

/** Resolves when the event is recorded. */
export type Emit = (event: RunEvent) => Promise<void>;

interface Waiting {
  readonly event: RunEvent;
  readonly recorded: () => void;
}

/**
 * Merges the reports of many concurrent calls into one ordered stream. `push` resolves when the consumer has
 * processed the event and asks for the next one, so the event is recorded by then.
 */
export class EventStream {
  readonly #waiting: Waiting[] = [];
  #wake: () => void = () => {};
  #closed = false;

  push(event: RunEvent): Promise<void> {
    if (this.#closed) return Promise.resolve();
    // Replies that arrive after the end reach the stores, but not the totals.
    if (event.type === "finished") this.#closed = true;
    return new Promise((recorded) => {
      this.#waiting.push({ event, recorded });
      this.#wake();
    });
  }

  /**
   * Yields until `work` has settled and all pushed events were taken; then returns or throws what `work` did.
   * @param leave called if the consumer stops reading before that: it must stop the work before the callers of
   *   `push` are released
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
