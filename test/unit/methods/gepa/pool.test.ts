import { randomLcg } from "d3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Member, Pool } from "../../../../src/methods/gepa/pool.ts";

function poolOf(members: readonly (Partial<Omit<Member, "scores">> & { readonly scores: readonly number[] })[]): Pool {
  const pool = new Pool(randomLcg(0.3));
  for (const { scores, ...rest } of members) {
    const byName = new Map(scores.map((score, index) => [`s${index}`, score]));
    pool.add({ texts: { a: "a", b: "b" }, parents: [], next: 0, ...rest, scores: byName });
  }
  return pool;
}

describe("the pool", () => {
  it("knows the best mean, of equals the first", () => {
    expect(poolOf([{ scores: [0, 1] }, { scores: [1, 0] }, { scores: [0, 0] }]).best).toBe(0);
  });

  it("has on each sample's front whoever scores best on it", () => {
    expect(poolOf([{ scores: [1, 0, 0] }, { scores: [0, 1, 1] }]).fronts()).toEqual([[0], [1], [1]]);
  });

  it("leaves out who is best nowhere alone", () => {
    // The first is as good as the second on one sample and as good as the third on the other.
    expect(
      poolOf([{ scores: [1, 1, 0] }, { scores: [1, 0, 1] }, { scores: [0, 1, 1] }])
        .fronts()
        .flat(),
    ).not.toContain(0);
    expect(poolOf([{ scores: [0, 0] }, { scores: [1, 0] }]).fronts()).toEqual([[1], [1]]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])("of two that make each other dispensable, leaves out the one with the lower mean", (lower, higher) => {
    const scores = [
      [1, 1, 0, 0, 0, 0],
      [1, 0, 1, 0, 0, 0.5],
    ];
    const rest = [{ scores: [0, 1, 0, 1, 0, 1] }, { scores: [0, 0, 1, 0, 1, 0] }];
    const pool = poolOf([{ scores: scores[lower] ?? [] }, { scores: scores[higher] ?? [] }, ...rest]);
    expect(pool.fronts()[0]).toEqual([higher]);
  });

  it("draws parents as often as they are best", () => {
    const pool = poolOf([{ scores: [1, 0, 0, 0] }, { scores: [0, 1, 1, 1] }]);
    const drawn = Array.from({ length: 2000 }, () => pool.drawParent());
    expect(drawn.filter((one) => one === 1).length / 2000).toBeCloseTo(0.75, 1);
  });

  it("always has someone on every front, and draws no one who is best nowhere", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }).chain((samples) =>
          fc.array(fc.array(fc.constantFrom(0, 0.5, 1), { minLength: samples, maxLength: samples }), {
            minLength: 1,
            maxLength: 7,
          }),
        ),
        (rows) => {
          const pool = poolOf(rows.map((scores) => ({ scores })));
          const fronts = pool.fronts();
          for (const [sample, front] of fronts.entries()) {
            expect(front.length).toBeGreaterThan(0);
            const top = Math.max(...rows.map((row) => row[sample] ?? 0));
            for (const one of front) expect(rows[one]?.[sample]).toBe(top);
          }
        },
      ),
    );
  });
});

describe("a merge", () => {
  /** Each sample twice: two lineages are joined if both were scored on five samples. */
  const merging = (members: Parameters<typeof poolOf>[0]) =>
    poolOf(members.map(({ scores, ...rest }) => ({ ...rest, scores: [...scores, ...scores] })));

  const family = [
    { texts: { a: "a0", b: "b0" }, scores: [0, 0, 1] },
    { texts: { a: "a1", b: "b0" }, parents: [0], scores: [1, 0, 1] },
    { texts: { a: "a0", b: "b2" }, parents: [0], scores: [0, 1, 1] },
  ];

  it("takes from each lineage the text that it alone changed", () => {
    expect(merging(family).merge()).toEqual({ texts: { a: "a1", b: "b2" }, parents: [1, 2] });
  });

  it("takes a text that both changed from the one with the higher mean", () => {
    const both = [
      family[0]!,
      { texts: { a: "a1", b: "b1" }, parents: [0], scores: [1, 0, 0, 1] },
      { texts: { a: "a2", b: "b0" }, parents: [0], scores: [0, 1, 1, 1] },
    ];
    expect(merging(both).merge()?.texts).toEqual({ a: "a2", b: "b1" });
  });

  it("is made only of two that were scored on five samples", () => {
    expect(poolOf(family).merge()).toBeNull();
  });

  it("is made once for each pair and ancestor", () => {
    const pool = merging(family);
    expect(pool.merge()).not.toBeNull();
    expect(pool.merge()).toBeNull();
  });

  it("joins no one with an ancestor, nor two that changed the same text alone", () => {
    const line = [family[0]!, family[1]!, { texts: { a: "a1", b: "b2" }, parents: [1], scores: [0, 1, 1] }];
    expect(merging(line).merge()).toBeNull();
    const same = [family[0]!, family[1]!, { texts: { a: "a2", b: "b0" }, parents: [0], scores: [0, 1, 1] }];
    // Each has its own text, and neither kept the ancestor's: there is nothing to join.
    expect(merging(same).merge()).toBeNull();
  });

  it("draws nothing for a pair without a common ancestor, so that later draws are the original's", () => {
    const drawn = (members: Parameters<typeof poolOf>[0]) => {
      let count = 0;
      const pool = new Pool(() => (count++ >= 0 ? 0.3 : 0));
      for (const { scores, ...rest } of members) {
        const byName = new Map([...scores, ...scores].map((score, index) => [`s${index}`, score]));
        pool.add({ texts: { a: "a", b: "b" }, parents: [], next: 0, ...rest, scores: byName });
      }
      pool.merge();
      return count;
    };
    const line = [family[0]!, family[1]!, { texts: { a: "a1", b: "b2" }, parents: [1], scores: [0, 1, 1] }];
    const same = [family[0]!, family[1]!, { texts: { a: "a2", b: "b0" }, parents: [0], scores: [0, 1, 1] }];
    // Two for each pair, ten pairs for each of ten joins.
    expect([line, same].map(drawn)).toEqual([200, 200]);
  });

  it("has no ancestor that is better than either", () => {
    const scores = [
      [1, 1, 1, 0, 0],
      [0, 0, 0, 1, 0],
      [0, 0, 0, 0, 1],
    ];
    const better = family.map((one, index) => ({ ...one, scores: scores[index] ?? [] }));
    expect(merging(better).merge()).toBeNull();
  });
});
