import { canChange } from "../node-kinds.ts";
import type { Exporter } from "./exporter.ts";

/** Node id → text, for a program that has prompts of its own. */
export const texts: Exporter = {
  describes: "The texts of all nodes in one JSON object.",
  export({ graph, name }) {
    const all = Object.fromEntries(graph.nodes.filter(canChange).map(({ id, text }) => [id, text]));
    return { files: { [`${name}.texts.json`]: `${JSON.stringify(all, null, 2)}\n` }, left: [] };
  },
};
