import type { Graph, GraphNode } from "./graph.ts";

/** Dependencies between the nodes of a graph. Graph inputs are not nodes: they have successors, and are named by `predecessors`. */
export interface Topology {
  /** Nodes in topological order; ties in the order of the file. */
  readonly order: readonly GraphNode[];
  /** Names of the nodes and graph inputs that a node reads, in the order of the file. */
  predecessors(id: string): readonly string[];
  /** Ids of the nodes that read a node or graph input, in the order of the file. */
  successors(name: string): readonly string[];
  /** Ids of all nodes that a node's value depends on, itself not included. */
  ancestors(id: string): ReadonlySet<string>;
  /** Ids of all nodes whose values depend on a node or graph input, itself not included. */
  descendants(name: string): ReadonlySet<string>;
  trainableAncestors(id: string): ReadonlySet<string>;
  /** Whether a gradient on this value can reach a parameter: the node is trainable or has a trainable ancestor. */
  leadsToTrainable(name: string): boolean;
  /** Number of edges on the longest path of nodes to this node; 0 for a node that reads no other. */
  depth(id: string): number;
  /** Whether a node is the output or has targets of its own, or leads to such a node. */
  isNeeded(id: string): boolean;
}

/** @param graph without cycles, like every `Graph` from `readGraph` */
export function topologyOf(graph: Graph): Topology {
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const predecessors = new Map(graph.nodes.map((node) => [node.id, node.inputs]));
  const successors = new Map<string, string[]>();
  for (const [id, names] of predecessors) {
    for (const name of new Set(names)) {
      const readers = successors.get(name);
      if (readers) readers.push(id);
      else successors.set(name, [id]);
    }
  }

  const order = topologicalOrder(predecessors).flatMap((id) => nodes.get(id) ?? []);
  const leading = new Set<string>();
  const depths = new Map<string, number>();
  for (const { id, trainable } of order) {
    const names = predecessors.get(id) ?? [];
    if (trainable || names.some((name) => leading.has(name))) leading.add(id);
    depths.set(
      id,
      names.reduce((depth, name) => Math.max(depth, (depths.get(name) ?? -1) + 1), 0),
    );
  }

  const predecessorsOf = (id: string): readonly string[] => predecessors.get(id) ?? [];
  const successorsOf = (name: string): readonly string[] => successors.get(name) ?? [];
  const ancestors = (id: string): Set<string> =>
    reach(id, (name) => predecessorsOf(name).filter((at) => nodes.has(at)));
  const results = [graph.output, ...(graph.targets ?? [])];
  const needed = new Set(results.flatMap((id) => [id, ...ancestors(id)]));
  return {
    order,
    predecessors: predecessorsOf,
    successors: successorsOf,
    ancestors,
    descendants: (name) => reach(name, successorsOf),
    trainableAncestors: (id) => new Set([...ancestors(id)].filter((name) => nodes.get(name)?.trainable)),
    leadsToTrainable: (name) => leading.has(name),
    depth: (id) => depths.get(id) ?? 0,
    isNeeded: (id) => needed.has(id),
  };
}

/** One cycle: each id is followed by one that reads it, and the first is repeated at the end; null if there is none. */
export function findCycle(predecessors: ReadonlyMap<string, readonly string[]>): string[] | null {
  const settled = new Set(topologicalOrder(predecessors));
  const start = [...predecessors.keys()].find((id) => !settled.has(id));
  if (start === undefined) return null;
  // Every remaining node has a remaining predecessor, so walking backward must reach a visited node.
  const path: string[] = [];
  const seen = new Map<string, number>();
  let at = start;
  while (!seen.has(at)) {
    seen.set(at, path.length);
    path.push(at);
    at = predecessors.get(at)?.find((name) => predecessors.has(name) && !settled.has(name)) ?? start;
  }
  const cycle = path.slice(seen.get(at)).reverse();
  return [...cycle, cycle[0] ?? at];
}

/** Ids in topological order, without those on or after a cycle. */
function topologicalOrder(predecessors: ReadonlyMap<string, readonly string[]>): string[] {
  const position = new Map([...predecessors.keys()].map((id, index) => [id, index]));
  const waiting = new Map<string, number>();
  const readers = new Map<string, string[]>();
  for (const [id, names] of predecessors) {
    const known = [...new Set(names)].filter((name) => predecessors.has(name));
    waiting.set(id, known.length);
    for (const name of known) {
      const list = readers.get(name);
      if (list) list.push(id);
      else readers.set(name, [id]);
    }
  }
  const order: string[] = [];
  let ready = [...predecessors.keys()].filter((id) => waiting.get(id) === 0);
  while (ready.length > 0) {
    const next: string[] = [];
    for (const id of ready) {
      order.push(id);
      for (const reader of readers.get(id) ?? []) {
        const left = (waiting.get(reader) ?? 0) - 1;
        waiting.set(reader, left);
        if (left === 0) next.push(reader);
      }
    }
    ready = next.sort((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  }
  return order;
}

function reach(from: string, next: (name: string) => readonly string[]): Set<string> {
  const reached = new Set<string>();
  const waiting = [...next(from)];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const other of next(name)) waiting.push(other);
  }
  return reached;
}
