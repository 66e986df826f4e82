import type { NodeKind } from "../node-kinds.ts";
import type { Exporter } from "./exporter.ts";

const SHAPES: Readonly<Record<NodeKind | "input", string>> = {
  input: "oval",
  llm: "box",
  text: "note",
  function: "component",
  map: "box3d",
  join: "box3d",
  retriever: "cylinder",
  tool: "cds",
};

/** A digraph for Graphviz (https://graphviz.org/doc/info/lang.html). */
export const dot: Exporter = {
  describes: "A Graphviz digraph.",
  export({ graph, name }) {
    const node = (id: string, kind: NodeKind | "input", role: string, isAnswer: boolean) => {
      const label = [id, role].filter(Boolean).map(escaped).join("\\n");
      return `  ${quoted(id)} [shape=${SHAPES[kind]}, label="${label}"${isAnswer ? ", peripheries=2" : ""}];`;
    };
    const lines = [
      `digraph ${quoted(graph.name || name)} {`,
      ...graph.inputs.map((one) => node(one.name, "input", one.description, false)),
      ...graph.nodes.map(({ id, kind, role }) => node(id, kind, role, id === graph.output)),
      ...graph.nodes.flatMap(({ id, inputs }) => inputs.map((input) => `  ${quoted(input)} -> ${quoted(id)};`)),
      "}",
    ];
    return { files: { [`${name}.dot`]: `${lines.join("\n")}\n` }, left: [] };
  },
};

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return text.replace(/\s+/g, " ").replace(/["\\]/g, "\\$&");
}
