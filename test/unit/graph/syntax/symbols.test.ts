import { describe, expect, it } from "vitest";
import { JsonDocument } from "../../../../src/graph/syntax/document.ts";
import { outlineOf } from "../../../../src/graph/syntax/outline.ts";
import { dependents, useAt, usesIn, usesInPrompt } from "../../../../src/graph/syntax/symbols.ts";
import { invalid, valid } from "../fixtures.ts";

const wordProblems = valid.find(({ name }) => name === "word-problems")!;

function read(text: string, recover = false) {
  const document = new JsonDocument("/g", text, { recover });
  const outline = outlineOf(document);
  return { outline, uses: usesIn(document, outline) };
}

describe("uses", () => {
  it("are the names alone, whatever is around them", () => {
    const { uses } = read(wordProblems.text);
    expect(uses.length).toBeGreaterThan(8);
    for (const { name, range, around } of uses) {
      expect(wordProblems.text.slice(range.start, range.end)).toBe(name);
      expect(wordProblems.text.slice(around.start, around.end)).toMatch(/^"[^"]*"$|^\{\{ *[\w-]+ *\}\}$/);
      expect(useAt([{ name, range, around, kind: "reads", node: null }], range.start)?.name).toBe(name);
    }
    expect(new Set(uses.map(({ kind }) => kind))).toContain("kept");
  });

  it("lie inside the text of every damaged file, too", () => {
    for (const { text } of [...valid, ...invalid]) {
      for (let end = 0; end < text.length; end += 17) {
        const cut = text.slice(0, end);
        for (const { range, around } of [...read(cut).uses, ...read(cut, true).uses]) {
          expect(0 <= around.start && around.start <= range.start && range.start <= range.end).toBe(true);
          expect(range.end <= around.end && around.end <= cut.length).toBe(true);
        }
      }
    }
  });

  it("of all nodes are there although a quote is missing", () => {
    for (const [from, to] of [
      ['"inputs": ["question"],', '"inputs": ["question", "],'],
      ['"inputs": ["question"],', '"inputs": ["question", "pl],'],
      ['"inputs": ["question"],', '"inputs": ["question", "'],
      ['"role": "breaks the problem into steps",', '"role": "breaks the problem, and'],
    ] as const) {
      for (const end of ["\n", "\r\n"]) {
        const text = wordProblems.text.replace(from, to).replaceAll("\n", end);
        expect(text).not.toBe(wordProblems.text.replaceAll("\n", end));
        const { outline, uses } = read(text, true);
        expect(outline.nodes.map(({ id }) => id)).toEqual(["plan", "style", "solve"]);
        expect(outline.output?.name).toBe("solve");
        for (const { name, range, node } of uses) {
          if (node !== "plan") expect(text.slice(range.start, range.end)).toBe(name);
        }
      }
    }
  });

  it("of a prompt file leave out its front matter and what is escaped", () => {
    const content = "\uFEFF---\r\nname: {{no}}\r\n---\r\nSay \\{{no}} and {{ yes }}, {{no}\r\n{{also-yes}}";
    const uses = usesInPrompt(content);
    expect(uses.map(({ name }) => name)).toEqual(["yes", "also-yes"]);
    expect(uses.map(({ range }) => content.slice(range.start, range.end))).toEqual(["yes", "also-yes"]);
    expect(uses.map(({ around }) => content.slice(around.start, around.end))).toEqual(["{{ yes }}", "{{also-yes}}"]);
  });
});

it("dependents are all that a value flows into, circles included", () => {
  const nodes = { a: { inputs: ["c"] }, b: { inputs: ["a"] }, c: { inputs: ["b"] }, d: { inputs: ["q"] } };
  const { outline } = read(JSON.stringify({ inputs: ["q"], nodes }));
  expect([...dependents(outline, "a")].sort()).toEqual(["a", "b", "c"]);
  expect([...dependents(outline, "d")]).toEqual(["d"]);
});
