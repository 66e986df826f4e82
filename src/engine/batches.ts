import type { Sample } from "../data/sample.ts";
import type { Theta } from "./events.ts";

/**
 * Which training samples an iteration looks at: those that failed before come first, then the ones never looked at, in
 * a seeded order (method.md §2.1, §9). Samples known to be right under the present Θ are left out.
 */
export class Batches {
  readonly #samples: readonly Sample[];
  readonly #last = new Map<string, { readonly theta: Theta; readonly right: boolean }>();

  /** @param samples the training set, already in the run's seeded order. */
  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  next(theta: Theta, size: number): Sample[] {
    const rank = ({ id }: Sample) => {
      const last = this.#last.get(id);
      if (!last) return 1;
      if (!last.right) return 0;
      return last.theta === theta ? 3 : 2;
    };
    return this.#samples
      .map((sample) => ({ sample, rank: rank(sample) }))
      .filter(({ rank }) => rank < 3)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, size)
      .map(({ sample }) => sample);
  }

  record(theta: Theta, sample: Sample, right: boolean): void {
    this.#last.set(sample.id, { theta, right });
  }
}
