import { randomLcg } from "d3";
import { mean, quantileSorted } from "simple-statistics";
import { gainInterval, scoreInterval } from "./verdict.ts";

/** Values by repeat, then sample; null: not measured. Every repeat has the same samples in the same order. */
export type Crossed = readonly (readonly (number | null)[])[];

const RESAMPLES = 2000;
/** Up to this many samples that differ, every assignment of signs is tried. */
const EXACT = 14;
const FLIPS = 20_000;

/** Per sample, the mean over the repeats that measured it; samples that none measured are left out. */
export function sampleMeans(values: Crossed): number[] {
  return (values[0] ?? []).flatMap((_, sample) => {
    const known = values.flatMap((row) => row[sample] ?? []);
    return known.length > 0 ? [mean(known)] : [];
  });
}

/** Mean over samples of the mean over repeats; null where nothing was measured. */
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
 * 95 % interval of a mean score, 0 … 1: samples and repeats are both drawn anew, so that it covers the choice of samples
 * and the chance in each run (Owen, "The pigeonhole bootstrap", 2007: it errs on the wide side). With one repeat, samples
 * alone are drawn: the interval of `scoreInterval`.
 */
export function crossedInterval(values: Crossed): [number, number] {
  return values.length > 1 && varies(values) ? pigeonhole(values) : scoreInterval(sampleMeans(values));
}

/** The same of a mean difference, −1 … 1. */
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
    // A draw of unmeasured samples alone says nothing.
    means.push(count > 0 ? sum / count : (means.at(-1) ?? 0));
  }
  means.sort((a, b) => a - b);
  return [quantileSorted(means, 0.025), quantileSorted(means, 0.975)];
}

/**
 * Paired sign-flip permutation test, two-sided: were neither side better, each sample's mean difference would as likely
 * have the other sign. A sample's repeats flip together, since they share its difficulty. Exact for few samples that
 * differ, else 20,000 seeded draws. 1 where nothing differs.
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
