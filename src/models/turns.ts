import type { Clock } from "../deps.ts";

/** Milliseconds of work in one go, after which others get a turn. */
const LONG = 12;

/** Work that waits for nothing lets nobody else in: this is where it asks now and then. */
export class Turns {
  #since: number;
  #pause: Promise<void> | null = null;

  constructor(private readonly clock: Clock) {
    this.#since = clock.now();
  }

  /** Resolves at once, or when others have had their turn. */
  async next(): Promise<void> {
    if (this.#pause === null && this.clock.now() - this.#since < LONG) return;
    this.#pause ??= this.clock.sleep(0).then(() => {
      this.#pause = null;
      this.#since = this.clock.now();
    });
    await this.#pause;
  }
}
