import fc from "fast-check";
import { expect, it } from "vitest";
import { ValueKeys } from "../../../../src/run/state/value-keys.ts";

it("holds what was set last, whatever the names and keys", () => {
  const name = fc.constantFrom("a", "b", "__proto__", "constructor", "");
  const sample = fc.oneof(
    name,
    fc.nat(400).map((number) => `s${number}`),
  );
  const digit = fc.constantFrom(..."0123456789abcdef");
  const key = fc.oneof(
    fc.string(),
    fc.array(digit, { minLength: 64, maxLength: 64 }).map((digits) => digits.join("")),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, sample, name, key)), (entries) => {
      const keys = new ValueKeys();
      const expected = new Map<string, Map<string, Map<string, string>>>();
      for (const [theta, id, node, value] of entries) {
        keys.set(theta, id, node, value);
        const samples = expected.get(theta) ?? new Map();
        expected.set(theta, samples.set(id, (samples.get(id) ?? new Map()).set(node, value)));
      }
      expect([...keys.thetas()]).toEqual([...expected.keys()]);
      for (const [theta, samples] of expected) {
        expect([...keys.samples(theta)]).toEqual([...samples.keys()]);
        for (const [id, nodes] of samples) {
          const found = Object.entries(keys.of(theta, id) ?? {}).sort();
          expect(found).toEqual([...nodes].sort());
          for (const [node, value] of nodes) expect(keys.at(theta, id, node)).toBe(value);
          expect(keys.at(theta, id, "no node")).toBeUndefined();
        }
      }
      expect(keys.of("no theta", "s1")).toBeUndefined();
      expect(keys.at("no theta", "s1", "a")).toBeUndefined();
    }),
  );
});
