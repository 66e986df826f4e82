// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are other languages' braces.
import fc from "fast-check";
import { parse as parseToml, stringify as stringifyToml } from "smol-toml";
import { describe, expect, it, test } from "vitest";
import { Document, isMap, isScalar, isSeq, type ParsedNode, parseDocument, type Scalar } from "yaml";
import { applyEdits } from "../../../src/graph/fault.ts";
import type { TextPart } from "../../../src/graph/places/part.ts";
import { placedText, unfitFor } from "../../../src/graph/places/place.ts";
import { isPlaced, type PlacedText, TextUnfit } from "../../../src/graph/places/placed-text.ts";

function placed(content: string, part: TextPart): PlacedText {
  const found = placedText(content, part);
  if (!isPlaced(found)) throw new Error(`${found.problem} ${found.remedy}`);
  return found;
}

const key = (format: "yaml" | "json" | "toml", name: string): TextPart => ({ kind: "key", key: name, format });

function written(content: string, part: TextPart, text: string): string {
  return applyEdits(content, placed(content, part).edits(text));
}

const CREW = `# who does the work
researcher: &lead
  role: >
    {topic} Senior Data Researcher   # not a comment
  goal: >
    Uncover cutting-edge developments
    in {topic}

    and tell them
  backstory: 'It''s known'   # why
  tools: [search, "read\\nit"]
  plain: one line
  more: a plain text
    over two lines
  literal: |-
    First.

      - indented

    Last.
  keep: |+
    Kept.

other: *lead
`;

describe("a text under a key of a YAML file", () => {
  const yaml = (name: string) => key("yaml", name);

  it.each([
    ["researcher.role", "{topic} Senior Data Researcher   # not a comment"],
    ["researcher.goal", "Uncover cutting-edge developments in {topic}\nand tell them"],
    ["researcher.backstory", "It's known"],
    ["researcher.tools.1", "read\nit"],
    ["researcher.more", "a plain text over two lines"],
    ["researcher.literal", "First.\n\n  - indented\n\nLast."],
    ["researcher.keep", "Kept."],
  ])("is read: %s", (name, text) => {
    expect(placed(CREW, yaml(name)).text).toBe(text);
  });

  it("keeps the style, the comment and the quotes", () => {
    expect(written(CREW, yaml("researcher.role"), "Expert")).toBe(
      CREW.replace("    {topic} Senior Data Researcher   # not a comment\n", "    Expert\n"),
    );
    expect(written(CREW, yaml("researcher.backstory"), "It's new")).toBe(CREW.replace("'It''s known'", "'It''s new'"));
    expect(written(CREW, yaml("researcher.tools.1"), "a\nb")).toBe(CREW.replace('"read\\nit"', '"a\\nb"'));
    expect(written(CREW, yaml("researcher.plain"), "other words")).toBe(CREW.replace("one line", "other words"));
    expect(written(CREW, yaml("researcher.keep"), "New.")).toBe(CREW.replace("    Kept.\n", "    New.\n"));
  });

  it("changes only the lines of a block that differ", () => {
    expect(written(CREW, yaml("researcher.literal"), "First.\n\n  - indented\n- more\n\nLast.")).toBe(
      CREW.replace("      - indented\n", "      - indented\n    - more\n"),
    );
    expect(written(CREW, yaml("researcher.goal"), "Uncover cutting-edge developments in {topic}\nand sell them")).toBe(
      CREW.replace("    and tell them\n", "    and sell them\n"),
    );
    expect(written(CREW, yaml("researcher.goal"), "Uncover cutting-edge developments of {topic}\nand tell them")).toBe(
      CREW.replace("    in {topic}\n", "    of {topic}\n"),
    );
  });

  it.each([
    ["in single quotes", "'", "''"],
    ["without quotes", "", "'"],
  ])("changes only the lines of a text over several lines %s that differ", (_, quote, apostrophe) => {
    const content = `a:\n  goal: ${quote}Don${apostrophe}t parse resumes that are long and produce\n    a profile for each candidate\n    with a name.\n\n    Then stop.${quote}   # why\n  next: 1\n`;
    const text = "Don't parse resumes that are long and produce a profile for each candidate with a name.\nThen stop.";
    expect(placed(content, yaml("a.goal")).text).toBe(text);
    expect(written(content, yaml("a.goal"), `${text}\nIt's all.`)).toBe(
      content.replace(`Then stop.${quote}`, `Then stop.\n\n    It${apostrophe}s all.${quote}`),
    );
    expect(written(content, yaml("a.goal"), text.replace("candidate", "person"))).toBe(
      content.replace("each candidate", "each person"),
    );
    const one = content.replace("\n\n    Then stop.", "");
    expect(written(one, yaml("a.goal"), `${text.split("\n")[0]} Be brief.`)).toBe(
      one.replace("with a name.", quote === "" ? "with a name.\n    Be brief." : "with a name. Be brief."),
    );
  });

  it("quotes what would else be no text", () => {
    for (const text of ["yes", "12:30", "a: b", "# no", "- x", "null", "0x1f", " spaced "]) {
      const after = written(CREW, yaml("researcher.plain"), text);
      expect(parseDocument(after).getIn(["researcher", "plain"])).toBe(text);
    }
  });

  it("makes a block of a line that becomes several", () => {
    expect(written(CREW, yaml("researcher.plain"), "one\n\ntwo")).toBe(
      CREW.replace("plain: one line", "plain: |-\n    one\n\n    two"),
    );
    // A comment behind the text stays, so the text stays on its line.
    expect(written(CREW, yaml("researcher.backstory"), "one\ntwo")).toBe(CREW.replace("'It''s known'", '"one\\ntwo"'));
  });

  it.each([
    ["other", "has no text", "Name a key whose value is a text."],
    ["researcher.nothing", 'has no key "researcher.nothing"', '"role", "goal"'],
    ["researcher", "has no text under the key", "whose value is a text"],
  ])("says why there is none: %s", (name, problem, remedy) => {
    const found = placedText(CREW.replace("other: *lead", "other: 1"), yaml(name));
    expect(found).toMatchObject({ problem: expect.stringContaining(problem), remedy: expect.stringContaining(remedy) });
  });

  it("names the anchor if a text is another's", () => {
    const found = placedText("a: &x text\nb: *x\n", yaml("b"));
    expect(found).toMatchObject({ problem: 'repeats another text (*x) under the key "b"' });
    expect(written("a: &x text\nb: *x\n", yaml("a"), "new")).toBe("a: &x new\nb: *x\n");
  });

  it("reads keys with dots, tags, several documents and CRLF", () => {
    expect(placed("a.b:\n  c.d: x\n", yaml("a.b.c.d")).text).toBe("x");
    expect(placed("p: !prompt |\n  x\n", yaml("p")).text).toBe("x");
    expect(placed("a: 1\n---\nb: x\n", yaml("b")).text).toBe("x");
    const windows = "a: |\r\n  one\r\n  two\r\nb: 1\r\n";
    expect(written(windows, yaml("a"), "one\ntwo\nthree")).toBe(windows.replace("  two\r\n", "  two\r\n  three\r\n"));
  });

  it("finds where a word of the text is", () => {
    for (const name of ["researcher.role", "researcher.goal"]) {
      const found = placed(CREW, yaml(name));
      const { start, end } = found.rangeOf(found.text.indexOf("{topic}"), 7);
      expect(CREW.slice(start, end)).toBe("{topic}");
      expect(start).toBeGreaterThan(found.range.start);
      expect(end).toBeLessThan(found.range.end);
    }
  });
});

describe("a text under a key of a TOML file", () => {
  const file = `# prompts
title = 'x' # name
[summarize]
system = """
Be brief.
Use \\"quotes\\" and \\\\.
"""
user = "Text: {x}"
raw = '''
C:\\path
'''
list = [{ text = "a" }, { text = "b" }]
when = 1979-05-27
`;
  const toml = (name: string) => key("toml", name);

  it("is read and written in its quotes", () => {
    expect(placed(file, toml("summarize.system")).text).toBe('Be brief.\nUse "quotes" and \\.');
    expect(written(file, toml("summarize.system"), 'Be brief.\nUse "quotes" and \\.\nAnd """ \\n.')).toBe(
      file.replace("and \\\\.\n", 'and \\\\.\nAnd "\\"" \\\\n.\n'),
    );
    expect(written(file, toml("title"), "it")).toBe(file.replace("'x'", "'it'"));
    expect(written(file, toml("title"), "it's")).toBe(file.replace("'x'", '"it\'s"'));
    expect(written(file, toml("summarize.raw"), "D:\\path")).toBe(file.replace("C:\\path", "D:\\path"));
    expect(written(file, toml("summarize.list.1.text"), "c")).toBe(file.replace('"b"', '"c"'));
  });

  it("says why there is none", () => {
    expect(placedText(file, toml("summarize.when"))).toMatchObject({
      problem: 'has no text under the key "summarize.when"',
    });
    expect(placedText(file, toml("summarize.no"))).toMatchObject({ problem: 'has no key "summarize.no"' });
    expect(placedText("a = [", toml("a"))).toMatchObject({
      problem: expect.stringContaining("is not valid TOML (line 1"),
    });
  });
});

describe("a text under a key of a JSON file", () => {
  it("changes only what differs", () => {
    const file = '{\n  // note\n  "a": { "b.c": ["x", "one\\ntwo"], },\n}\n';
    expect(placed(file, key("json", "a.b.c.1")).text).toBe("one\ntwo");
    expect(written(file, key("json", "a.b.c.1"), "one\nthree")).toBe(file.replace("two", "three"));
    expect(placedText(file, key("json", "a.c"))).toMatchObject({
      problem: 'has no key "a.c"',
      remedy: expect.stringContaining('"b.c"'),
    });
  });

  it("can be a list of its lines, of which the ones that differ change", () => {
    const file = '{\n  "a": [\n    "one", // first\n    "two {{x}}"\n  ],\n  "b": ["c", 1]\n}\n';
    const lines = placed(file, key("json", "a"));
    expect(lines.text).toBe("one\ntwo {{x}}");
    const { start, end } = lines.rangeOf(8, 5);
    expect(file.slice(start, end)).toBe("{{x}}");
    expect(written(file, key("json", "a"), "one\nthree\nfour")).toBe(
      file.replace('"two {{x}}"', '"three",\n    "four"'),
    );
    expect(placedText(file, key("json", "b"))).toMatchObject({ problem: 'has no text under the key "b"' });
  });
});

const SKILL = `---
name: review
---

# Skill

## Review

Look for faults.

### How

\`\`\`sh
## no heading
\`\`\`

## Write ##
Write it.
## Empty

`;

describe("a section of a Markdown file", () => {
  const section = (name: string): TextPart => ({ kind: "section", section: name });

  it("ends at the next heading of its level, and contains deeper ones", () => {
    expect(placed(SKILL, section("## Review")).text).toBe("Look for faults.\n\n### How\n\n```sh\n## no heading\n```");
    expect(placed(SKILL, section("Write")).text).toBe("Write it.");
    expect(placed(SKILL, section("## Empty")).text).toBe("");
    expect(placedText(SKILL, section("## None"))).toMatchObject({ problem: 'has no section "## None"' });
    expect(placedText("# A\n# A\n", section("# A"))).toMatchObject({ problem: 'has 2 sections "# A"' });
  });

  it("changes only its own lines", () => {
    expect(written(SKILL, section("## Review"), "Look for faults.\n\n### Where\n\nHere.")).toBe(
      SKILL.replace("### How\n\n```sh\n## no heading\n```", "### Where\n\nHere."),
    );
    expect(written(SKILL, section("## Empty"), "Text.")).toBe(SKILL.replace("## Empty\n\n", "## Empty\n\nText.\n\n"));
  });

  it("refuses a text that would end it", () => {
    for (const text of ["a\n## b", "# b", "```\ncode"]) {
      expect(() => placed(SKILL, section("## Review")).edits(text)).toThrow(TextUnfit);
      expect(unfitFor(section("## Review"), "", text)).not.toBeNull();
    }
    expect(unfitFor(section("## Review"), "", "### b\n```\n# code\n```")).toBeNull();
  });
});

describe("a text between two marks", () => {
  const python = 'import x\n\nPROMPT = """\nYou are kind.\nBe brief.\n"""\n\nprint(PROMPT)\n';
  const between = (start: string, end: string, code = true): TextPart => ({ kind: "between", start, end, code });
  const prompt = between('PROMPT = """', '"""');

  it("is read and written without the line ends at the marks", () => {
    expect(placed(python, prompt).text).toBe("You are kind.\nBe brief.");
    expect(written(python, prompt, "You are kind.\nBe short.")).toBe(python.replace("Be brief.", "Be short."));
    expect(written("x = 'a'", between("x = '", "'"), "b")).toBe("x = 'b'");
  });

  it.each([
    ['has """', prompt],
    ["has \\d", prompt],
    ['ends with "', prompt],
    ["two\nlines", between("PROMPT = '", "'")],
    ["has ${x}", between("PROMPT = `", "`")],
  ])("refuses what the program would read otherwise: %s", (text, part) => {
    expect(unfitFor(part, "base", text)).not.toBeNull();
  });

  it("is what was written, wherever the marks are", () => {
    const marks = fc.constantFrom(
      ["<<", ">>"],
      ["[[", "]]"],
      ["<!-- a -->", "<!-- b -->"],
      ["P = `", "`;"],
      ["aXa", "aYa"],
    );
    const gap = fc.constantFrom("", "\n", "\n\n", " ");
    const text = fc.string({ unit: fc.constantFrom(..."aXY[]<>-`\n "), maxLength: 8 });
    fc.assert(
      fc.property(marks, gap, gap, text, text, ([start = "", end = ""], before, after, old, wanted) => {
        const part = between(start, end, false);
        const content = `x\n${start}${before}${old}${after}${end}\ny\n`;
        const found = placedText(content, part);
        if (!("text" in found) || unfitFor(part, found.text, wanted) !== null) return;
        const now = placed(applyEdits(content, found.edits(wanted)), part);
        expect(now.text).toBe(wanted.trim() === "" ? "" : wanted.replace(/^(?:[ ]*\n)+|(?:\n[ ]*)+$/g, ""));
      }),
      { numRuns: 2_000 },
    );
    expect(unfitFor(between("<<", ">>", false), "a", "a>")).toContain("which would end it");
    expect(unfitFor(between("<<", ">>", false), "a", "<a")).toContain("which would begin it anew");
  });

  it("allows a backslash in raw strings, and in files that are not code", () => {
    expect(unfitFor(between('P = r"""', '"""'), "", "\\d")).toBeNull();
    expect(unfitFor(between("<!-- from -->", "<!-- to -->", false), "", "\\d")).toBeNull();
  });

  it("says which mark is missing, or not the only one", () => {
    expect(placedText(python, between("TEXT = ", '"'))).toMatchObject({ problem: 'does not contain "TEXT = "' });
    expect(placedText(python, between('"""', '"""'))).toMatchObject({
      problem: expect.stringContaining("more than once"),
    });
    expect(placedText(python, between("print(", "]"))).toMatchObject({ problem: expect.stringContaining("after") });
  });
});

/** Texts as people and models write them: lines, indentation, quotes, signs that mean something to the format. */
const word = fc.constantFrom(
  "Solve",
  "the",
  "task:",
  "#1",
  "- item",
  "{{x}}",
  "{y}",
  "'quoted'",
  '"said"',
  "\\frac",
  "yes",
  "12:30",
  "[a]",
  "&x",
  "*y",
  "ü",
  "😀",
  "%",
  "@",
  "`code`",
  "---",
  "...",
  "key: value",
  "|",
  ">",
  "!tag",
  "\t",
  "'''",
  '"""',
  "a  b",
  "https://x.y/z#w",
);
const line = fc.oneof(
  { weight: 5, arbitrary: fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" ")) },
  { weight: 1, arbitrary: fc.constantFrom("", "  indented", "    more", "\ttab", "trailing  ", " ") },
);
const text = fc
  .array(line, { minLength: 1, maxLength: 6 })
  .map((lines) => lines.join("\n").replace(/\n+$/, ""))
  .filter((one) => one !== "");

const lf = (content: string) => content.split("\n");

/** Lines of `before` that the change removed, and whether all others stand in their order. */
function touched(before: string, after: string): number[] {
  const [old, now] = [lf(before), lf(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return Array.from({ length: old.length - head - tail }, (_, at) => head + at);
}

const STYLES = ["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const;

const scalar = fc.record({
  value: text,
  style: fc.constantFrom(...STYLES),
  tail: fc.constantFrom("", "\n", "\n\n"),
  comment: fc.option(fc.constantFrom(" why", " see: #2"), { nil: undefined }),
  anchor: fc.option(fc.constantFrom("a1", "b2"), { nil: undefined }),
});

function yamlOf(
  scalars: readonly (typeof scalar extends fc.Arbitrary<infer T> ? T : never)[],
  indent: number,
  flow: boolean,
) {
  const document = new Document({ first: { other: 1 }, prompts: {} as Record<string, unknown>, list: [] as unknown[] });
  for (const [at, { value, style, tail, comment, anchor }] of scalars.entries()) {
    const isBlock = style.startsWith("BLOCK");
    const node: Scalar = document.createNode(isBlock ? value + tail : value) as Scalar;
    node.type = style;
    if (comment !== undefined && !isBlock) node.comment = comment;
    if (anchor !== undefined) node.anchor = `${anchor}${at}`;
    if (at % 3 === 2) document.addIn(["list"], node);
    else document.setIn(["prompts", `p${at}`], node);
  }
  document.commentBefore = " made by chance";
  const map = document.get("prompts");
  if (flow && isMap(map)) map.flow = true;
  return document.toString({ indent, lineWidth: flow ? 0 : 60 });
}

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300);

describe("random documents", () => {
  test("YAML: only that value differs, and its lines alone", () => {
    fc.assert(
      fc.property(
        fc.array(scalar, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(2, 4),
        fc.boolean(),
        text,
        fc.nat(),
        (scalars, indent, flow, wanted, pick) => {
          const content = yamlOf(scalars, indent, flow);
          const before = parseDocument(content);
          // The library that writes these documents writes some that it can't read.
          if (before.errors.length > 0) return;
          const at = pick % scalars.length;
          const steps = at % 3 === 2 ? ["list", String(Math.floor(at / 3))] : ["prompts", `p${at}`];
          const part = key("yaml", steps.join("."));
          const found = placed(content, part);
          const after = applyEdits(content, found.edits(wanted));
          const now = parseDocument(after);
          expect(now.errors).toEqual([]);
          const path = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step));
          const old = String(before.getIn(path));
          const tail = /\n*$/.exec(old)?.[0] ?? "";
          expect(now.getIn(path)).toBe(wanted + tail);
          expect(placed(after, part).text).toBe(wanted);
          before.setIn(path, "");
          now.setIn(path, "");
          expect(now.toJS()).toEqual(before.toJS());
          expect(commentsOf(now.contents)).toEqual(commentsOf(before.contents));
          const lines = touched(content, after);
          const first = lf(content.slice(0, found.range.start)).length - 1;
          const last = lf(content.slice(0, found.range.end)).length - 1;
          expect(lines.filter((line) => line < first || line > last)).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("TOML: only that value differs, and its lines alone", () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        text,
        (values, pick, quotes, wanted) => {
          const rest = stringifyToml({ a: { n: 1, f: 1.5, d: ["x", "y"] }, "key with.dot": { b: true } });
          const lines = values.map((value, at) => `p${at} = ${tomlString(value, (quotes + at) % 4)} # c${at}`);
          const content = `[prompts]\n${lines.join("\n")}\n\n${rest}`;
          const at = pick % values.length;
          const part = key("toml", `prompts.p${at}`);
          const found = placed(content, part);
          const after = applyEdits(content, found.edits(wanted));
          const [before, now] = [parseToml(content), parseToml(after)] as { prompts: Record<string, string> }[];
          const tail = /\n*$/.exec(before?.prompts[`p${at}`] ?? "")?.[0] ?? "";
          expect(now?.prompts[`p${at}`]).toBe(wanted + tail);
          if (before && now) [before.prompts[`p${at}`], now.prompts[`p${at}`]] = ["", ""];
          expect(now).toEqual(before);
          for (let index = 0; index < values.length; index++) expect(after).toContain(`# c${index}`);
          const first = lf(content.slice(0, found.range.start)).length - 1;
          const last = lf(content.slice(0, found.range.end)).length - 1;
          expect(touched(content, after).filter((line) => line < first || line > last)).toEqual([]);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("JSON: only that value differs, and its lines alone", () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.constantFrom(0, 2, "\t"),
        text,
        (values, pick, indent, wanted) => {
          const content = JSON.stringify({ a: 1, prompts: values, z: { "x.y": 2.5 } }, null, indent);
          const at = pick % values.length;
          const after = written(content, key("json", `prompts.${at}`), wanted);
          const expected = JSON.parse(content);
          expected.prompts[at] = wanted;
          expect(JSON.parse(after)).toEqual(expected);
          expect(touched(content, after).length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test("JSON: a list of lines keeps its other lines", () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 2),
        text,
        (values, indent, wanted) => {
          const content = JSON.stringify({ a: 1, prompt: values, z: 2 }, null, indent);
          const after = JSON.parse(written(content, key("json", "prompt"), wanted));
          expect(after.prompt.join("\n")).toBe(wanted);
          expect({ ...after, prompt: values }).toEqual(JSON.parse(content));
        },
      ),
    );
  });

  test("sections: reading back gives the text, and nothing else changes", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 4 }), fc.nat(), text, (bodies, pick, wanted) => {
        const clean = bodies.map((body) => body.replaceAll(/^ {0,3}(#+|```|~~~)/gm, "x"));
        const content = clean.map((body, at) => `## S${at}\n\n${body}\n`).join("\n");
        const at = pick % clean.length;
        const part: TextPart = { kind: "section", section: `## S${at}` };
        if (unfitFor(part, "", wanted) !== null) return;
        const inner = wanted.replace(/^\n+/, "");
        const after = written(content, part, inner);
        const shown = inner.replace(/^(?:[ \t]*\n)+|(?:\n[ \t]*)+$/g, "");
        expect(placed(after, part).text).toBe(shown.trim() === "" ? "" : shown);
        for (const [other] of clean.entries()) {
          if (other === at) continue;
          const same: TextPart = { kind: "section", section: `## S${other}` };
          expect(placed(after, same).text).toBe(placed(content, same).text);
        }
      }),
    );
  });
});

function tomlString(value: string, kind: number): string {
  const basic = JSON.stringify(value);
  if (kind === 1 && !/['\n\t]/.test(value)) return `'${value}'`;
  if (kind === 2 && !value.includes("'''") && !value.endsWith("'")) return `'''\n${value}\n'''`;
  if (kind === 3) return `"""\n${basic.slice(1, -1).replaceAll("\\n", "\n")}\n"""`;
  return basic;
}

function commentsOf(node: ParsedNode | null | unknown): unknown[] {
  if (isScalar(node)) return [node.comment, node.commentBefore, node.anchor];
  if (isMap(node))
    return [node.comment, ...node.items.flatMap(({ key, value }) => [commentsOf(key), commentsOf(value)])];
  return isSeq(node) ? [node.comment, ...node.items.map(commentsOf)] : [];
}
