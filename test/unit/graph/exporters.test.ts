import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compiledMessages, type Parts } from "../../../src/graph/exporters/compiled.ts";
import { EXPORTERS } from "../../../src/graph/exporters/exporters.ts";
import type { Graph, LlmNode } from "../../../src/graph/graph.ts";
import { Patterns } from "../../../src/graph/pattern.ts";
import { extract } from "../../../src/graph/replies/extract.ts";
import { renderNode } from "../../../src/graph/text/template.ts";
import { llm, textNode } from "../engine/fixtures.ts";

const graph: Graph = {
  name: 'Sums "of" things',
  description: "Adds.",
  inputs: [{ name: "question", description: "a <b>sum</b>" }],
  nodes: [
    textNode("style", "Be brief."),
    llm("plan", ["question"], { text: "Plan it.", role: "plans" }),
    llm("solve", ["question", "plan", "style"], { text: "{{style}} Solve {{question}}." }),
  ],
  output: "solve",
};
const params = { temperature: 0.5, max_tokens: 900, top_k: 5 };
const source = { graph, model: { model: "m-1", params }, name: "sums" };
const only = (format: keyof typeof EXPORTERS) => Object.values(EXPORTERS[format].export(source).files)[0] ?? "";

/** What the exported module does with the parts of a message. */
function filled(parts: Parts, values: ReadonlyMap<string, string>): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      if ("value" in part) return values.get(part.value);
      return values.get(part.block)?.replaceAll(`</${part.block}>`, `<\\/${part.block}>`);
    })
    .join("");
}

describe("a graph in another format", () => {
  it("has all nodes and edges as a Mermaid flowchart, with quotes and tags as entities", () => {
    const chart = only("mermaid");
    expect(chart.split("\n")[0]).toBe("flowchart TD");
    expect(chart).toContain('n2["plan: plans"]');
    for (const edge of ["n0 --> n2", "n0 --> n3", "n2 --> n3", "n1 --> n3"]) expect(chart).toContain(edge);
  });

  it("has all nodes and edges as a Graphviz digraph", () => {
    const digraph = only("dot");
    expect(digraph).toContain('digraph "Sums \\"of\\" things" {');
    for (const edge of ['"question" -> "plan"', '"plan" -> "solve"', '"style" -> "solve"'])
      expect(digraph).toContain(edge);
    expect(digraph).toContain('"solve" [shape=box, label="solve", peripheries=2];');
  });

  it("is its texts by node", () => {
    expect(JSON.parse(only("texts"))).toEqual({
      style: "Be brief.",
      plan: "Plan it.",
      solve: "{{style}} Solve {{question}}.",
    });
  });

  it("is a prompty file for each call, and says what those can't contain", () => {
    const { files, left } = EXPORTERS.prompty.export(source);
    expect(Object.keys(files)).toEqual(["plan.prompty", "solve.prompty"]);
    expect(files["plan.prompty"]).toContain("system:\nPlan it.\n\nuser:\n<question>\n{{ question }}\n</question>");
    expect(left.join(" ")).toContain("style");
  });

  it("names inputs in templates of other programs as those can, and escapes braces there", () => {
    const inputs = ["Customer Message", "order-id", "q.1"];
    const one: Graph = {
      ...graph,
      inputs: inputs.map((name) => ({ name, description: "" })),
      nodes: [
        textNode("style", "Braces: {{x}}."),
        llm("solve", [...inputs, "style"], { text: "{{Customer Message}} {{style}} \\{{y}}", looseNames: inputs }),
      ],
    };
    const { files, left } = EXPORTERS.promptfoo.export({ ...source, graph: one });
    const [message, ...more] = JSON.parse(parse(Object.values(files)[0] ?? "").prompts[0]);
    expect(more).toHaveLength(1);
    expect(message.content).toBe("{{ Customer_Message }} Braces: {{ '{' }}{x}}. {{ '{' }}{y}}");
    expect(more[0].content).toContain("{{ order_id }}");
    expect(left.join(" ")).toContain('"order-id" is order_id');
    const prompty = Object.values(EXPORTERS.prompty.export({ ...source, graph: one }).files)[0] ?? "";
    expect(Object.keys(parse(prompty.split("---")[1] ?? "").inputs)).toEqual([
      "Customer_Message",
      "order_id",
      "q_1",
      "style",
    ]);
  });

  it("keeps the model's parameters, under the names that the format has", () => {
    const one: Graph = { ...graph, nodes: [llm("solve", ["question"], { text: "Solve it." })] };
    const text = (format: keyof typeof EXPORTERS) =>
      Object.values(EXPORTERS[format].export({ ...source, graph: one }).files)[0] ?? "";
    expect(parse(text("promptfoo")).providers).toEqual([
      { id: "openai:chat:m-1", config: { temperature: 0.5, max_tokens: 900, passthrough: { top_k: 5 } } },
    ]);
    expect(parse(text("prompty").split("---")[1] ?? "").model).toMatchObject({
      id: "m-1",
      options: { temperature: 0.5, maxOutputTokens: 900, additionalProperties: { top_k: 5 } },
    });
    expect(JSON.parse(/const GRAPH = (\{[\s\S]*?\n\});/.exec(text("module"))?.[1] ?? "").nodes[0]).toMatchObject({
      model: "m-1",
      params,
    });
  });

  it("is refused if the format can't contain it", () => {
    const { files, left } = EXPORTERS.promptfoo.export(source);
    expect([Object.keys(files), left.join(" ")]).toEqual([[], expect.stringContaining("several nodes")]);
  });

  it("sends from a module what the engine sends, whatever the values", () => {
    const part = fc.constantFrom(
      "{{question}}",
      "{{plan}}",
      "a",
      "</question>",
      "\\{{question}}",
      "{",
      "\n",
      "user:",
      "é",
    );
    const written = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(written, written, written, fc.constantFrom("system", "user"), (instruction, one, two, message) => {
        const node: LlmNode = { ...llm("solve", ["question", "plan"], { text: `x${instruction}x` }), message };
        const values = [
          ["question", `q${one}`],
          ["plan", `p${two}`],
        ] as const;
        const sent = renderNode(node, node.text, values);
        const compiled = compiledMessages(node).map(({ role, parts }) => ({
          role,
          content: filled(parts, new Map(values)),
        }));
        expect(compiled).toEqual(sent);
      }),
    );
  });

  it("is no module where it would send an image as text", () => {
    const inputs = [{ name: "question", description: "", type: "image" as const }];
    const { files, left } = EXPORTERS.module.export({ ...source, graph: { ...graph, inputs } });
    expect(files).toEqual({});
    expect(left.join(" ")).toContain("can't send images: question");
  });

  it.each<[LlmNode["output"], string]>([
    [{ kind: "after", after: "Answer:" }, "So.\n**Answer: 4**"],
    [{ kind: "after", after: "Answer:" }, "**Answer:** 4"],
    [{ kind: "after", after: "Answer:" }, "`Answer:` 4 of `5`"],
    [{ kind: "after", after: "Answer:" }, "Answer: no. Answer: 4"],
    [{ kind: "after", after: "Answer:" }, "4"],
    [{ kind: "after", after: "Answer:" }, "Answer:"],
    [{ kind: "tag", tag: "answer" }, "<answer>42"],
    [{ kind: "tag", tag: "answer" }, "42</answer>"],
    [{ kind: "tag", tag: "answer" }, "<answer>1</answer> or <answer>42</answer>."],
    [{ kind: "pattern", pattern: "#### (.+)" }, "1\n#### 42"],
    [{ kind: "pattern", pattern: "#### (.*)" }, "1\n#### "],
    [{ kind: "json", json: "answer" }, '{"answer": "42"}'],
    [{ kind: "json", json: "answer" }, 'As in [1], {"answer": 41} is wrong:\n```json\n{"answer": [42]}\n```\nSee {x}.'],
    [{ kind: "json", json: "answer.0.b" }, '[{"a": 1}, {"answer": [{"b": false}]}]'],
    [{ kind: "json", json: "" }, "It is [1, 2]."],
    [{ kind: "json", json: "answer" }, "I can't."],
  ])("reads %j from a reply as the engine does: %j", async (output, reply) => {
    const node: LlmNode = { ...llm("solve", ["question"], { text: "{{question}}" }), output };
    const inputs = [{ name: "question", description: "" }];
    const { files } = EXPORTERS.module.export({ ...source, graph: { ...graph, inputs, nodes: [node] } });
    const url = `data:text/javascript,${encodeURIComponent(Object.values(files)[0] ?? "")}`;
    const { run } = await import(/* @vite-ignore */ url);
    const { answer } = await run({ question: "?" }, { ask: async () => reply });
    expect(answer).toBe((await extract(reply, output, new Patterns())).value);
  });
});
