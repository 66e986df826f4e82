import { mean } from "simple-statistics";
import { scoreInterval, wilson } from "../../src/engine/gate/statistics.ts";

/** One question put to the engine on worlds of known truth. */
export interface Experiment {
  readonly title: string;
  /** What is asked, and what is made up: for whoever reads the figures without having read the code. */
  readonly question: string;
  /** Its options and their defaults, numbers or lists of them. */
  readonly options: Readonly<Record<string, readonly number[]>>;
  run(options: Options): Promise<Outcome>;
}

export type Options = Readonly<Record<string, readonly number[]>>;

export interface Outcome {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly plots: readonly Plot[];
  /** The same for a program. */
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

export interface Point extends Estimate {
  readonly x: number;
}

/** A figure with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly interval: readonly [number, number];
}

/** Of figures 0 … 1, one a seed: bootstrap over the seeds. */
export function over(values: readonly number[]): Estimate {
  return { value: values.length > 0 ? mean([...values]) : 0, interval: scoreInterval(values) };
}

/** Of a share of independent cases (Wilson). */
export function share(count: number, of: number): Estimate {
  return { value: of > 0 ? count / of : 0, interval: wilson(count, of) };
}

/** `0.81 (0.77 … 0.84)` */
export function written({ value, interval: [low, high] }: Estimate): string {
  return `${value.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)})`;
}

/** `first`, `first + 1`, … */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** One after the other, for each has a clock of its own that the others would hold up. */
export async function inTurn<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

/** Every pair of the two, the first one's order first. */
export function pairs<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]));
}
