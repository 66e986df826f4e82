/** Topological order; items in a cycle keep their position. */
export function topologicalOrder<T>(
  nodes: readonly T[],
  nameOf: (node: T) => string,
  reads: (node: T) => readonly string[],
): T[] {
  const byName = new Map(nodes.map((node) => [nameOf(node), node]));
  const order = new Set<T>();
  const open = new Set<T>();
  const visit = (node: T) => {
    if (order.has(node) || open.has(node)) return;
    open.add(node);
    for (const name of reads(node)) {
      const other = byName.get(name);
      if (other) visit(other);
    }
    order.add(node);
  };
  for (const node of nodes) visit(node);
  return [...order];
}
