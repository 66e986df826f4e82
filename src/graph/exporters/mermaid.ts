import type { GraphNode } from "../graph.ts";
import type { NodeKind } from "../node-kinds.ts";
import type { Exporter } from "./exporter.ts";

/** Brackets of a node's shape, by kind. */
const SHAPES: Readonly<Record<NodeKind | "input", readonly [string, string]>> = {
  input: ["([", "])"],
  llm: ["[", "]"],
  text: ["[/", "/]"],
  function: ["{{", "}}"],
  map: ["[", "]"],
  join: ["[", "]"],
  retriever: ["[(", ")]"],
  tool: ["[[", "]]"],
};

/** A flowchart that GitHub and most Markdown viewers draw (https://mermaid.js.org/syntax/flowchart.html). */
export const mermaid: Exporter = {
  describes: "A Mermaid flowchart.",
  export({ graph, name }) {
    const ids = new Map(
      [...graph.inputs.map((one) => one.name), ...graph.nodes.map(({ id }) => id)].map((id, at) => [id, `n${at}`]),
    );
    const shape = (id: string, kind: NodeKind | "input", label: string) => {
      const [open, close] = SHAPES[kind];
      return `  ${ids.get(id)}${open}"${quoted(label)}"${close}`;
    };
    const lines = [
      "flowchart TD",
      ...graph.inputs.map((one) => shape(one.name, "input", one.name)),
      ...graph.nodes.map((node) => shape(node.id, node.kind, labelOf(node))),
      ...graph.nodes.flatMap(({ id, inputs }) => inputs.map((input) => `  ${ids.get(input)} --> ${ids.get(id)}`)),
      `  style ${ids.get(graph.output)} stroke-width:3px`,
    ];
    return { files: { [`${name}.mmd`]: `${lines.join("\n")}\n` }, left: [] };
  },
};

function labelOf({ id, role }: GraphNode): string {
  return role === "" ? id : `${id}: ${role}`;
}

/** Escapes Mermaid's special characters as entities. */
function quoted(text: string): string {
  return text.replace(/\s+/g, " ").replace(/["#<>&]/g, (mark) => `#${mark.codePointAt(0)};`);
}
