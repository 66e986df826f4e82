import { shuffler } from "d3";
import type { Sample } from "../../data/sample.ts";

/**
 * Minibatches of an epoch in shuffled order, which differs for each epoch. As in GEPA, the last one is filled up
 * with its own last samples.
 */
export class Minibatches {
  #queue: Sample[] = [];

  constructor(
    readonly samples: readonly Sample[],
    readonly size: number,
    readonly random: () => number,
  ) {}

  /** Returns fewer than `size` samples only if the set is smaller. */
  next(): Sample[] {
    if (this.#queue.length === 0) {
      const shuffled = shuffler(this.random)([...this.samples]);
      const size = Math.min(this.size, shuffled.length);
      const missing = size === 0 ? 0 : (size - (shuffled.length % size)) % size;
      this.#queue = [...shuffled, ...shuffled.toReversed().slice(0, missing)];
    }
    return this.#queue.splice(0, this.size);
  }
}
