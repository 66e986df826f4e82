import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Extractor } from "../../../../src/graph/graph.ts";
import { Patterns, PatternTimeout } from "../../../../src/graph/pattern.ts";
import { extract, shownValue } from "../../../../src/graph/replies/extract.ts";

const value = async (reply: string, extractor: Extractor | null) => {
  const { value: found, formatError } = await extract(reply, extractor, new Patterns());
  return formatError ? `format error: ${found}` : found;
};

describe("extract", () => {
  it("takes all of a reply by default", async () => {
    expect(await value(" 42\n", null)).toBe("42");
    expect(await value("", null)).toBe("");
  });

  it("takes what follows the last mark", async () => {
    const after: Extractor = { kind: "after", after: "Answer:" };
    expect(await value("Answer: maybe 3.\nNo. Answer: 4 \n", after)).toBe("4");
    expect(await value(" It is 4. ", after)).toBe("format error: It is 4.");
    expect(await value("Answer: ", after)).toBe("format error: Answer:");
    expect(await value("Answer: 4\nfor these reasons:\n- a\n", after)).toBe("4\nfor these reasons:\n- a");
  });

  it("leaves out the emphasis that a mark is in", async () => {
    const after: Extractor = { kind: "after", after: "Answer:" };
    expect(await value("So **Answer:** 4", after)).toBe("4");
    expect(await value("So **Answer: 4**", after)).toBe("4");
    expect(await value("So **Answer: 4** it is", after)).toBe("4 it is");
    expect(await value("**So** Answer: **4**", after)).toBe("**4**");
    expect(await value("`Answer: x*y`", after)).toBe("x*y");
    expect(await value("*Answer: 2", after)).toBe("2");
  });

  it("takes the last tag", async () => {
    const tag: Extractor = { kind: "tag", tag: "answer" };
    expect(await value("<answer>3</answer> no: <answer>\n4\n</answer>.", tag)).toBe("4");
    expect(await value("</answer><answer>3", tag)).toBe("format error: </answer><answer>3");
  });

  it("takes the group of a pattern", async () => {
    expect(await value("= 4!", { kind: "pattern", pattern: "= (\\d)" })).toBe("4");
    expect(await value("none", { kind: "pattern", pattern: "= (\\d)" })).toBe("format error: none");
  });

  it("gives up a pattern that does not end, and shows the reply as it came", async () => {
    const endless: Extractor = { kind: "pattern", pattern: "(a+)+$" };
    const reply = `${"a".repeat(60)}b`;
    await expect(extract(reply, endless, new Patterns())).rejects.toBeInstanceOf(PatternTimeout);
    const patterns = new Patterns();
    expect([shownValue(reply, endless, patterns), shownValue("baa", endless, patterns)]).toEqual([reply, "baa"]);
    expect(shownValue("= 4!", { kind: "pattern", pattern: "= (\\d)" }, patterns)).toBe("4");
  });

  it("takes a path of JSON, also out of a fence or prose", async () => {
    const json: Extractor = { kind: "json", json: "answer.list.1" };
    expect(await value('{"answer":{"list":[1,"two"]}}', json)).toBe("two");
    expect(await value('Here:\n```json\n{"answer":{"list":[1,{"x":2}]}}\n```', json)).toBe('{"x":2}');
    expect(await value('I say {"a":"}"} and {"answer":{"list":[1,false]}} so.', json)).toBe("false");
    expect(await value('{"answer":{"list":[]}}', json)).toBe('format error: {"answer":{"list":[]}}');
    expect(await value('{"toString":1}', { kind: "json", json: "constructor" })).toBe('format error: {"toString":1}');
  });
});

describe("JSON of a reply", () => {
  const answer: Extractor = { kind: "json", json: "answer" };
  it.each([
    ["LaTeX with single backslashes", '{"answer": "\\frac{3}{4}"}', "\\frac{3}{4}"],
    ["LaTeX as JSON wants it", '{"answer": "\\\\frac{3}{4} \\\\times 2"}', "\\frac{3}{4} \\times 2"],
    ["a regular expression", '{"answer": "\\d+\\.\\d{2}"}', "\\d+\\.\\d{2}"],
    ["quotes that are not escaped", '{"answer": "say "yes""}', 'say "yes"'],
    ["a number as it was written", '{"answer": 1.50}', "1.50"],
    ["digits that JavaScript loses", '{"answer": 9007199254740993}', "9007199254740993"],
    ["brackets in the words around", 'As in [1] {x}: {"answer": 4} [2]', "4"],
    ["another object behind", '{"answer": 4}\n{"confidence": 0.9}', "4"],
    ["an object in a list", '[{"answer": 4}]', "4"],
    ["JSON in a string", '"{\\"answer\\": \\"4\\"}"', "4"],
    ["other key case", '{"Answer": 4}', "4"],
    ["a Python literal", "{'answer': True}", "true"],
    ["nothing of the kind", '{"result": 4}', 'format error: {"result": 4}'],
    ["half of an object", '{"answer": "4"', 'format error: {"answer": "4"'],
  ])("is read with %s", async (_, reply, expected) => {
    expect(await value(reply, answer)).toBe(expected);
  });
});

test("no reply makes it throw or wait", async () => {
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
  const patterns = new Patterns();
  await fc.assert(
    fc.asyncProperty(reply, extractor, async (text, how) => {
      const { value: found, formatError } = await extract(text, how, patterns);
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
    expect((await extract(text, { kind: "json", json: "a" }, patterns)).formatError).toBe(true);
  }
});
