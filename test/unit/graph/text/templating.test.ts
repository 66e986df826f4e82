// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are other languages' braces.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { foreignMarks } from "../../../../src/graph/checks/foreign-templates.ts";
import type { LlmNode } from "../../../../src/graph/graph.ts";
import { renderNode } from "../../../../src/graph/text/template.ts";
import {
  escapeBraces,
  looseAmong,
  placeholderOf,
  placeholders,
  render,
  TEMPLATINGS,
} from "../../../../src/graph/text/templating.ts";

const VALUES = new Map([
  ["x", "{{y}} {y}"],
  ["y", "2"],
]);

describe("templates of Python", () => {
  it.each([
    ["{x} and {y}", "{{y}} {y} and 2"],
    ["{{x}} is {{}} but {y}", "{x} is {} but 2"],
    ["{unknown} {y}", "{unknown} 2"],
    // str.format would refuse these braces: the program fills in names alone.
    ['{"a": {"b": {y}}}', '{"a": {"b": 2}}'],
    ['{{"a": {y}}}', '{"a": 2}'],
  ])("fill in %s", (text, rendered) => {
    expect(render(text, VALUES, "python")).toBe(rendered);
  });

  it("refuse what is more than a name", () => {
    const shown = foreignMarks("{x} {x:>10} {x!r} {x.a} {x[0]} {0} {} {{x}}", new Set(["x"]), "python").map(
      ({ shown }) => shown,
    );
    expect(shown).toEqual(["{x:>10}", "{x!r}", "{x.a}", "{x[0]}", "{0}", "{}"]);
    expect(foreignMarks('{"a": {}, "b": {c:1}} {x.y}', new Set(["x"]), "python")).toMatchObject([{ shown: "{x.y}" }]);
  });
});

describe("templates of Jinja", () => {
  it.each([
    ["{{ x }} and {{y}} and {{\ty }}", "{{y}} {y} and 2 and 2"],
    ["{# never sent #}{y} {{ '{{' }} {% raw %}{{ y }}{% endraw %} {{ \"}}\" }}", "{y} {{ {{ y }} }}"],
    ["{{ unknown }}", "{{ unknown }}"],
  ])("fill in %s", (text, rendered) => {
    expect(render(text, VALUES, "jinja")).toBe(rendered);
  });

  it("refuse what is more than a name", () => {
    const text =
      "{{ x | upper }} {{ x.a }} {{ x + 1 }} {{ 5 }} {% if x %}a{% endif %} {% raw %}{{ x | y }}{% endraw %} {# {{ x|z }} #}";
    const shown = foreignMarks(text, new Set(["x"]), "jinja").map(({ shown }) => shown);
    expect(shown).toEqual(["{{ x | upper }}", "{{ x.a }}", "{{ x + 1 }}", "{{ 5 }}", "{% if x %}", "{% endif %}"]);
    expect(foreignMarks("{x}", new Set(["x"]), "jinja")).toMatchObject([{ instead: "{{ x }}" }]);
  });
});

describe("names of columns", () => {
  const names = ["Customer Message", "Réponse", "order-id", "q.1", "What is missing? (1)"];
  const values = new Map([...names.map((name) => [name, `<${name}>`] as const), ["Customer", "C"]]);

  it.each(["mustache", "python", "jinja"] as const)("are placeholders in %s if the graph has them", (templating) => {
    const looseNames = looseAmong(values.keys(), templating);
    const text = [...names, "Customer", "Other Name"].map((name) => placeholderOf(name, templating)).join(" | ");
    expect(render(text, values, templating)).toBe(
      [...names.map((name) => `<${name}>`), "C", placeholderOf("Other Name", templating)].join(" | "),
    );
    expect(placeholders(text, { templating, looseNames })).toEqual([...names, "Customer"]);
    expect(
      foreignMarks(names.map((name) => placeholderOf(name, templating)).join(" "), new Set(names), {
        templating,
        looseNames,
      }),
    ).toEqual([]);
  });

  it("leave texts alone that only look like them", () => {
    const text = '{{ item.name }} {{Step One}} {"Ticket Text": {order-id}} {Ticket Text, too}';
    for (const templating of TEMPLATINGS) expect(render(text, new Map([["Ticket Text", "x"]]), templating)).toBe(text);
    expect(render("\\{{q.1}} \\{q.1} {{q.1}}", values)).toBe("{{q.1}} {q.1} <q.1>");
    expect(render("{{literal}} {Customer Message}", values, "python")).toBe("{literal} <Customer Message>");
  });
});

test("an escaped text is sent as it is, whatever it contains", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "{{",
    "}}",
    "x",
    "{x}",
    "{{ x }}",
    "{%",
    "#}",
    "{# c #}",
    " ",
    "\n",
    "\\frac{x}{2}",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...TEMPLATINGS), (pieces, templating) => {
      const text = pieces.join("");
      fc.pre(templating !== "dify" || !text.includes("{{#"));
      fc.pre(templating !== "mustache" || !/\\|\{\{\{/.test(text));
      const written = `${escapeBraces(text, templating)} ${placeholderOf("y", templating)}`;
      fc.pre(templating !== "python" || !text.endsWith("{"));
      expect(render(written, VALUES, templating)).toBe(`${text} 2`);
      expect(placeholders(written, templating)).toEqual(["y"]);
    }),
  );
});

describe("a frame", () => {
  const node: LlmNode = {
    ...{ kind: "llm", id: "review", role: "", trainable: true, keep: [], maxWords: null, constraints: [] },
    ...{ output: null, model: null, message: "system", templating: "python" },
    text: "Review {topic}. Braces: {{}}",
    inputs: ["topic", "who", "notes"],
    frame: "system:\nYou are {{who}}.\n\nuser:\nTask: {{instruction}}",
  };
  const inputs = [
    ["topic", "{who}"],
    ["who", "an editor"],
    ["notes", "none"],
  ] as const;

  it("is around the instruction, with its own messages", () => {
    expect(renderNode(node, node.text, inputs)).toEqual([
      { role: "system", content: "You are an editor." },
      { role: "user", content: "Task: Review {who}. Braces: {}\n\n<notes>\nnone\n</notes>" },
    ]);
  });

  it("without roles is one message", () => {
    const plain = { ...node, frame: "Task: {{instruction}}\n{{notes}} {{who}}" };
    expect(renderNode(plain, node.text, inputs)).toEqual([
      { role: "user", content: "Task: Review {who}. Braces: {}\nnone an editor" },
    ]);
  });
});
