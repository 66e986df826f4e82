import { asksOnce, type Graph, type GraphNode } from "../../graph/graph.ts";
import { topologyOf } from "../../graph/topology.ts";

/** Nodes of a graph that dry runs play in full. */
const MOST = 60;

/** A graph as dry runs play it. */
export interface PlayedGraph {
  readonly graph: Graph;
  /** Nodes of the whole graph that a node stands for. */
  readonly weightOf: (node: string) => number;
  /** How many times longer the longest path of the whole graph is. */
  readonly depth: number;
}

/**
 * A large graph in which each node stands for as many others, its neighbors in topological order: so an estimate takes no longer
 * with 1,000 nodes than with 60. Nodes that don't ask a model once stay, and so do those that they read, because their code needs
 * the names. The same object for other graphs.
 */
export function playedGraph(graph: Graph): PlayedGraph {
  const { order, predecessors, successors, depth } = topologyOf(graph);
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const results = new Set([graph.output, ...(graph.targets ?? [])]);
  const isPlain = (node: GraphNode | undefined) => node && asksOnce(node) && !node.within && !node.variables;
  const alike = order.filter((node) => {
    const { id } = node;
    return isPlain(node) && !results.has(id) && successors(id).every((reader) => isPlain(byId.get(reader)));
  });
  const room = Math.max(1, MOST - (graph.nodes.length - alike.length));
  if (alike.length <= room) return { graph, weightOf: () => 1, depth: 1 };

  const position = new Map(order.map(({ id }, at) => [id, at]));
  const groupOf = new Map(alike.map(({ id }, at) => [id, Math.floor((at * room) / alike.length)]));
  // The last one of each group stands for it.
  const standing = alike
    .filter(({ id }, at) => groupOf.get(id) !== groupOf.get(alike[at + 1]?.id ?? ""))
    .map(({ id }) => id);
  /** What a node reads for a name: the group before for a node of its own group, and what the first group reads for one of that. */
  const standIn = (name: string, reader: string): readonly string[] => {
    const group = groupOf.get(name);
    if (group === undefined) return [name];
    const isBefore = (id: string) => (position.get(id) ?? 0) < (position.get(reader) ?? 0);
    const [found] = [standing[group], standing[group - 1]].flatMap((id) =>
      id !== undefined && isBefore(id) ? id : [],
    );
    return found === undefined ? predecessors(name).flatMap((one) => standIn(one, reader)) : [found];
  };
  const kept = new Set(standing);
  const nodes = graph.nodes
    .filter(({ id }) => kept.has(id) || !groupOf.has(id))
    .map((node) => ({ ...node, inputs: [...new Set(node.inputs.flatMap((name) => standIn(name, node.id)))] }));
  const played = { ...graph, nodes };
  return {
    graph: played,
    weightOf: (node) => (kept.has(node) ? alike.length / room : 1),
    depth: (depth(graph.output) + 1) / (topologyOf(played).depth(graph.output) + 1),
  };
}
