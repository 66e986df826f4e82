import { randomLcg } from "d3";
import { mean, sum } from "simple-statistics";
import { gainInterval, scoreInterval, studentQuantile, studentTest } from "../../engine/gate/statistics.ts";

/** What the scores of several searches on the same samples say about the methods that searched. */

/** Values by repeat, then sample; null: not measured. */
export type Crossed = readonly (readonly (number | null)[])[];

/**
 * What the repeats have in common. `crossed`: all have the same samples, in the same order. `nested`: each has samples of
 * its own, as folds do.
 */
export type Layout = "crossed" | "nested";

/** Up to this number of differing samples, every assignment of signs is tried. */
const EXACT = 14;
const FLIPS = 20_000;

/** Per sample, the mean over the repeats that measured it; samples that none measured are left out. */
export function sampleMeans(values: Crossed, layout: Layout = "crossed"): number[] {
  if (layout === "nested") return values.flat().filter((value) => value !== null);
  return (values[0] ?? []).flatMap((_, sample) => {
    const known = values.flatMap((row) => row[sample] ?? []);
    return known.length > 0 ? [mean(known)] : [];
  });
}

/** Mean over samples of the mean over repeats; null if nothing was measured. */
export function crossedMean(values: Crossed, layout: Layout = "crossed"): number | null {
  const means = sampleMeans(values, layout);
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

/** Minimum number of searches that say something about a method, and not only about the texts that they found. */
export const SEARCHES = 3;

/** 95 % interval of a mean score, 0 … 1; see `spreadOf`. */
export function crossedInterval(values: Crossed, layout: Layout = "crossed"): [number, number] {
  return widened(scoreInterval(sampleMeans(values, layout)), values, layout, 0);
}

/** The same for a mean difference, −1 … 1. */
export function crossedGainInterval(values: Crossed, layout: Layout = "crossed"): [number, number] {
  return widened(gainInterval(sampleMeans(values, layout)), values, layout, -1);
}

/**
 * Two-sided p of a mean difference of 0, over the samples and over the searches: the larger of both.
 * @returns `samples` is the p over the samples alone
 */
export function crossedTest(
  values: Crossed,
  layout: Layout = "crossed",
): { readonly p: number; readonly samples: number } {
  const samples = signFlipTest(sampleMeans(values, layout));
  const spread = spreadOf(values, layout);
  if (!spread || spread.error === 0) return { p: samples, samples };
  const p = studentTest((crossedMean(values, layout) ?? 0) / spread.error, spread.freedom);
  return { p: Math.max(samples, p), samples };
}

/** An interval over the samples, extended to Student's interval over samples and searches where that reaches further. */
function widened([low, high]: [number, number], values: Crossed, layout: Layout, least: -1 | 0): [number, number] {
  const spread = spreadOf(values, layout);
  if (!spread || spread.error === 0) return [low, high];
  const center = crossedMean(values, layout) ?? 0;
  const reach = studentQuantile(spread.freedom) * spread.error;
  return [Math.max(least, Math.min(low, center - reach)), Math.min(1, Math.max(high, center + reach))];
}

/** Standard error of a mean, with its degrees of freedom. */
interface Spread {
  readonly error: number;
  readonly freedom: number;
}

/**
 * The standard error over both samples and searches. null: too few searches to tell.
 *
 * `crossed`: the components of variance of several readers who see the same cases, with their degrees of freedom (Hillis 2007, "A
 * comparison of denominator degrees of freedom methods for multiple observer ROC analysis"); a search is a reader. The mean square of
 * the searches is at least that of the error, because three searches that agree by chance don't show that all do. Samples that some
 * search did not score are left out of it. `nested`: of the means of the folds.
 */
function spreadOf(values: Crossed, layout: Layout): Spread | null {
  return layout === "nested" ? spreadOfFolds(values) : spreadOfSearches(values);
}

function spreadOfFolds(values: Crossed): Spread | null {
  const folds = values.map((row) => row.filter((value) => value !== null)).filter(({ length }) => length > 0);
  if (folds.length < 2) return null;
  const all = folds.flat();
  const center = mean(all);
  const squares = sum(folds.map((fold) => (fold.length * (mean(fold) - center)) ** 2));
  const freedom = folds.length - 1;
  return { error: Math.sqrt((squares * folds.length) / freedom) / all.length, freedom };
}

function spreadOfSearches(values: Crossed): Spread | null {
  const searches = values.length;
  if (searches < SEARCHES) return null;
  const complete = (values[0] ?? []).flatMap((_, sample) => {
    const column = values.flatMap((row) => row[sample] ?? []);
    return column.length === searches ? [column] : [];
  });
  const samples = complete.length;
  if (samples < 2) return { error: Number.POSITIVE_INFINITY, freedom: searches - 1 };
  const bySample = complete.map((column) => mean(column));
  const bySearch = values.map((_, search) => mean(complete.map((column) => column[search] ?? 0)));
  const center = mean(bySample);
  const around = (means: readonly number[]) => sum(means.map((one) => (one - center) ** 2));
  const ofSamples = (searches * around(bySample)) / (samples - 1);
  const residuals = complete.flatMap((column, at) =>
    column.map((value, search) => (value - (bySample[at] ?? 0) - (bySearch[search] ?? 0) + center) ** 2),
  );
  const ofError = sum(residuals) / ((samples - 1) * (searches - 1));
  const ofSearches = Math.max((samples * around(bySearch)) / (searches - 1), ofError);
  const all = ofSearches + Math.max(0, ofSamples - ofError);
  const freedom = ofSearches === 0 ? Number.POSITIVE_INFINITY : all ** 2 / (ofSearches ** 2 / (searches - 1));
  // From here on, Student's t is normal.
  return { error: Math.sqrt(all / (samples * searches)), freedom: Math.min(freedom, 10_000) };
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
