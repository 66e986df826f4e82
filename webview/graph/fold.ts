import type { NodeView } from "../protocol.ts";

/** The visible graph, without collapsed nodes. */
export interface Folded {
  readonly nodes: readonly NodeView[];
  /** Ids of the hidden nodes by collapsed node. */
  readonly hidden: ReadonlyMap<string, readonly string[]>;
}

/**
 * Hides the nodes that lead only to a collapsed node, which gets their inputs. A collapsed node inside another one
 * stays collapsed.
 */
export function fold(nodes: readonly NodeView[], folded: ReadonlySet<string>): Folded {
  const hidden = new Map<string, readonly string[]>();
  const gone = new Set<string>();
  for (const id of folded) {
    const behind = onlyLeadsTo(nodes, id);
    if (behind.length === 0) continue;
    hidden.set(id, behind);
    for (const other of behind) gone.add(other);
  }
  for (const id of gone) hidden.delete(id);
  if (hidden.size === 0) return { nodes, hidden };
  const known = new Map(nodes.map((node) => [node.id, node]));
  const visible = nodes.filter(({ id }) => !gone.has(id));
  return {
    hidden,
    nodes: visible.map((node) => {
      const behind = hidden.get(node.id);
      if (!behind) return node;
      const reads = [node.id, ...behind].flatMap((id) => known.get(id)?.inputs ?? []);
      return { ...node, inputs: [...new Set(reads)].filter((id) => !gone.has(id)) };
    }),
  };
}

/** Ids of the nodes that reach the answer only through `id`, in the order of the file. */
export function onlyLeadsTo(nodes: readonly NodeView[], id: string): string[] {
  const readers = new Map<string, string[]>();
  for (const node of nodes) {
    for (const input of node.inputs) {
      const list = readers.get(input);
      if (list) list.push(node.id);
      else readers.set(input, [node.id]);
    }
  }
  const known = new Map(nodes.map((node) => [node.id, node]));
  const inside = new Set([id]);
  const waiting = new Map<string, number>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const input of new Set(known.get(next)?.inputs)) {
      const left = (waiting.get(input) ?? new Set(readers.get(input)).size) - 1;
      waiting.set(input, left);
      if (left > 0 || inside.has(input) || !known.has(input)) continue;
      inside.add(input);
      queue.push(input);
    }
  }
  inside.delete(id);
  return nodes.flatMap((node) => (inside.has(node.id) ? [node.id] : []));
}
