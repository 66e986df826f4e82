import { randomLcg } from "d3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  differenceBounds,
  gainInterval,
  type Pair,
  scoreInterval,
  signTest,
  wilson,
} from "../../../../src/engine/gate/statistics.ts";
import { sampleOf } from "../fixtures.ts";

/** Twice the tail of the binomial, in whole numbers. */
function exactSignTest(better: number, worse: number): number {
  const n = BigInt(better + worse);
  let coefficient = 1n;
  let tail = 0n;
  for (let k = 0n; k <= BigInt(Math.min(better, worse)); k++) {
    tail += coefficient;
    coefficient = (coefficient * (n - k)) / (k + 1n);
  }
  return Math.min(1, Number((2n * tail * 10n ** 18n) / 2n ** n) / 1e18);
}

describe("sign test", () => {
  it.each([
    [0, 0, 1],
    [1, 0, 1],
    [1, 1, 1],
    [5, 5, 1],
    [5, 0, 0.0625],
    [6, 0, 0.03125],
    [7, 1, 0.0703125],
    [8, 1, 0.0390625],
    [8, 2, 0.109375],
    [10, 0, 0.001953125],
    [15, 5, 0.04138946533203125],
  ])("%i better, %i worse: p = %f", (better, worse, p) => {
    expect(signTest(better, worse)).toBeCloseTo(p, 12);
    expect(signTest(worse, better)).toBeCloseTo(p, 12);
  });

  it.each([
    [60, 40],
    [600, 400],
    [560, 500],
    [1200, 1000],
    [2600, 2400],
    [5000, 5000],
  ])("stays exact for large sets: %i against %i", (better, worse) => {
    const exact = exactSignTest(better, worse);
    expect(Math.abs(signTest(better, worse) - exact)).toBeLessThanOrEqual(1e-6 * exact + 1e-15);
  });

  it("is a probability that falls with each further sample on the leading side", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (a, b) => {
        const [most, least] = [Math.max(a, b), Math.min(a, b)];
        const p = signTest(most, least);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(signTest(most + 1, least)).toBeLessThanOrEqual(p);
      }),
    );
  });
});

describe("Wilson's interval", () => {
  it.each([
    [0, 0, 0, 1],
    [0, 10, 0, 0.2775],
    [1, 10, 0.0179, 0.4042],
    [8, 10, 0.4902, 0.9433],
    [10, 10, 0.7225, 1],
    [15, 20, 0.5313, 0.8881],
    [50, 100, 0.4038, 0.5962],
    [700, 1000, 0.6709, 0.7276],
  ])("%i of %i right", (right, n, low, high) => {
    const [from, to] = wilson(right, n);
    expect(from).toBeCloseTo(low, 3);
    expect(to).toBeCloseTo(high, 3);
  });

  it("contains the share itself and stays within 0 and 1", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(2000), (n, pick) => {
        const right = pick % (n + 1);
        const [low, high] = wilson(right, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(right / n + 1e-12);
        expect(high).toBeGreaterThanOrEqual(right / n - 1e-12);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("bounds of the difference", () => {
  const loss = fc.option(
    fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10),
    { nil: undefined },
  );
  const pairs = fc.array(
    fc.record({ before: loss, after: loss }).map((pair): Pair => ({ sample: sampleOf("s"), ...pair })),
    { maxLength: 30 },
  );
  const sum = (pairs: readonly Pair[], unknown: { before: number; after: number }) =>
    pairs.reduce((total, { before, after }) => total + (after ?? unknown.after) - (before ?? unknown.before), 0);

  it("are what the unknown losses can at best and at worst make of it", () => {
    fc.assert(
      fc.property(pairs, (pairs) => {
        const { low, high } = differenceBounds(pairs);
        expect(low).toBeCloseTo(sum(pairs, { before: 1, after: 0 }), 9);
        expect(high).toBeCloseTo(sum(pairs, { before: 0, after: 1 }), 9);
      }),
    );
  });

  it("take what is only rounding for a tie", () => {
    const pair = (before: number, after: number): Pair => ({ sample: sampleOf("s"), before, after });
    // In floating point, 0.1 + 0.2 is not 0.3.
    const { low, high } = differenceBounds([pair(0, 0.1), pair(0, 0.2), pair(0.3, 0)]);
    expect([low, high]).toEqual([0, 0]);
    expect(differenceBounds([pair(0, 0.1), pair(0, 0.2), pair(0.301, 0)]).high).toBeLessThan(0);
  });
});

describe("the interval of the mean score", () => {
  it("is Wilson's for right and wrong alone", () => {
    expect(scoreInterval([1, 1, 0, 1])).toEqual(wilson(3, 4));
    expect(scoreInterval([])).toEqual([0, 1]);
  });

  it("never claims certainty if all scores are alike: a grade of 0.6 is not a measure of 0.6", () => {
    for (const scores of [[0.6], [0.6, 0.6, 0.6], Array<number>(30).fill(0.6)]) {
      const [low, high] = scoreInterval(scores);
      expect(low).toBeLessThan(0.59);
      expect(high).toBeGreaterThan(0.61);
    }
    const [low, high] = gainInterval([0, 0, 0]);
    expect(low).toBeLessThan(-0.1);
    expect(high).toBeGreaterThan(0.1);
    expect(gainInterval(Array<number>(20).fill(1))[0]).toBeGreaterThan(0.5);
  });

  it("covers the true mean of graded scores about 19 times in 20, however few they are", () => {
    for (const count of [2, 3, 5, 10, 20]) {
      for (const width of [1, 0.1]) {
        const random = randomLcg(0.37);
        const score = () => 0.5 + (random() - 0.5) * width;
        const covered = Array.from({ length: 300 }, () => {
          const [low, high] = scoreInterval(Array.from({ length: count }, score));
          return low <= 0.5 && high >= 0.5;
        });
        expect(covered.filter(Boolean).length / 300).toBeGreaterThan(0.88);
      }
    }
    // Nor does a difference in two samples prove a gain.
    expect(gainInterval([0.2, 0.3])[0]).toBeLessThan(0);
  });

  it("stays within the values that a mean can have", () => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(score, { minLength: 1, maxLength: 6 }),
        fc.array(score, { minLength: 6 }),
        (scores, others) => {
          const mean = scores.reduce((sum, one) => sum + one, 0) / scores.length;
          const [low, high] = scoreInterval(scores);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(mean + 1e-9);
          expect(high).toBeGreaterThanOrEqual(mean - 1e-9);
          expect(high).toBeLessThanOrEqual(1);
          const gains = scores.map((one, at) => one - (others[at] ?? 0));
          expect(gainInterval(gains)[0]).toBeGreaterThanOrEqual(-1 - 1e-9);
          expect(gainInterval(gains)[1]).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is a bootstrap's for graded scores: around the mean, the same each time, narrower with more samples", () => {
    const graded = (n: number) => Array.from({ length: n }, (_, index) => (index % 10) / 10);
    const [few, many] = [scoreInterval(graded(20)), scoreInterval(graded(2000))];
    expect(scoreInterval(graded(20))).toEqual(few);
    for (const [low, high] of [few, many]) {
      expect(low).toBeLessThan(0.45);
      expect(high).toBeGreaterThan(0.45);
    }
    expect(many[1] - many[0]).toBeLessThan((few[1] - few[0]) / 5);
    // The normal approximation of 20 samples with this spread: 0.45 ± 1.96 · 0.287 / √20.
    expect(few[1] - few[0]).toBeCloseTo(2 * 1.96 * (0.287 / Math.sqrt(20)), 1);
  });

  it("is the normal approximation for many scores: where the bootstrap's is, and without its resamples", () => {
    const graded = (n: number) => Array.from({ length: n }, (_, index) => (index % 7 === 0 ? 1 : (index % 3) / 10));
    const [most, more] = [scoreInterval(graded(1_000)), scoreInterval(graded(1_001))];
    for (const end of [0, 1] as const) expect(Math.abs(most[end] - more[end])).toBeLessThan(0.002);
    const gains = (n: number) =>
      Array.from({ length: n }, (_, index) => (index % 50 === 0 ? 1 : index % 90 === 1 ? -1 : 0));
    const [some, many] = [gainInterval(gains(1_000)), gainInterval(gains(1_001))];
    for (const end of [0, 1] as const) expect(Math.abs(some[end] - many[end])).toBeLessThan(0.002);
    expect(gainInterval(gains(100_000))[0]).toBeGreaterThan(some[0]);
  });
});
