import type { Clock } from "../deps.ts";

/** Milliseconds of work in one go, after which others get a turn. */
const LONG = 12;

/** Work that waits for nothing lets nobody else in: this is where it asks now and then. */
export class Turns {
  #since: number;
  /** The last one who waits. */
  #last: Promise<void> | null = null;

  constructor(private readonly clock: Clock) {
    this.#since = clock.now();
  }

  /**
   * Resolves at once, or when others have had their turn. Those who wait go on in their order, one after the other: each
   * has work to do, and all of it in one go would be long again.
   */
  async next(): Promise<void> {
    if (this.#last === null && !this.#isOver()) return;
    const mine = this.#after(this.#last);
    this.#last = mine;
    await mine;
    if (this.#last === mine) this.#last = null;
  }

  async #after(earlier: Promise<void> | null): Promise<void> {
    await earlier;
    if (!this.#isOver()) return;
    await this.clock.sleep(0);
    this.#since = this.clock.now();
  }

  #isOver(): boolean {
    // Also where the clock was set back.
    return Math.abs(this.clock.now() - this.#since) >= LONG;
  }
}
