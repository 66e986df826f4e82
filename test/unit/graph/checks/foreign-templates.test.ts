// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are other languages' braces.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { foreignMarks, GraphNames } from "../../../../src/graph/checks/foreign-templates.ts";
import { applyEdits } from "../../../../src/graph/fault.ts";
import { readGraph, readGraphText } from "../../../../src/graph/read.ts";
import { render } from "../../../../src/graph/text/templating.ts";
import { graphFormat } from "../../../../src/methods/registry.ts";
import { nodeFiles } from "../../../../src/platform/files.ts";
import { cpuTime } from "../../cpu-time.ts";

const INPUTS = new Set(["question", "chat_history"]);
const shown = (text: string) => foreignMarks(text, INPUTS).map((mark) => mark.shown);
const instead = (text: string) => foreignMarks(text, INPUTS).map((mark) => mark.instead);

describe("another template language", () => {
  it.each([
    ["Answer {question} now.", "{question}", "{{question}}"],
    ["Q: {question!r}", "{question!r}", "{{question}}"],
    ["Q: {question:>10}", "{question:>10}", "{{question}}"],
    ["`${question}`", "${question}", "{{question}}"],
    ["Q: %(question)s", "%(question)s", "{{question}}"],
    ["{{{question}}}", "{{{question}}}", "{{question}}"],
    ["{{{ question }}}", "{{{ question }}}", "{{question}}"],
    ["{{- question -}}", "{{- question -}}", "{{question}}"],
    ["{{~question~}}", "{{~question~}}", "{{question}}"],
    ["{{\tquestion }}", "{{\tquestion }}", "{{question}}"],
    ["{{ question | upper }}", "{{ question | upper }}", null],
    ["{{question|default('x')}}", "{{question|default('x')}}", null],
    ["{{ item.text }}", "{{ item.text }}", null],
    ["{{ rows[0] }}", "{{ rows[0] }}", null],
    ["{{ now() }}", "{{ now() }}", null],
    ["{{ question or 'none' }}", "{{ question or 'none' }}", null],
    ['{{role "system"}}', '{{role "system"}}', null],
    ["{{media url=photo}}", "{{media url=photo}}", null],
    ["{% if question %}", "{% if question %}", null],
    ["{%- endfor -%}", "{%- endfor -%}", null],
    ["{# a comment #}", "{# a comment #}", null],
    ["{{#if question}}", "{{#if question}}", null],
    ["{{/if}}", "{{/if}}", null],
    ["{{^question}}", "{{^question}}", null],
    ["{{> header}}", "{{> header}}", null],
    ["{{! a remark }}", "{{! a remark }}", null],
    ["{{&question}}", "{{&question}}", null],
    ["{{ #each rows }}", "{{ #each rows }}", null],
  ])("is found: %s", (text, mark, better) => {
    expect(shown(text)).toEqual([mark]);
    expect(instead(text)).toEqual([better]);
  });

  it.each([
    "{{question}} and {{ other }}",
    "\\{{question | upper}} and \\{% if x %} and \\{# x #} and \\{question} and \\${question}",
    "\\frac{question}{2}, x^{question}, a_{question}, \\boxed{question}",
    "{answer} and ${price} and %(other)s",
    '{"question": "{…}"} {question: string}',
    "set {1, 2}, {{1, 2}, {3}}, {{a}, {b}}, {}, {{}}",
    "100%{nothing}% {% LaTeX comment\n}",
    "{#each is Svelte}{/each}",
    "f(x) { return question }",
    "{{your answer here}}",
  ])("is not what only has braces: %s", (text) => {
    expect(foreignMarks(text, INPUTS).filter(({ isHint }) => !isHint)).toEqual([]);
  });

  it("lists each place once, in the order of the text", () => {
    expect(shown("{% for x in {question} %}{{{question}}} {question} {% endfor %}")).toEqual([
      "{% for x in {question} %}",
      "{{{question}}}",
      "{question}",
      "{% endfor %}",
    ]);
  });

  it("of any text takes little time, and leaves every place inside it", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "{{",
      "}}",
      "{%",
      "%}",
      "{#",
      "#}",
      "question",
      "|",
      "if",
      " ",
      "\n",
      "$",
      "\\",
      "%(",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("");
        for (const { offset, length } of foreignMarks(text, INPUTS))
          expect(offset + length).toBeLessThanOrEqual(text.length);
      }),
    );
    const used = cpuTime(() => {
      for (const part of ["{{", "{%if ", "{{a|", "{{{a", "{# ", "${question", "%(question)"]) {
        foreignMarks(part.repeat(50_000), INPUTS);
      }
    });
    expect(used).toBeLessThan(3_000);
  });
});

test("a backslash keeps braces that are meant", () => {
  const values = new Map([["question", "Q"]]);
  const text = "\\{{x}} \\{% if %} \\{# c #} \\{question} \\${question} {{question}} \\{other} \\{1, 2\\}";
  expect(render(text, values)).toBe("{{x}} {% if %} {# c #} {question} ${question} Q \\{other} \\{1, 2\\}");
});

describe("in a graph", () => {
  const graph = (instruction: unknown, more: object = {}) =>
    JSON.stringify({
      version: 1,
      inputs: ["question"],
      nodes: { solve: { inputs: ["question"], instruction, ...more } },
      output: "solve",
      data: { train: [], validation: [], target: "a" },
      loss: { kind: "exact" },
    });

  it.each([
    ["a text", "Say it.\nAnswer {question} briefly."],
    ["a list of lines", ["Say it.", "Answer {question} briefly."]],
  ])("is an error at its place in %s, with a quick fix", (_, instruction) => {
    const text = graph(instruction);
    const [fault, ...more] = readGraphText("/g.agentgraph.json", text, graphFormat).faults;
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ code: "foreign-template", severity: "error" });
    expect(text.slice(fault?.range.start, fault?.range.end)).toBe("{question}");
    const mended = applyEdits(text, fault?.fixes?.()[0]?.edits ?? []);
    expect(mended).toContain("Answer {{question}} briefly.");
    expect(readGraphText("/g.agentgraph.json", mended, graphFormat).faults).toEqual([]);
  });

  it("names the line of a prompt file, its front matter counted", async () => {
    const prompt = "---\nname: x\n---\nAnswer.\n{% if question %}\n{{question}}\n{% endif %}\n";
    const files = {
      ...nodeFiles(),
      realpath: async (path: string) => path,
      read: async () => new TextEncoder().encode(prompt),
      stat: async () => ({ kind: "file" as const, bytes: prompt.length, modified: 0 }),
    };
    const text = graph({ file: "p.md" });
    const { faults, graph: read } = await readGraph("/g.agentgraph.json", text, files, graphFormat);
    expect(faults.map(({ message }) => message.split(" ")[0])).toEqual(["p.md:5:", "p.md:7:"]);
    expect(faults.map(({ range }) => text.slice(range.start, range.end))).toEqual(['"p.md"', '"p.md"']);
    expect(read).toBeNull();
  });

  it("is a warning in a text that other nodes read: nothing is filled in there", () => {
    const text = JSON.parse(graph("Answer."));
    text.nodes.style = { kind: "text", text: "{{ question | upper }}" };
    text.nodes.solve.inputs.push("style");
    const [fault, ...more] = readGraphText("/g.agentgraph.json", JSON.stringify(text), graphFormat).faults;
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ code: "unknown-placeholder", severity: "warning" });
  });
});

describe("what may be a placeholder is a warning", () => {
  const hints = (text: string, templating?: "python" | "dify") =>
    foreignMarks(text, INPUTS, templating, new GraphNames(["step_one"])).map((mark) => [
      mark.shown,
      mark.instead,
      mark.isHint,
    ]);

  it.each([
    ["{{Chat History}}", "{{chat_history}}"],
    ["{{ Step One }}", "{{step_one}}"],
    ["{{the whole thing}}", null],
    ["{{1}}", null],
    ["{Question}", "{{question}}"],
    ["{step_one}", "{{step_one}}"],
    ["$question", "{{question}}"],
    ["[[question]]", "{{question}}"],
    ["<<question>>", "{{question}}"],
    ["<%= question %>", "{{question}}"],
    ["%question%", "{{question}}"],
  ])("%s", (mark, meant) => {
    expect(hints(`Read ${mark}, then answer.`)).toEqual([[mark, meant, true]]);
  });

  it.each([
    "$5 and 50%",
    "[[1, 2], [3]]",
    "cat <<EOF",
    "{a}{b}",
    '{{"a": 1}}',
    "$questions",
    "{{question}}",
    "{{x,y}}",
  ])("%s is none", (text) => {
    expect(hints(`Read ${text}, then answer.`)).toEqual([]);
  });

  it("knows the other languages", () => {
    expect(hints("{Chat History} {question}", "python")).toEqual([["{Chat History}", "{chat_history}", true]]);
    expect(hints("{{question}}", "dify")).toEqual([["{{question}}", "{{#question#}}", true]]);
  });

  it("names the place and what to write", () => {
    const source = JSON.stringify({
      version: 1,
      inputs: { question: "", chat_history: "" },
      nodes: {
        solve: {
          inputs: ["question", "chat_history"],
          instruction: "Answer {{Chat History}} by {{the whole thing}}: {{question}}",
        },
      },
      output: "solve",
      data: {
        train: [{ question: "a", chat_history: "", y: "b" }],
        validation: [{ question: "c", chat_history: "", y: "d" }],
        target: "y",
      },
      loss: { kind: "exact" },
      models: { forward: "m" },
    });
    const { faults } = readGraphText("/g.agentgraph.json", source, graphFormat);
    expect(faults.map(({ code, range }) => [code, source.slice(range.start, range.end)])).toEqual([
      ["unknown-placeholder", "{{Chat History}}"],
      ["unknown-placeholder", "{{the whole thing}}"],
    ]);
    expect(faults.map(({ remedy }) => remedy)).toEqual([
      "To insert the value, write {{chat_history}}.",
      "Write {{name}} for the value of an input, or put a backslash before it to send the braces.",
    ]);
  });
});
