import type { GraphNode } from "../../graph/graph.ts";
import type { NodeKind } from "../../graph/node-kinds.ts";
import type { Message } from "../../models/model.ts";
import { MOST, promptPerElement, runPerElement, USUAL } from "./elements.ts";
import { fn } from "./function.ts";
import { join } from "./join.ts";
import { llm } from "./llm.ts";
import { map } from "./map.ts";
import type { InputValues, NodeBehavior, NodeRun, Value } from "./node-behavior.ts";
import { retriever } from "./retriever.ts";
import { text } from "./text.ts";
import { tool } from "./tool.ts";

/** One line for each kind. */
const BEHAVIORS: Readonly<Record<NodeKind, NodeBehavior>> = { llm, text, map, function: fn, retriever, tool, join };

export function behaviorOf({ kind }: GraphNode): NodeBehavior {
  return BEHAVIORS[kind];
}

/** Runs a node, for each element where it reads lists. */
export function runNode(node: GraphNode, run: NodeRun): Promise<Value> {
  const behavior = behaviorOf(node);
  return node.perElement ? runPerElement(node, behavior, run) : behavior.run(node, run);
}

/** What a node sends to a model; of several requests, the first. Empty if none is sent. */
export function promptOf(node: GraphNode, inputs: InputValues): readonly Message[] {
  const behavior = behaviorOf(node);
  return node.perElement ? promptPerElement(node, behavior, inputs) : behavior.prompt(node, node.text, inputs);
}

/** Model calls that one sample takes through all nodes of a graph. */
export function callsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, node) => sum + behaviorOf(node).calls * (node.perElement ? USUAL : 1), 0);
}

/** The most that it can take. */
export function mostCallsOf(nodes: readonly GraphNode[]): number {
  return nodes.reduce((sum, node) => {
    const { calls, most = calls } = behaviorOf(node);
    return sum + most * (node.perElement ? MOST : 1);
  }, 0);
}
