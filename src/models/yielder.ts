import type { Clock } from "../deps.ts";

/** Milliseconds of uninterrupted work after which other work gets a turn. */
const LONG = 12;
/** Items between two looks at the clock. */
const GROUP = 50;

/** Lets callers continue in order, one at a time, with turns for other work in between. */
abstract class Turns {
  /** When the last turn of other work ended, in milliseconds of the clock. */
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

  /** Milliseconds since the last turn of other work, also if the clock was set back. */
  protected get worked(): number {
    return Math.abs(this.clock.now() - this.#since);
  }

  /** Whether other work has its turn now. */
  protected abstract isDue(): boolean;

  /** Called when others had their turn. @param milliseconds since the turn before */
  protected abstract hadTurn(milliseconds: number): void;

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier;
    if (!this.isDue()) return;
    await this.clock.sleep(0);
    this.hadTurn(this.worked);
    this.#since = this.clock.now();
  }
}

/** Lets work that never waits yield regularly, so that it doesn't block the process. */
export class Yielder extends Turns {
  /** Like `Array.map`, for lists of any length. */
  async map<T, U>(items: readonly T[], work: (item: T) => U): Promise<U[]> {
    const made: U[] = [];
    for (const [index, item] of items.entries()) {
      if (index % GROUP === 0) await this.next();
      made.push(work(item));
    }
    return made;
  }

  protected isDue(): boolean {
    return this.worked >= LONG;
  }

  protected hadTurn(): void {}
}

/**
 * Lets go of work that a long chain of promises does later, such as the end of a call on which a thousand nodes wait: each
 * turn lets go of twice as many as the one before if those took half of its time, and of half as many if they took more.
 */
export class AdaptiveYielder extends Turns {
  #atOnce = 1;
  #left = 1;

  protected isDue(): boolean {
    return this.#left-- <= 0;
  }

  protected hadTurn(milliseconds: number): void {
    if (milliseconds <= LONG / 2) this.#atOnce *= 2;
    else if (milliseconds > LONG) this.#atOnce = Math.max(1, Math.floor(this.#atOnce / 2));
    this.#left = this.#atOnce - 1;
  }
}
