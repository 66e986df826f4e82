import fc from "fast-check";
import { expect, it } from "vitest";
import { foldsOf } from "../../../src/data/folds.ts";
import { SPLITS } from "../../../src/data/sample.ts";

const samples = (count: number, from = 0) =>
  Array.from({ length: count }, (_, at) => ({ id: `s${from + at}`, inputs: {}, targets: [], feedback: null }));

it("holds each sample out once, and no search trains or judges by what it holds out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 4, max: 90 }), (k, count) => {
      const data = { train: samples(Math.ceil(count / 2)), validation: samples(count >> 1, 1000), test: [] };
      const folds = foldsOf(data, k);
      expect(folds).toHaveLength(k);
      const ids = [...data.train, ...data.validation].map(({ id }) => id).sort();
      expect(folds.flatMap(({ test }) => test.map(({ id }) => id)).sort()).toEqual(ids);
      for (const fold of folds) {
        const all = SPLITS.flatMap((split) => fold[split].map(({ id }) => id));
        expect(all.sort()).toEqual(ids);
        expect(Math.abs(fold.train.length - fold.validation.length)).toBeLessThanOrEqual(k);
        expect(fold.test.length - Math.floor(count / k)).toBeOneOf([0, 1]);
      }
      expect(foldsOf(data, k)).toEqual(folds);
    }),
  );
});
