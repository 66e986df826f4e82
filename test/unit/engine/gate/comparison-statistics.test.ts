import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  crossedDifference,
  crossedGainInterval,
  crossedInterval,
  crossedMean,
  holm,
  sampleMeans,
  signFlipTest,
} from "../../../../src/engine/gate/statistics.ts";

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
    const [low, high] = crossedInterval([lucky, unlucky]);
    expect(low).toBeLessThan(0.2);
    expect(high).toBe(1);
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
