import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { KeyTable, type Span } from "../../../../src/run/record/key-table.ts";

const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "a", "b"));
const span = fc.record({ start: fc.nat(2 ** 40), length: fc.integer({ min: 1, max: 2 ** 26 }) });

it("finds what a map would find, whatever was set, replaced and deleted", () => {
  const change = fc.tuple(key, fc.option(span));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
      const table = new KeyTable();
      const map = new Map<string, Span>();
      for (const [name, place] of changes) {
        if (place === null) {
          table.delete(name);
          map.delete(name);
          continue;
        }
        const set = { start: place.start, end: place.start + place.length };
        table.set(name, set);
        map.set(name, set);
      }
      for (const [name] of changes) expect(table.get(name)).toEqual(map.get(name));
    }),
  );
});

it("keeps 200,000 keys apart while it grows", () => {
  const table = new KeyTable();
  const name = (index: number) => `key ${index}`;
  for (let index = 0; index < 200_000; index++) table.set(name(index), { start: index, end: index + 1 });
  const wrong = Array.from({ length: 200_000 }, (_, index) => index).filter(
    (index) => table.get(name(index))?.start !== index,
  );
  expect(wrong).toEqual([]);
  expect(table.get("another")).toBeUndefined();
});

it("never moves more than a few thousand keys at once", () => {
  const sizes: number[] = [];
  const Plain = Uint32Array;
  vi.stubGlobal(
    "Uint32Array",
    class extends Plain {
      constructor(size: number) {
        super(size);
        sizes.push(size);
      }
    },
  );
  try {
    const table = new KeyTable();
    for (let index = 0; index < 400_000; index++) table.set(`key ${index}`, { start: index, end: index + 1 });
  } finally {
    vi.unstubAllGlobals();
  }
  // Two halves of a hash for each of at most 8,192 slots.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 8_192);
});
