import type { TextNode } from "../../graph/graph.ts";
import { render, valuesFor } from "../../graph/text/templating.ts";
import type { NodeBehavior } from "./node-behavior.ts";

/** A parameter node: its value is its text, with the graph inputs that it names filled in. */
export const text: NodeBehavior<TextNode> = {
  calls: 0,
  prompt: () => [],
  run: async ({ inputs: named, templating, variables }, { text, inputs }) => ({
    text: named.length > 0 ? render(text, valuesFor(inputs, variables), templating) : text,
    formatError: false,
    tokens: 0,
  }),
  async context(_, { query, readers, values }) {
    const results = await values(readers);
    return { inputs: query, output: results.map(({ name, value }) => `${name}: ${value}`).join("\n\n") };
  },
};
