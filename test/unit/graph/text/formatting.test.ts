import fc from "fast-check";
import { applyEdits, format } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { changedLines, isSameButFormatting, isSameButSpacing } from "../../../../src/graph/text/formatting.ts";

describe("a text after the editor has saved it", () => {
  it.each([
    ["spaces at line ends", "One.  \nTwo.\t\nThree.", "One.\nTwo.\nThree."],
    ["empty lines at the end", "One.\n\n\n", "One."],
    ["line ends", "One.\r\nTwo.\r\n", "One.\nTwo.\n"],
    ["a byte order mark", "\uFEFFOne.", "One."],
  ])("is the same but for %s", (_, applied, saved) => {
    expect(isSameButSpacing(applied, saved)).toBe(true);
    expect(changedLines(applied, saved)).toEqual([]);
  });

  it.each([
    ["a word", "Answer with a number.", "Answer with a word."],
    ["an indentation", "  - one\n  - two", "- one\n- two"],
    ["white space within a line", "a  b", "a b"],
    ["an empty line between others", "One.\n\nTwo.", "One.\nTwo."],
    ["a list mark", "* one", "- one"],
  ])("differs in %s", (_, applied, saved) => {
    expect(isSameButSpacing(applied, saved)).toBe(false);
    expect(changedLines(applied, saved)).not.toEqual([]);
  });

  it("names the lines that went and those that came", () => {
    expect(changedLines("Same.  \n* one\nEnd.", "Same.\n- one\nEnd.\n")).toEqual(["− * one", "+ - one"]);
  });
});

describe("a JSON file after a formatter has rewritten it", () => {
  const isSame = (one: string, other: string) => isSameButFormatting(one, other, true);

  it("is the same in any indentation, whatever it contains", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(1, 2, 8), fc.boolean(), (json, tabSize, insertSpaces) => {
        const formatted = applyEdits(
          json,
          format(json, undefined, { tabSize, insertSpaces, insertFinalNewline: true }),
        );
        expect(isSame(json, formatted)).toBe(true);
      }),
    );
  });

  it("differs if a value, a key or a comment does", () => {
    const json = '{\n  // why\n  "a": "x  y", "b": [1, 2]\n}';
    for (const [from, to] of [
      ["x  y", "x y"],
      ['"b"', '"c"'],
      ["why", "who"],
      ["[1, 2]", "[1, 3]"],
      [", 2", ""],
      ["[1", '["1"'],
    ] as const) {
      expect(isSame(json, json.replace(from, to))).toBe(false);
    }
    expect(isSame('{"a": "1 2"}', '{"a": "1", "2": ""}')).toBe(false);
  });

  it("is a matter of JSON alone", () => {
    expect(isSameButFormatting("a [1, 2]", "a [1,2]", false)).toBe(false);
  });
});
