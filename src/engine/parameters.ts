import { inputsIdOf, inputsText } from "../graph/edges.ts";
import type { Graph, GraphNode } from "../graph/graph.ts";

/** One element of Θ. */
export interface Parameter {
  /** Id of the node, or of its inputs (`inputsIdOf`). */
  readonly id: string;
  /** The node's text, or what it reads: names of its inputs, one a line. */
  readonly kind: "text" | "inputs";
  /** As in the file. */
  readonly value: string;
  readonly node: GraphNode;
}

/** Every element of Θ in the order of the file, a node's text before its inputs. */
export function allParametersOf(graph: Graph): Parameter[] {
  return graph.nodes.flatMap((node): Parameter[] => [
    ...(node.trainable ? [{ id: node.id, kind: "text" as const, value: node.text, node }] : []),
    ...(node.tunesInputs
      ? [{ id: inputsIdOf(node.id), kind: "inputs" as const, value: inputsText(node.inputs), node }]
      : []),
  ]);
}
