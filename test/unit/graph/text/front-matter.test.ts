import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { stringify } from "yaml";
import { replaceText } from "../../../../src/graph/edits/edit.ts";
import { applyEdits } from "../../../../src/graph/fault.ts";
import { frontMatterOf } from "../../../../src/graph/text/front-matter.ts";
import { promptText } from "../../../../src/graph/text/text.ts";
import { cpuTime } from "../../cpu-time.ts";

describe("front matter", () => {
  it.each([
    ["keys", "---\nname: solve\nmodel: gpt\n---\nSolve.\n"],
    ["comments", "---\n# about this prompt\nname: solve # the name\n---\nSolve.\n"],
    ["comments alone", "---\n# nothing yet\n---\nSolve.\n"],
    ["quoted keys", "---\n\"my name\": solve\n'other key': 2\n---\nSolve.\n"],
    ["keys in other scripts", "---\nназвание: решить\n名前: 解く\nprénom: x\n---\nSolve.\n"],
    ["nested values", "---\ninputs:\n  question:\n    type: string\nsample:\n- a\n- b: [1, 2]\n---\nSolve.\n"],
    ["a text over several lines", "---\ndescription: |\n  First.\n\n  Second.\n---\nSolve.\n"],
    ["a text folded without indentation marks", "---\ndescription: one\n  two\n---\nSolve.\n"],
    ["a key given twice", "---\nname: a\nname: b\n---\nSolve.\n"],
    ["one line of JSON", '---\n{"name": "solve", "tags": ["a"]}\n---\nSolve.\n'],
    ["the end mark of YAML", "---\nname: solve\n...\nSolve.\n"],
    ["spaces behind the marks", "--- \nname: solve\n---\t\nSolve.\n"],
    ["nothing", "---\n---\nSolve.\n"],
    ["TOML", '+++\nname = "solve"\n[model]\ntemperature = 0.5 # cool\n+++\nSolve.\n'],
    ["a line of +++ in TOML", '+++\ntext = """\n+++\n"""\n+++\nSolve.\n'],
    ["CRLF", "---\r\nname: solve\r\n---\r\nSolve.\r\n"],
    ["CR", "---\rname: solve\r---\rSolve.\r"],
    ["a byte order mark", "\uFEFF---\nname: solve\n---\nSolve.\n"],
  ])("is not a part of the text: %s", (_, content) => {
    expect(promptText(content)).toBe("Solve.");
    expect(frontMatterOf(content).problem).toBeNull();
  });

  it("ends with the file if nothing follows", () => {
    expect(promptText("---\nname: solve\n---")).toBe("");
    expect(promptText('+++\nname = "solve"\n+++')).toBe("");
  });

  it.each([
    ["prose", "---\nAnswer in one word.\nNever explain.\n---\nQuestion: {{question}}"],
    ["a list of rules", "---\n- Answer in one word.\n- Never explain.\n---\nNow."],
    ["a numbered list", "---\n1. Answer.\n2. Stop.\n---\nNow."],
    ["a heading", "---\n# Rules\nBe brief.\n---\nNow."],
    ["one line without an end", "---\nname: solve"],
    ["a longer rule", "----\nname: solve\n----\nNow."],
    ["an empty line before it", "\n---\nname: solve\n---\nNow."],
    ["pluses around prose", "+++\nBe brief.\n+++\nNow."],
    ["a template's braces", "---\n{{question}}\n---\nNow."],
    ["three dots alone", "...\nname: solve\n...\nNow."],
  ])("is not made of %s: all of it is sent", (_, content) => {
    expect(promptText(content)).toBe(content);
    expect(frontMatterOf(content).problem).toBeNull();
  });

  it.each([
    ["a value that is no YAML", "---\ntitle: a: b\n---\nNow.", "Nested mappings"],
    ["a bracket that stays open", "---\nname: solve\ntags: [a, b\n---\nNow.", "Flow sequence"],
    ["a sentence with a colon", "---\nRule 1: be brief\nRule 2: be kind\n---\nNow.", '"Rule 1"'],
    ["a pair that is no TOML", "+++\nname = solve\n+++\nNow.", "not valid TOML"],
  ])("is in doubt with %s: all of it is sent, and it is reported", (_, content, problem) => {
    expect(promptText(content)).toBe(content);
    expect(frontMatterOf(content).problem).toContain(problem);
  });

  it("takes no time with what only looks like it", () => {
    const used = cpuTime(() => {
      frontMatterOf(`---\n${"a: [".repeat(100_000)}\n---\n`);
      frontMatterOf(`---\n${"- - ".repeat(5_000)}\n---\n`);
      frontMatterOf(`---\na: &a x\n${Array.from({ length: 2_000 }, (_, i) => `b${i}: [*a, *a]\n`).join("")}---\n`);
      frontMatterOf(`+++\n${"+++x\n".repeat(50_000)}`);
      frontMatterOf("---\n".repeat(50_000));
    });
    expect(used).toBeLessThan(5_000);
  });
});

const words = fc.stringMatching(/^[\p{L}\p{N} .,:#'"{}[\]-]{0,30}$/u);
const metadata = fc.dictionary(
  fc.stringMatching(/^[\p{L}_][\p{L}\p{N}_. -]{0,12}$/u),
  fc.oneof(
    words,
    fc.integer(),
    fc.boolean(),
    fc.array(words, { maxLength: 3 }),
    fc.dictionary(words, words, { maxKeys: 2 }),
  ),
  { minKeys: 1, maxKeys: 5 },
);

test("what a YAML writer wrote stays byte for byte, whatever text is put after it", () => {
  const end = fc.constantFrom("\n", "\r\n");
  const text = fc.array(fc.oneof(words, fc.constantFrom("---", "+++", "...", "name: x", "")), { maxLength: 6 });
  fc.assert(
    fc.property(metadata, text, text, end, fc.boolean(), (keys, before, after, lineEnd, dots) => {
      const yaml = stringify(keys, { defaultKeyType: "QUOTE_DOUBLE" });
      const front = `---\n${yaml}${dots ? "..." : "---"}\n`.replaceAll("\n", lineEnd);
      const content = `${front}${before.join(lineEnd)}${lineEnd}`;
      expect(frontMatterOf(content).end).toBe(front.length);
      expect(promptText(content)).toBe(before.join("\n"));
      const changed = applyEdits(content, replaceText(content, { node: "a", form: "file" }, after.join("\n")));
      expect(changed.startsWith(front)).toBe(true);
      expect(promptText(changed)).toBe(after.join("\n"));
    }),
  );
});

test("a text reads back as it was written, also if it looks like front matter", () => {
  const lines = fc.constantFrom(
    "---",
    "+++",
    "...",
    "name: x",
    'a = "b"',
    "- x",
    "# x",
    "Prose.",
    "",
    "{a: 1}",
    "k: [",
  );
  const text = fc.array(lines, { maxLength: 7 }).map((all) => all.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const content = applyEdits("x\n", replaceText("x\n", { node: "a", form: "file" }, before));
      expect(promptText(content)).toBe(before);
      expect(promptText(applyEdits(content, replaceText(content, { node: "a", form: "file" }, after)))).toBe(after);
    }),
    { numRuns: 1000 },
  );
});
