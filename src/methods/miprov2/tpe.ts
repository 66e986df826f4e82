/**
 * Tree-structured Parzen estimator over categories (Bergstra et al. 2011), as Optuna's multivariate sampler does it:
 * trials are split into good and other ones, each side is a mixture with a kernel for each of its trials and a uniform
 * one, and of some points drawn from the good side the one with the highest ratio of densities is tried next.
 */

/** An index for each category. */
export type Point = readonly number[];

interface Trial {
  readonly point: Point;
  readonly value: number;
}

interface Mixture {
  /** Weights of the kernels; they add up to 1. */
  readonly weights: readonly number[];
  /** Kernel → category → choice → probability. */
  readonly kernels: readonly (readonly (readonly number[])[])[];
}

/** Number of initial trials with uniformly drawn points. */
const STARTUP = 10;
/** Number of points drawn from the good side. */
const DRAWN = 24;
/** Share of trials that count as good, and their maximum number. */
const GOOD = { share: 0.1, most: 25 };
/** Number of recent trials with full weight; older ones weigh less with age. */
const RECENT = 25;

export class Tpe {
  readonly #trials: Trial[] = [];

  /** @param choices number of choices of each category, at least 1 */
  constructor(
    readonly choices: readonly number[],
    readonly random: () => number,
  ) {}

  /** @param value higher is better */
  tell(point: Point, value: number): void {
    this.#trials.push({ point, value });
  }

  /** The point to try next. */
  suggest(): Point {
    if (this.#trials.length < STARTUP) return this.choices.map((count) => Math.floor(this.random() * count));
    const { good, others } = this.#split();
    const [above, below] = [this.#mixture(good), this.#mixture(others)];
    const drawn = Array.from({ length: DRAWN }, () => this.#draw(above));
    const gainOf = (point: Point) => Math.log(densityOf(above, point)) - Math.log(densityOf(below, point));
    return drawn.reduce((best, point) => (gainOf(point) > gainOf(best) ? point : best));
  }

  /** Both in the order in which they were added. */
  #split(): { good: readonly Trial[]; others: readonly Trial[] } {
    const count = Math.min(Math.ceil(GOOD.share * this.#trials.length), GOOD.most);
    const good = new Set(this.#trials.toSorted((a, b) => b.value - a.value).slice(0, count));
    return {
      good: this.#trials.filter((one) => good.has(one)),
      others: this.#trials.filter((one) => !good.has(one)),
    };
  }

  #mixture(trials: readonly Trial[]): Mixture {
    const count = trials.length + 1;
    const kernels = [
      ...trials.map(({ point }) => this.choices.map((choices, at) => kernelOf(choices, point[at] ?? 0, count))),
      this.choices.map((choices) => Array.from({ length: choices }, () => 1 / choices)),
    ];
    const weights = [...weightsOf(trials.length), 1];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { weights: weights.map((weight) => weight / total), kernels };
  }

  #draw({ weights, kernels }: Mixture): Point {
    const kernel = kernels[this.#pick(weights)] ?? [];
    return kernel.map((probabilities) => this.#pick(probabilities));
  }

  #pick(probabilities: readonly number[]): number {
    let left = this.random();
    for (const [index, probability] of probabilities.entries()) {
      left -= probability;
      if (left < 0) return index;
    }
    return probabilities.length - 1;
  }
}

/** A kernel around one choice, smoothed over all of them. */
function kernelOf(choices: number, chosen: number, kernels: number): number[] {
  const total = 1 + choices / kernels;
  return Array.from({ length: choices }, (_, index) => ((index === chosen ? 1 : 0) + 1 / kernels) / total);
}

/** Weights of trials, oldest first. */
export function weightsOf(count: number): number[] {
  const old = Math.max(0, count - RECENT);
  const ramp = (index: number) => (old === 1 ? 1 / count : 1 / count + ((1 - 1 / count) * index) / (old - 1));
  return Array.from({ length: count }, (_, index) => (index < old ? ramp(index) : 1));
}

function densityOf({ weights, kernels }: Mixture, point: Point): number {
  return kernels.reduce((sum, kernel, at) => {
    const product = kernel.reduce(
      (all, probabilities, category) => all * (probabilities[point[category] ?? 0] ?? 0),
      1,
    );
    return sum + (weights[at] ?? 0) * product;
  }, 0);
}
