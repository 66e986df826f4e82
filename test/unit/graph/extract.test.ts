import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { extract } from "../../../src/graph/extract.ts";
import type { Extractor } from "../../../src/graph/graph.ts";
import { PatternTimeout } from "../../../src/graph/pattern.ts";

const value = (reply: string, extractor: Extractor | null) => {
  const { value: found, formatError } = extract(reply, extractor);
  return formatError ? `format error: ${found}` : found;
};

describe("extract", () => {
  it("takes all of a reply by default", () => {
    expect(value(" 42\n", null)).toBe("42");
    expect(value("", null)).toBe("");
  });

  it("takes what follows the last mark", () => {
    const after: Extractor = { kind: "after", after: "Answer:" };
    expect(value("Answer: maybe 3.\nNo. Answer: 4 \n", after)).toBe("4");
    expect(value(" It is 4. ", after)).toBe("format error: It is 4.");
    expect(value("Answer: ", after)).toBe("format error: Answer:");
    expect(value("Answer: 4\nfor these reasons:\n- a\n", after)).toBe("4\nfor these reasons:\n- a");
  });

  it("leaves out the emphasis that a mark stands in", () => {
    const after: Extractor = { kind: "after", after: "Answer:" };
    expect(value("So **Answer:** 4", after)).toBe("4");
    expect(value("So **Answer: 4**", after)).toBe("4");
    expect(value("So **Answer: 4** it is", after)).toBe("4 it is");
    expect(value("**So** Answer: **4**", after)).toBe("**4**");
    expect(value("`Answer: x*y`", after)).toBe("x*y");
    expect(value("*Answer: 2", after)).toBe("2");
  });

  it("takes the last tag", () => {
    const tag: Extractor = { kind: "tag", tag: "answer" };
    expect(value("<answer>3</answer> no: <answer>\n4\n</answer>.", tag)).toBe("4");
    expect(value("</answer><answer>3", tag)).toBe("format error: </answer><answer>3");
  });

  it("takes the group of a pattern, within a time limit", () => {
    expect(value("= 4!", { kind: "pattern", pattern: "= (\\d)" })).toBe("4");
    expect(value("none", { kind: "pattern", pattern: "= (\\d)" })).toBe("format error: none");
    expect(() => extract(`${"a".repeat(60)}b`, { kind: "pattern", pattern: "(a+)+$" })).toThrow(PatternTimeout);
  });

  it("takes a path of JSON, also out of a fence or prose", () => {
    const json: Extractor = { kind: "json", json: "answer.list.1" };
    expect(value('{"answer":{"list":[1,"two"]}}', json)).toBe("two");
    expect(value('Here:\n```json\n{"answer":{"list":[1,{"x":2}]}}\n```', json)).toBe('{"x":2}');
    expect(value('I say {"a":"}"} and {"answer":{"list":[1,false]}} so.', json)).toBe("false");
    expect(value('{"answer":{"list":[]}}', json)).toBe('format error: {"answer":{"list":[]}}');
    expect(value('{"toString":1}', { kind: "json", json: "constructor" })).toBe('format error: {"toString":1}');
  });
});

test("no reply makes it throw or wait", () => {
  const piece = fc.constantFrom("Answer:", "<a>", "</a>", "{", "}", "[", '"', "\\", "```json\n", "```", "\n", "x");
  const reply = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(piece, { maxLength: 200 }).map((all) => all.join("")),
  );
  const extractor = fc.constantFrom<Extractor | null>(
    null,
    { kind: "after", after: "Answer:" },
    { kind: "tag", tag: "a" },
    { kind: "json", json: "a.b" },
    { kind: "json", json: "" },
  );
  fc.assert(
    fc.property(reply, extractor, (text, how) => {
      const { value: found, formatError } = extract(text, how);
      expect(found).toBe(found.trim());
      if (formatError) expect(found).toBe(text.trim());
    }),
  );
  for (const text of [
    "```\n".repeat(30_000),
    "\n".repeat(100_000),
    "{".repeat(100_000),
    '["'.repeat(50_000),
    "```\n\n\n".repeat(20_000),
  ]) {
    expect(extract(text, { kind: "json", json: "a" }).formatError).toBe(true);
  }
});
