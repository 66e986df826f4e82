import type { Clock } from "../deps.ts";

/** Milliseconds of uninterrupted work after which other work gets a turn. */
const LONG = 12;
/** Items between two looks at the clock. */
const GROUP = 50;

/** Lets work that never waits yield regularly, so that it doesn't block the process. */
export class Yielder {
  #since: number;
  #last: Promise<void> | null = null;

  constructor(private readonly clock: Clock) {
    this.#since = clock.now();
  }

  /**
   * Resolves at once, or after other work had its turn. Callers continue in order, one at a time: all of them at
   * once would block again.
   */
  next(): Promise<void> {
    this.#last = this.#after(this.#last);
    return this.#last;
  }

  /** Like `Array.map`, for lists of any length. */
  async map<T, U>(items: readonly T[], work: (item: T) => U): Promise<U[]> {
    const made: U[] = [];
    for (const [index, item] of items.entries()) {
      if (index % GROUP === 0) await this.next();
      made.push(work(item));
    }
    return made;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier;
    // Also if the clock was set back.
    if (Math.abs(this.clock.now() - this.#since) < LONG) return;
    await this.clock.sleep(0);
    this.#since = this.clock.now();
  }
}

/**
 * Lets go of work that a long chain of promises does later, such as the end of a call on which a thousand nodes wait: each
 * turn lets go of twice as many as the one before if those took half of its time, and of half as many if they took more.
 */
export class AdaptiveYielder {
  #atOnce = 1;
  #left = 1;
  #since: number;
  #last: Promise<void> | null = null;

  constructor(private readonly clock: Clock) {
    this.#since = clock.now();
  }

  /** Resolves in the order of the calls. */
  next(): Promise<void> {
    this.#last = this.#after(this.#last);
    return this.#last;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier;
    if (this.#left-- > 0) return;
    await this.clock.sleep(0);
    const took = Math.abs(this.clock.now() - this.#since);
    if (took <= LONG / 2) this.#atOnce *= 2;
    else if (took > LONG) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2));
    this.#left = this.#atOnce - 1;
    this.#since = this.clock.now();
  }
}
