import type { Graph, GraphNode } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import { namesInCode } from "../../graph/text/templating.ts";
import type { Topology } from "../../graph/topology.ts";
import { behaviorOf } from "../nodes/behaviors.ts";
import { block } from "./prompt.ts";

/**
 * The graph as feedback sees it: a node whose value is computed stands for what it is computed from. A step that reads
 * such a node gives feedback to the node's sources, so that no call is spent on code.
 */
export interface FeedbackGraph {
  /**
   * The values that these names are made from: computed nodes are replaced with their sources. In order, without
   * duplicates.
   */
  sources(names: readonly string[]): readonly string[];
  /** Nodes that read a value, directly or through computed nodes; without computed nodes. */
  readers(name: string): readonly string[];
  /** Computed nodes that lead to one of these names, itself included, in topological order. */
  computed(names: readonly string[]): readonly GraphNode[];
}

export function feedbackGraphOf(graph: Graph, topology: Topology): FeedbackGraph {
  const computed = new Map(topology.order.filter((node) => traitsOf(node).computed).map((node) => [node.id, node]));
  const sourcesOf = new Map<string, readonly string[]>();
  const chainOf = new Map<string, readonly GraphNode[]>();
  const sources = (names: readonly string[]) => unique(names.flatMap((name) => sourcesOf.get(name) ?? [name]));
  const chain = (names: readonly string[]) => unique(names.flatMap((name) => chainOf.get(name) ?? []));
  for (const node of computed.values()) {
    sourcesOf.set(node.id, sources(node.inputs));
    chainOf.set(node.id, [...chain(node.inputs), node]);
  }
  const readersOf = new Map<string, readonly string[]>();
  const names = [...graph.inputs.map(({ name }) => name), ...topology.order.map(({ id }) => id)];
  for (const name of names.toReversed()) {
    const readers = topology.successors(name).flatMap((id) => (computed.has(id) ? (readersOf.get(id) ?? []) : [id]));
    readersOf.set(name, unique(readers));
  }
  return { sources, readers: (name) => readersOf.get(name) ?? [], computed: chain };
}

function unique<T>(all: readonly T[]): T[] {
  return [...new Set(all)];
}

/** A computed node as prompts show it: its code, its query, or the tool that it calls with which arguments. */
export function codeBlock(node: GraphNode): string {
  const { id, role, inputs, kind, variables } = node;
  const tag = kind === "function" ? "code" : kind;
  const reads = inputs.map((input) => {
    const names = namesInCode(input, variables).join(", ");
    return names === input ? input : `${input} (as ${names})`;
  });
  return block(tag, behaviorOf(node).computes?.(node) ?? node.text, { step: id, role, reads: reads.join(", ") });
}
