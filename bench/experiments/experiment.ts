import { mean } from "simple-statistics";
import { scoreInterval, wilson } from "../../src/engine/gate/statistics.ts";

/** An experiment on synthetic worlds whose truth is known. */
export interface Experiment {
  readonly title: string;
  /** The question and the assumptions, for readers who have not read the code. */
  readonly question: string;
  /** Options with their defaults. */
  readonly options: Readonly<Record<string, readonly number[]>>;
  run(options: Options): Promise<Outcome>;
}

export type Options = Readonly<Record<string, readonly number[]>>;

export interface Outcome {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly plots: readonly Plot[];
  /** The figures for programs. */
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

/** Mean of one figure from 0 to 1 per seed, with a bootstrap interval over the seeds. */
export function over(values: readonly number[]): Estimate {
  return { value: values.length > 0 ? mean([...values]) : 0, interval: scoreInterval(values) };
}

/** Share of independent cases, with a Wilson interval. */
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

/** Runs items one after the other, because each has its own virtual clock. */
export async function inTurn<T, R>(items: readonly T[], make: (item: T) => Promise<R>): Promise<R[]> {
  const made: R[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

/** All pairs of two lists, ordered by the first. */
export function pairs<A, B>(first: readonly A[], second: readonly B[]): [A, B][] {
  return first.flatMap((a) => second.map((b): [A, B] => [a, b]));
}
