import type { RunEvent } from "./events.ts";

/** Resolves when the event is recorded. */
export type Emit = (event: RunEvent) => Promise<void>;

interface Waiting<T> {
  readonly value: T;
  readonly taken: () => void;
}

/**
 * Merges the reports of many concurrent tasks into one ordered stream. `push` resolves when the consumer has
 * processed the value and asks for the next one.
 */
export class MergedStream<T> {
  readonly #waiting: Waiting<T>[] = [];
  #wake: () => void = () => {};
  #closed = false;

  /** Whether further values are dropped. */
  get isClosed(): boolean {
    return this.#closed;
  }

  push(value: T): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((taken) => {
      this.#waiting.push({ value, taken });
      this.#wake();
    });
  }

  /** Drops further values. Those that wait are still yielded. */
  protected close(): void {
    this.#closed = true;
  }

  /**
   * Does work, and yields until it has settled and all pushed values were taken; then returns or throws what it did.
   * @param start begins the work, when the first value is asked for
   * @param leave called if the consumer stops reading before that: it must stop the work before the callers of
   *   `push` are released
   */
  async *during<R>(start: () => Promise<R>, leave: () => void = () => {}): AsyncGenerator<T, R> {
    const work = start();
    let settled = false;
    let inHand: Waiting<T> | undefined;
    const end = () => {
      settled = true;
      this.#wake();
    };
    work.then(end, end);
    try {
      for (;;) {
        inHand = this.#waiting.shift();
        if (inHand) {
          yield inHand.value;
          inHand.taken();
        } else if (settled) {
          return await work;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
          this.#wake = () => {};
        }
      }
    } finally {
      this.#closed = true;
      if (!settled) leave();
      inHand?.taken();
      for (const left of this.#waiting.splice(0)) left.taken();
    }
  }
}

/** The events of a run: one that was taken is recorded. */
export class EventStream extends MergedStream<RunEvent> {
  override push(event: RunEvent): Promise<void> {
    const recorded = super.push(event);
    // Replies that arrive after the end reach the stores, but not the totals.
    if (event.type === "finished") this.close();
    return recorded;
  }
}
