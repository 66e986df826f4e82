import * as fc from "fast-check";
import { expect, it } from "vitest";
import { nextPart } from "../../../webview/in-parts.ts";

it("draws all elements in parts of at most so many, in their order, and drops none on the way", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(500)),
      fc.uniqueArray(fc.nat(500)),
      fc.integer({ min: 1, max: 40 }),
      (all, old, most) => {
        /** Elements in the document: true if in the current form. */
        const shown = new Map(old.map((one) => [one, one % 2 === 0]));
        for (let parts = 0; ; parts++) {
          const isDrawn = (one: number) => shown.get(one) === true;
          const before = all.filter((one) => shown.has(one));
          const { items, isPartial, isFresh } = nextPart(all, most, isDrawn, (one) => shown.has(one));
          expect(items.filter((one) => isFresh(one) && !isDrawn(one)).length).toBeLessThanOrEqual(most);
          expect(items).toEqual(expect.arrayContaining(before));
          expect(items).toEqual(all.filter((one) => items.includes(one)));
          const next = new Map(items.map((one) => [one, isFresh(one)]));
          shown.clear();
          for (const [one, isCurrent] of next) shown.set(one, isCurrent);
          if (!isPartial) break;
          expect(parts).toBeLessThan(all.length);
        }
        expect([...shown.keys()]).toEqual(all);
        expect([...shown.values()].every(Boolean)).toBe(true);
      },
    ),
  );
});
