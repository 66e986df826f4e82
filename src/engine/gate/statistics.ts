import { randomLcg } from "d3";
import { errorFunction, gammaln, mean, quantileSorted } from "simple-statistics";
import type { Sample } from "../../data/sample.ts";
import type { CostPair } from "./objectives.ts";

/** Losses of one sample under base and candidate; undefined: not scored (yet). */
export interface Pair {
  readonly sample: Sample;
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** Costs of the answers; absent unless both are scored. */
  readonly costs?: CostPair;
}

/**
 * Bounds of Σ(after − before) over all pairs if unknown losses can be anything in 0 … 1. They are exact, and so is a
 * stop that they decide.
 */
export function differenceBounds(pairs: readonly Pair[]): { low: number; high: number } {
  let low = 0;
  let high = 0;
  for (const { before, after } of pairs) {
    low += (after ?? 0) - (before ?? 1);
    high += (after ?? 1) - (before ?? 0);
  }
  return { low: snap(low), high: snap(high) };
}

/** Bounds of the mean loss under the first of two Θs: equal if every sample is scored. [0, 1] without samples. */
export function lossBounds(pairs: readonly Pair[]): [low: number, high: number] {
  const losses = pairs.flatMap(({ before }) => before ?? []);
  const sum = losses.reduce((total, loss) => total + loss, 0);
  const n = pairs.length;
  return n === 0 ? [0, 1] : [sum / n, (sum + n - losses.length) / n];
}

/** Rounds away errors of floating-point sums: a smaller difference is a tie. */
export function snap(value: number): number {
  return Math.abs(value) < 1e-9 ? 0 : value;
}

/**
 * Exact two-sided sign test: probability of a split at least this uneven if both directions are equally likely. 1
 * without pairs.
 */
export function signTest(better: number, worse: number): number {
  const n = better + worse;
  let k = Math.min(better, worse);
  // The last term of the binomial tail is the largest; earlier ones are added while they still count.
  let term = Math.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * Math.LN2);
  let tail = 0;
  for (; k >= 0 && term > tail * Number.EPSILON; k--) {
    tail += term;
    term *= k / (n - k + 1);
  }
  return Math.min(1, 2 * tail);
}

/** Mean of 1 − loss; null when no sample could be scored. */
export function meanScore(scores: readonly ({ readonly loss: number } | null)[]): number | null {
  const scored = scores.filter((score) => score !== null);
  return scored.length === 0 ? null : scored.reduce((sum, { loss }) => sum + 1 - loss, 0) / scored.length;
}

/** Wilson's 95 % interval of a share (E. B. Wilson 1927). [0, 1] without any sample. */
export function wilson(right: number, n: number): [number, number] {
  if (n === 0) return [0, 1];
  const share = right / n;
  const centre = share + (Z * Z) / (2 * n);
  const spread = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n));
  const scale = 1 + (Z * Z) / n;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/**
 * 95 % interval of the mean score: Wilson's if every score is 0 or 1, else the bootstrap's, or that of the normal
 * approximation with more than 1,000 scores. [0, 1] without samples.
 * Resamples of equal scores are identical and would claim certainty from a single sample, so equal scores get
 * Wilson's, which is at least as wide as that of any scores between 0 and 1.
 */
export function scoreInterval(scores: readonly number[]): [number, number] {
  const [first] = scores;
  if (scores.every((score) => score === 0 || score === 1) || scores.every((score) => score === first)) {
    return wilson(
      scores.reduce((sum, score) => sum + score, 0),
      scores.length,
    );
  }
  return spread(scores, 0);
}

/** The same for the mean of differences between two scores, −1 … 1. */
export function gainInterval(gains: readonly number[]): [number, number] {
  const [first] = gains;
  if (!gains.every((gain) => gain === first)) return spread(gains, -1);
  const [low, high] = scoreInterval(gains.map((gain) => (gain + 1) / 2));
  return [2 * low - 1, 2 * high - 1];
}

/** @param least value that the mean can have; the largest is 1 */
function spread(values: readonly number[], least: -1 | 0): [number, number] {
  return values.length > MANY ? normal(values, least) : bootstrap(values, least);
}

/** Many values: their resamples would take seconds, and show the same interval with less precision. */
const MANY = 1_000;

function normal(values: readonly number[], least: -1 | 0): [number, number] {
  let sum = 0;
  for (const value of values) sum += value;
  const center = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - center) ** 2;
  const half = (Z * Math.sqrt(squares / (values.length - 1))) / Math.sqrt(values.length);
  return [Math.max(least, center - half), Math.min(1, center + half)];
}

/**
 * 95 % interval of the mean of two or more values: percentiles of the means of resamples, seeded so that the same values
 * always give the same interval. Resamples of few values vary less than the mean does, so the percentiles are moved away
 * from the mean, by as much as Student's interval is wider than a normal one (Hesterberg 2015, "What teachers should know
 * about the bootstrap": the expanded percentile interval).
 * @param least value that the mean can have; the largest is 1
 */
function bootstrap(values: readonly number[], least: -1 | 0): [number, number] {
  const random = randomLcg(values.length);
  // Drawn in place: building lists of thousands of values would take most of the time.
  const drawn = [...values];
  const means = Array.from({ length: 1000 }, () => {
    for (let at = 0; at < drawn.length; at++) drawn[at] = values[Math.floor(random() * values.length)] ?? 0;
    return mean(drawn);
  });
  means.sort((a, b) => a - b);
  const center = mean([...values]);
  const wider = expansion(values.length);
  const bound = (share: number) => center + (quantileSorted(means, share) - center) * wider;
  return [Math.max(least, bound(0.025)), Math.min(1, bound(0.975))];
}

const Z = 1.959964;

/** How much wider the interval of a mean of n values is than the spread of its resamples: √(n / (n − 1)) · t / z. */
function expansion(n: number): number {
  return (Math.sqrt(n / (n - 1)) * studentQuantile(n - 1)) / Z;
}

/**
 * Student's t beyond which 5 % lie, on both sides together, from the normal z (Wallace 1959): 0.2 % too large with 5
 * degrees of freedom, 4 % with 2.
 */
export function studentQuantile(freedom: number): number {
  return Math.sqrt(freedom * Math.expm1((Z * (8 * freedom + 3)) ** 2 / (8 * freedom + 1) ** 2 / freedom));
}

/** Two-sided p of Student's t by the same formula: it errs on the large side. */
export function studentTest(t: number, freedom: number): number {
  const z = ((8 * freedom + 1) / (8 * freedom + 3)) * Math.sqrt(freedom * Math.log1p(t ** 2 / freedom));
  // The error function is an approximation, to 1.2e-7.
  return Math.min(1, Math.max(0, 1 - errorFunction(z / Math.SQRT2)));
}
