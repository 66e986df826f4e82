import type { Sample } from "../data/sample.ts";
import type { Theta } from "./events.ts";

/**
 * Which training samples an iteration looks at: those that failed before come first, then the ones never looked at, in
 * a seeded order (method.md §2.1, §9). What is known under the present Θ is not looked at again: an iteration that
 * found nothing is followed by one that sees more.
 */
export class Batches {
  readonly #samples: readonly Sample[];
  readonly #last = new Map<string, { readonly theta: Theta; readonly right: boolean }>();
  /** Sample → Θ under which it could not be scored. */
  readonly #lost = new Map<string, Theta>();

  /** @param samples the training set, already in the run's seeded order. */
  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  next(theta: Theta, size: number): Sample[] {
    const rank = ({ id }: Sample) => {
      const last = this.#last.get(id);
      if (!last) return 1;
      return last.right ? 2 : 0;
    };
    return this.#samples
      .filter(({ id }) => this.#last.get(id)?.theta !== theta && this.#lost.get(id) !== theta)
      .map((sample) => ({ sample, rank: rank(sample) }))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, size)
      .map(({ sample }) => sample);
  }

  /** Samples that were right under the Θ they were last looked at with, which is another one. */
  right(theta: Theta, count: number): Sample[] {
    const isRight = ({ id }: Sample) => this.#last.get(id)?.right && this.#last.get(id)?.theta !== theta;
    return this.#samples.filter((one) => isRight(one) && this.#lost.get(one.id) !== theta).slice(0, count);
  }

  /** The sample could not be scored: it is not looked at again under this Θ. */
  lose(theta: Theta, sample: Sample): void {
    this.#lost.set(sample.id, theta);
  }

  /** @returns 1 where the sample went wrong under the Θ that it was looked at with before, and is right now; −1 the other way round; else 0 */
  record(theta: Theta, sample: Sample, right: boolean): number {
    const last = this.#last.get(sample.id);
    this.#last.set(sample.id, { theta, right });
    return last === undefined || last.theta === theta ? 0 : Number(right) - Number(last.right);
  }
}
