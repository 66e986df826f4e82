import type { GraphNode } from "../../graph/graph.ts";
import type { NodeKind } from "../../graph/node-kinds.ts";
import { fn } from "./function.ts";
import { llm } from "./llm.ts";
import { map } from "./map.ts";
import type { NodeBehavior } from "./node-behavior.ts";
import { retriever } from "./retriever.ts";
import { text } from "./text.ts";
import { tool } from "./tool.ts";

/** One line for each kind. */
const BEHAVIORS: Readonly<Record<NodeKind, NodeBehavior>> = { llm, text, map, function: fn, retriever, tool };

export function behaviorOf({ kind }: GraphNode): NodeBehavior {
  return BEHAVIORS[kind];
}

/** Model calls per sample through all nodes of a graph. */
export function callsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, node) => sum + behaviorOf(node).calls, 0);
}

/** The maximum of these calls. */
export function mostCallsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, node) => sum + (behaviorOf(node).most ?? behaviorOf(node).calls), 0);
}
