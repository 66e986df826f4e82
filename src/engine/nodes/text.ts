import type { TextNode } from "../../graph/graph.ts";
import type { NodeBehavior } from "./node-behavior.ts";

/** A parameter node: its value is its text, it works on the query, and what comes out is what its readers make of it. */
export const text: NodeBehavior<TextNode> = {
  calls: 0,
  prompt: () => [],
  run: async (_, run) => ({ text: run.text, formatError: false, tokens: 0 }),
  async context(_, { query, readers, values }) {
    const results = await values(readers);
    return { inputs: query, output: results.map(({ name, value }) => `${name}: ${value}`).join("\n\n") };
  },
};
