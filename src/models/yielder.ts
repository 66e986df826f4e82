import type { Clock } from "../deps.ts";

/** Milliseconds of work in one go, after which others get a turn. */
const LONG = 12;

/** Work that never waits blocks the process: it yields here now and then. */
export class Yielder {
  #since: number;
  #last: Promise<void> | null = null;

  constructor(private readonly clock: Clock) {
    this.#since = clock.now();
  }

  /**
   * Resolves at once, or when others have had their turn. Those who ask go on in their order, one after the other: each has
   * work to do, and all of it in one go would be long again.
   */
  next(): Promise<void> {
    this.#last = this.#after(this.#last);
    return this.#last;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier;
    // Also where the clock was set back.
    if (Math.abs(this.clock.now() - this.#since) < LONG) return;
    await this.clock.sleep(0);
    this.#since = this.clock.now();
  }
}
