import { randomLcg } from "d3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  crossedDifference,
  crossedGainInterval,
  crossedInterval,
  crossedMean,
  crossedTest,
  holm,
  sampleMeans,
  signFlipTest,
} from "../../../../src/run/comparison/crossed.ts";

describe("the sign-flip test", () => {
  it("equals the sign test if all differences are of one size", () => {
    // All of 6 in one direction: 2 of the 2^6 assignments are as extreme.
    expect(signFlipTest([1, 1, 1, 1, 1, 1, 0, 0])).toBe(2 / 64);
    expect(signFlipTest([1, 1, 1, -1])).toBe(10 / 16);
  });

  it("is 1 if nothing differs", () => {
    expect(signFlipTest([])).toBe(1);
    expect(signFlipTest([0, 0, 1e-15])).toBe(1);
  });

  it("does not depend on which side is called first", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 12 }), (values) => {
        expect(signFlipTest(values.map((value) => -value))).toBeCloseTo(signFlipTest(values), 10);
      }),
    );
  });

  it("keeps its level: of equal sides at most one in twenty is called different", () => {
    let called = 0;
    let seed = 1;
    const random = () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    };
    for (let trial = 0; trial < 400; trial++) {
      const values = Array.from({ length: 12 }, () => (random() < 0.5 ? 1 : -1) * Math.ceil(3 * random()));
      if (signFlipTest(values) <= 0.05) called++;
    }
    expect(called / 400).toBeLessThan(0.08);
  });

  it("draws with many samples come near the exact value", () => {
    const values = Array.from({ length: 20 }, (_, index) => (index < 15 ? 1 : -1));
    // Two-sided sign test of 15 to 5.
    expect(signFlipTest(values)).toBeCloseTo(0.0414, 2);
  });
});

describe("Holm's correction", () => {
  it("gives the values of the textbook example", () => {
    expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(4)))).toEqual([0.03, 0.06, 0.06]);
  });

  it("never exceeds 1 and never falls below the value given", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (ps) => {
        for (const [index, p] of holm(ps).entries()) {
          expect(p).toBeLessThanOrEqual(1);
          expect(p).toBeGreaterThanOrEqual(ps[index] ?? 0);
        }
      }),
    );
  });
});

describe("scores by repeat and sample", () => {
  it("a sample that one repeat lost counts with the others", () => {
    const values = [
      [1, null, 0],
      [0, null, 0],
    ];
    expect(sampleMeans(values)).toEqual([0.5, 0]);
    expect(crossedMean(values)).toBe(0.25);
    expect(crossedMean([[null]])).toBeNull();
  });

  it("differences pair samples within a repeat, and need both", () => {
    expect(crossedDifference([[1, null, 1]], [[0, 1, null]])).toEqual([[1, null, null]]);
  });

  it("the interval is wider than over samples alone if repeats disagree", () => {
    const lucky = Array.from({ length: 50 }, () => 1);
    const unlucky = Array.from({ length: 50 }, (_, index) => (index % 10 === 0 ? 1 : 0));
    const [low, high] = crossedInterval([lucky, unlucky, lucky]);
    expect(low).toBeLessThan(0.2);
    expect(high).toBe(1);
  });

  it("two searches say nothing of a third, so that the interval is of their texts", () => {
    const values = [
      [1, 0, 1, 1],
      [0, 0, 1, 1],
    ];
    expect(crossedInterval(values)).toEqual(crossedInterval([sampleMeans(values)]));
  });

  it("equal scores claim no certainty", () => {
    expect(
      crossedInterval([
        [1, 1, 1],
        [1, 1, 1],
      ])[0],
    ).toBeLessThan(0.5);
    expect(
      crossedGainInterval([
        [0, 0],
        [0, 0],
      ])[1],
    ).toBeGreaterThan(0);
  });
});

describe("a difference between methods", () => {
  const random = randomLcg(0.5);

  /** Right or wrong by search and sample; a search ends well or badly, as a whole. @param well share of good ends */
  function scores(searches: number, samples: readonly number[], well: number): number[][] {
    return Array.from({ length: searches }, () => {
      const isGood = random() < well;
      return samples.map((ease) => Number(random() < (isGood ? ease : ease / 3)));
    });
  }

  /** Share of trials in which two methods are called different. */
  function called(trials: number, searches: number, [one, two]: readonly [number, number]) {
    let [different, covered] = [0, 0];
    for (let trial = 0; trial < trials; trial++) {
      const samples = Array.from({ length: 20 }, () => 0.4 + 0.6 * random());
      const difference = crossedDifference(scores(searches, samples, one), scores(searches, samples, two));
      const [low, high] = crossedGainInterval(difference);
      if (crossedTest(difference).p <= 0.05 && (low > 0 || high < 0)) different++;
      if (low <= 0 && high >= 0) covered++;
    }
    return { different: different / trials, covered: covered / trials };
  }

  it("is not seen where equal methods end well or badly by chance, with three searches or ten", () => {
    for (const searches of [3, 10]) {
      const { different, covered } = called(200, searches, [0.5, 0.5]);
      expect(different).toBeLessThan(0.08);
      expect(covered).toBeGreaterThan(0.92);
    }
  });

  it("is seen with enough searches", () => {
    expect(called(50, 10, [1, 0.2]).different).toBeGreaterThan(0.9);
  });

  it("needs samples, too: equal searches on two samples show nothing", () => {
    const always = Array.from({ length: 5 }, () => [1, 1]);
    expect(crossedTest(always).p).toBe(0.5);
    expect(crossedGainInterval(always)[0]).toBeLessThan(0);
  });

  it("a sample that one search lost is left out of the spread, not of the mean", () => {
    const difference = [
      [1, 0, null, 1],
      [1, 1, 1, 1],
      [1, 0, 1, 1],
    ];
    expect(crossedMean(difference)).toBeCloseTo((1 + 1 / 3 + 1 + 1) / 4);
    const [low, high] = crossedGainInterval(difference);
    expect(low).toBeLessThan(0.5);
    expect(high).toBe(1);
    expect(
      crossedTest([
        [1, null],
        [null, 1],
        [1, 1],
      ]).p,
    ).toBe(1);
  });

  it("over folds, each search counts once, whatever the number of its samples", () => {
    const fold = (gain: number) => Array.from({ length: 30 }, () => gain);
    // 60 samples better and 30 worse would be significant, two folds against one are not.
    const folds = [fold(1), fold(1), fold(-1)];
    expect(crossedTest(folds, "nested").samples).toBeLessThan(0.01);
    expect(crossedTest(folds, "nested").p).toBeGreaterThan(0.3);
    expect(crossedGainInterval(folds, "nested")).toEqual([-1, 1]);
  });
});
