import { randomLcg } from "d3";
import { mean } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { type Point, Tpe, weightsOf } from "../../../../src/methods/miprov2/tpe.ts";

/** Share of choices that are the wanted ones. */
const share = (wanted: Point) => (point: Point) => mean(point.map((choice, at) => (choice === wanted[at] ? 1 : 0)));

function search(seed: number, trials: number, value: (point: Point) => number, choices = [6, 6, 6, 6]): Point[] {
  const tpe = new Tpe(choices, randomLcg(seed));
  return Array.from({ length: trials }, () => {
    const point = tpe.suggest();
    tpe.tell(point, value(point));
    return point;
  });
}

const seeds = Array.from({ length: 20 }, (_, index) => (index + 1) / 21);

describe("the Parzen estimator", () => {
  it("finds better points than drawing evenly does", () => {
    const value = share([1, 4, 0, 5]);
    const late = mean(seeds.flatMap((seed) => search(seed, 60, value).slice(-10).map(value)));
    // Evenly drawn points have a sixth of the choices right.
    expect(late).toBeGreaterThan(0.6);
  });

  it("finds what two categories are worth only together", () => {
    const value = ([a, b]: Point) => (a === 2 && b === 3 ? 1 : a === 2 || b === 3 ? 0.2 : 0.4);
    const found = seeds.filter((seed) =>
      search(seed, 60, value, [4, 4])
        .slice(-10)
        .some((point) => value(point) === 1),
    );
    expect(found.length).toBeGreaterThan(15);
  });

  it("starts with points drawn evenly, whatever it is told", () => {
    const [told, other] = [search(0.3, 10, ([a = 0]) => a), search(0.3, 10, ([a = 0]) => -a)];
    expect(told).toEqual(other);
    const firsts = seeds.flatMap((seed) => search(seed, 10, () => 0).map(([a]) => a));
    for (const choice of [0, 1, 2, 3, 4, 5]) {
      expect(firsts.filter((one) => one === choice).length / firsts.length).toBeCloseTo(1 / 6, 0.8);
    }
  });

  it("goes on trying other points", () => {
    const points = search(0.5, 80, share([0, 0, 0, 0])).slice(10);
    expect(new Set(points.map((point) => point.join())).size).toBeGreaterThan(15);
  });

  it("draws the same with the same numbers, and only choices that there are", () => {
    const choices = [1, 2, 5];
    const points = search(0.7, 50, ([, b = 0]) => b, choices);
    expect(search(0.7, 50, ([, b = 0]) => b, choices)).toEqual(points);
    for (const point of points) {
      for (const [at, choice] of point.entries()) expect(choice).toBeLessThan(choices[at] ?? 0);
    }
  });
});

describe("trials", () => {
  it("count fully when they are recent, and less the older they are", () => {
    expect(weightsOf(3)).toEqual([1, 1, 1]);
    const weights = weightsOf(30);
    expect(weights.slice(5)).toEqual(Array.from({ length: 25 }, () => 1));
    expect(weights.slice(0, 5)).toEqual(weights.slice(0, 5).toSorted((a, b) => a - b));
    expect(weights[0]).toBeCloseTo(1 / 30);
  });
});
