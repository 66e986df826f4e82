import type { LayoutNode } from "./node.ts";

/** The edges by index of node, without those that close a cycle. */
export interface Links {
  readonly edges: readonly (readonly [source: number, target: number])[];
  readonly preds: readonly (readonly number[])[];
  readonly succs: readonly (readonly number[])[];
  /** Every node after its predecessors. */
  readonly order: readonly number[];
}

/** Edges in the order of the nodes' input lists, each once. */
export function linksOf(nodes: readonly LayoutNode[]): Links {
  const index = new Map<string, number>();
  nodes.forEach((node, i) => {
    if (!index.has(node.id)) index.set(node.id, i);
  });
  const wanted = nodes.map((node, i) => [
    ...new Set(node.inputs.flatMap((name) => index.get(name) ?? []).filter((p) => p !== i)),
  ]);
  const { order, preds } = withoutCycles(wanted);
  const succs = nodes.map((): number[] => []);
  const edges = preds.flatMap((list, target) => list.map((source) => [source, target] as const));
  for (const [source, target] of edges) succs[source]!.push(target);
  return { edges, preds, succs, order };
}

/** Depth-first over predecessors with a stack of its own: a chain of 20,000 nodes must not exhaust the engine's. */
function withoutCycles(wanted: readonly (readonly number[])[]): { order: number[]; preds: number[][] } {
  const state = new Uint8Array(wanted.length);
  const preds = wanted.map((): number[] => []);
  const order: number[] = [];
  for (let root = 0; root < wanted.length; root++) {
    if (state[root] !== 0) continue;
    const stack = [{ node: root, next: 0 }];
    state[root] = 1;
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const pred = wanted[top.node]![top.next++];
      if (pred === undefined) {
        state[top.node] = 2;
        order.push(top.node);
        stack.pop();
      } else if (state[pred] !== 1) {
        preds[top.node]!.push(pred);
        if (state[pred] === 0) {
          state[pred] = 1;
          stack.push({ node: pred, next: 0 });
        }
      }
    }
  }
  return { order, preds };
}

/**
 * Longest path from the roots. Graph inputs are in the first layer; every other root (a text parameter, a node
 * that reads nothing) is right before the first node that it feeds.
 */
export function assignLayers(nodes: readonly LayoutNode[], links: Links): number[] {
  const layers = nodes.map(() => 0);
  for (const v of links.order) {
    for (const p of links.preds[v]!) layers[v] = Math.max(layers[v]!, layers[p]! + 1);
  }
  nodes.forEach((node, v) => {
    if (node.kind === "input" || links.preds[v]!.length > 0 || links.succs[v]!.length === 0) return;
    layers[v] = Math.min(...links.succs[v]!.map((s) => layers[s]!)) - 1;
  });
  return layers;
}
