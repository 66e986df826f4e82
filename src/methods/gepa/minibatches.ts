import { shuffler } from "d3";
import type { Sample } from "../../data/sample.ts";

/**
 * Minibatches of an epoch in shuffled order, which differs for each epoch. As in GEPA, the last one is filled up
 * with its own last samples.
 */
export class Minibatches {
  #queue: Sample[] = [];
  #skipped = 0;

  constructor(
    readonly samples: readonly Sample[],
    readonly size: number,
    readonly random: () => number,
  ) {}

  /** Leaves one out. It is drawn when the next one is: GEPA draws nothing for it before. */
  skip(): void {
    this.#skipped++;
  }

  /** Fewer than `size` samples only where there are no more. */
  next(): Sample[] {
    for (; this.#skipped > 0; this.#skipped--) this.#take();
    return this.#take();
  }

  #take(): Sample[] {
    if (this.#queue.length === 0) {
      const shuffled = shuffler(this.random)([...this.samples]);
      const size = Math.min(this.size, shuffled.length);
      const missing = size === 0 ? 0 : (size - (shuffled.length % size)) % size;
      this.#queue = [...shuffled, ...shuffled.toReversed().slice(0, missing)];
    }
    return this.#queue.splice(0, this.size);
  }
}
