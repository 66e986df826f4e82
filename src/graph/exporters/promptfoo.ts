import { stringify } from "yaml";
import { asksOnce } from "../graph.ts";
import { renderNode } from "../text/template.ts";
import type { Exported, Exporter } from "./exporter.ts";

/** A configuration for promptfoo (https://www.promptfoo.dev/docs/configuration/guide/), for graphs with one call. */
export const promptfoo: Exporter = {
  describes: "A promptfoo configuration, for a graph with one call.",
  export({ graph, model, name }): Exported {
    const calls = graph.nodes.flatMap((node) => ("model" in node ? [node] : []));
    const [node] = calls;
    if (!node || !asksOnce(node) || calls.length > 1) {
      const left =
        "promptfoo tests one prompt at a time, and this graph calls a model in several nodes, or several times. Export it as a module instead.";
      return { files: {}, left: [left] };
    }
    const texts = new Map(graph.nodes.map(({ id, text }) => [id, text]));
    const sent = renderNode(
      node,
      node.text,
      node.inputs.map((input) => [input, texts.get(input) ?? `{{${input}}}`]),
    );
    const config = {
      description: graph.description || graph.name,
      prompts: [JSON.stringify(sent)],
      providers: [`openai:chat:${node.model?.model ?? model ?? "MODEL"}`],
      tests: `file://${name}.tests.jsonl`,
    };
    const left = `Add your rows as ${name}.tests.jsonl, one test per line: { "vars": { … }, "assert": [ … ] }.`;
    return { files: { "promptfooconfig.yaml": stringify(config) }, left: [left] };
  },
};
