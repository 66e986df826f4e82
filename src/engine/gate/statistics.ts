import { randomLcg } from "d3";
import { gammaln, mean, quantileSorted } from "simple-statistics";
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
 * 95 % interval of the mean score: Wilson's if every score is 0 or 1, else the bootstrap's. [0, 1] without samples.
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
  return bootstrap(scores, 0);
}

/** The same for the mean of differences between two scores, −1 … 1. */
export function gainInterval(gains: readonly number[]): [number, number] {
  const [first] = gains;
  if (!gains.every((gain) => gain === first)) return bootstrap(gains, -1);
  const [low, high] = scoreInterval(gains.map((gain) => (gain + 1) / 2));
  return [2 * low - 1, 2 * high - 1];
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
  const resamples = values.length > 1000 ? 200 : 1000;
  // Drawn in place: building lists of thousands of values would take most of the time.
  const drawn = [...values];
  const means = Array.from({ length: resamples }, () => {
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
  const freedom = n - 1;
  // Student's t from the normal z (Wallace 1959): 0.2 % too large with 5 degrees of freedom, 4 % with 2.
  const t = Math.sqrt(freedom * Math.expm1((Z * (8 * freedom + 3)) ** 2 / (8 * freedom + 1) ** 2 / freedom));
  return (Math.sqrt(n / freedom) * t) / Z;
}

/** Values by repeat, then sample; null: not measured. Every repeat has the same samples in the same order. */
export type Crossed = readonly (readonly (number | null)[])[];

const RESAMPLES = 2000;
/** Up to this number of differing samples, every assignment of signs is tried. */
const EXACT = 14;
const FLIPS = 20_000;

/** Per sample, the mean over the repeats that measured it; samples that none measured are left out. */
export function sampleMeans(values: Crossed): number[] {
  return (values[0] ?? []).flatMap((_, sample) => {
    const known = values.flatMap((row) => row[sample] ?? []);
    return known.length > 0 ? [mean(known)] : [];
  });
}

/** Mean over samples of the mean over repeats; null if nothing was measured. */
export function crossedMean(values: Crossed): number | null {
  const means = sampleMeans(values);
  return means.length > 0 ? mean(means) : null;
}

/** `a − b` where both were measured. */
export function crossedDifference(a: Crossed, b: Crossed): Crossed {
  return a.map((row, repeat) =>
    row.map((value, sample) => {
      const other = b[repeat]?.[sample] ?? null;
      return value === null || other === null ? null : value - other;
    }),
  );
}

/**
 * 95 % interval of a mean score, 0 … 1: both samples and repeats are resampled, so that it covers the choice of
 * samples and the randomness of runs (Owen, "The pigeonhole bootstrap", 2007: it errs on the wide side). With one
 * repeat, only samples are resampled: the interval of `scoreInterval`.
 */
export function crossedInterval(values: Crossed): [number, number] {
  return values.length > 1 && varies(values) ? pigeonhole(values) : scoreInterval(sampleMeans(values));
}

/** The same for a mean difference, −1 … 1. */
export function crossedGainInterval(values: Crossed): [number, number] {
  return values.length > 1 && varies(values) ? pigeonhole(values) : gainInterval(sampleMeans(values));
}

function varies(values: Crossed): boolean {
  return new Set(values.flat().filter((value) => value !== null)).size > 1;
}

/** Seeded, so that the same values always give the same interval. */
function pigeonhole(values: Crossed): [number, number] {
  const [repeats, samples] = [values.length, values[0]?.length ?? 0];
  const random = randomLcg(samples * 31 + repeats);
  const means: number[] = [];
  while (means.length < RESAMPLES) {
    const rows = Array.from({ length: repeats }, () => values[Math.floor(random() * repeats)] ?? []);
    let [sum, count] = [0, 0];
    for (let drawn = 0; drawn < samples; drawn++) {
      const sample = Math.floor(random() * samples);
      let [part, known] = [0, 0];
      for (const row of rows) {
        const value = row[sample] ?? null;
        if (value === null) continue;
        part += value;
        known++;
      }
      if (known === 0) continue;
      sum += part / known;
      count++;
    }
    // A draw of unmeasured samples alone has no mean.
    means.push(count > 0 ? sum / count : (means.at(-1) ?? 0));
  }
  means.sort((a, b) => a - b);
  return [quantileSorted(means, 0.025), quantileSorted(means, 0.975)];
}

/**
 * Paired sign-flip permutation test, two-sided: if neither side were better, the sign of each sample's mean
 * difference would be random. The repeats of a sample flip together, since they share its difficulty. Exact for few
 * differing samples, else 20,000 seeded draws. 1 if nothing differs.
 * @param differences one per sample, see `sampleMeans`
 */
export function signFlipTest(differences: readonly number[]): number {
  const values = differences.filter((value) => Math.abs(value) > 1e-12);
  if (values.length === 0) return 1;
  const observed = Math.abs(values.reduce((sum, value) => sum + value, 0)) - 1e-9;
  if (values.length <= EXACT) {
    const all = 2 ** values.length;
    let extreme = 0;
    for (let signs = 0; signs < all; signs++) {
      const sum = values.reduce((total, value, at) => total + (signs & (1 << at) ? -value : value), 0);
      if (Math.abs(sum) >= observed) extreme++;
    }
    return extreme / all;
  }
  const random = randomLcg(values.length);
  let extreme = 1;
  for (let draw = 0; draw < FLIPS; draw++) {
    let sum = 0;
    for (const value of values) sum += random() < 0.5 ? value : -value;
    if (Math.abs(sum) >= observed) extreme++;
  }
  return extreme / (FLIPS + 1);
}

/** Holm's correction for several tests at once: adjusted p-values in the order given (S. Holm 1979). */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((a, b) => a.p - b.p);
  const adjusted = [...ps];
  let least = 0;
  for (const [rank, { p, index }] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (ps.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}
