import fc from "fast-check";
import { expect, it, test } from "vitest";
import { rowsText } from "../../../src/graph/example-rows.ts";

const TWO = '{"q":"a","n":1}\n{"q":"b"}';

it.each<[string, unknown]>([
  ["lines", TWO],
  ["spaced lines, blank ones between", '{ "q": "a", "n": 1 }\n\n  {"q": "b"},\n'],
  ["a list on several lines", '[\n  { "q": "a", "n": 1 },\n  { "q": "b" }\n]'],
  ["the list itself", [{ q: "a", n: 1 }, { q: "b" }]],
  ["a list of lines", ['{"q":"a","n":1}', '{"q":"b"}']],
])("are read from %s", (_, text) => {
  expect(rowsText(text)).toBe(TWO);
});

it.each<unknown>(["", "Q: a\nA: b", '{"q":"a"}\nand', "[1, 2]", '["a"]', [1], ["a"], null, "{"])(
  "are not %j",
  (text) => {
    expect(rowsText(text)).toBeNull();
  },
);

test("whatever it is given, it gives rows that it reads as the same, or nothing", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), fc.array(fc.json())), (text) => {
      const rows = rowsText(text);
      if (rows !== null) expect(rowsText(rows)).toBe(rows);
    }),
  );
});
