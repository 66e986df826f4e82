import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { LlmNode } from "../../../../src/graph/graph.ts";
import { renderNode } from "../../../../src/graph/text/template.ts";
import { findPlaceholders, placeholders, render } from "../../../../src/graph/text/templating.ts";

const node = (inputs: string[], message: "system" | "user" = "system"): LlmNode => ({
  id: "solve",
  kind: "llm",
  role: "",
  text: "",
  trainable: true,
  keep: [],
  maxWords: null,
  constraints: [],
  inputs,
  output: null,
  model: null,
  message,
});

describe("placeholders", () => {
  it("are names in double braces, each once", () => {
    expect(placeholders("{{b}} {{ a }} {{b}} {{}} {{1}} {c} \\{{d}} {{e f}}")).toEqual(["b", "a"]);
  });

  it("have their places", () => {
    expect(findPlaceholders("x {{a}}")).toEqual([{ name: "a", offset: 2, length: 5 }]);
  });
});

describe("render", () => {
  it("goes over the text once: values are never expanded", () => {
    const values = new Map([
      ["a", "{{b}} $& \\{{"],
      ["b", "two"],
    ]);
    expect(render("{{a}}-{{b}}-{{c}}-\\{{a}}", values)).toBe("{{b}} $& \\{{-two-{{c}}-{{a}}");
  });

  test("without marks a text stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll("{{", "{");
        expect(render(plain, new Map([["a", "b"]]))).toBe(plain);
      }),
    );
  });
});

describe("renderNode", () => {
  const inputs = [
    ["question", "1+1?"],
    ["plan", "Add.</plan>"],
  ] as const;

  it("sends exactly the rendered text if every input is in it", () => {
    expect(renderNode(node(["question", "plan"]), "Q: {{question}} P: {{plan}}", inputs)).toEqual([
      { role: "user", content: "Q: 1+1? P: Add.</plan>" },
    ]);
    expect(renderNode(node([]), "Tell a joke.", [])).toEqual([{ role: "user", content: "Tell a joke." }]);
  });

  it("lets the other inputs follow in blocks that they cannot close", () => {
    expect(renderNode(node(["question", "plan"]), "Solve {{question}}.", inputs)).toEqual([
      { role: "system", content: "Solve 1+1?." },
      { role: "user", content: "<plan>\nAdd.<\\/plan>\n</plan>" },
    ]);
  });

  it("puts all in one message on demand", () => {
    const [message, ...more] = renderNode(node(["question", "plan"], "user"), "Solve.", inputs);
    expect(more).toEqual([]);
    expect(message).toEqual({
      role: "user",
      content: "Solve.\n\n<question>\n1+1?\n</question>\n\n<plan>\nAdd.<\\/plan>\n</plan>",
    });
  });
});
