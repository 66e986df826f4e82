interface Groups<T> {
  readonly length: number;
  readonly first: T | undefined;
  readonly last: T | undefined;
  readonly byKey: ReadonlyMap<string, readonly T[]>;
}

/**
 * Finds the entries of a list with a key, such as the attempts at a node. Each list is read once, and again after entries were
 * added or removed at its ends: to search it for each of thousands of proposals takes time that grows with their square.
 * @param keyOf undefined: the entry is not found; it must not change
 */
export function byKey<T extends object>(
  keyOf: (entry: T) => string | undefined,
): (all: readonly T[], key: string) => readonly T[] {
  const known = new WeakMap<readonly T[], Groups<T>>();
  return (all, key) => {
    let groups = known.get(all);
    const isCurrent = groups?.length === all.length && groups.first === all[0] && groups.last === all.at(-1);
    if (!groups || !isCurrent) {
      const byKey = new Map<string, T[]>();
      for (const entry of all) {
        const own = keyOf(entry);
        if (own === undefined) continue;
        const group = byKey.get(own);
        if (group) group.push(entry);
        else byKey.set(own, [entry]);
      }
      groups = { length: all.length, first: all[0], last: all.at(-1), byKey };
      known.set(all, groups);
    }
    return groups.byKey.get(key) ?? [];
  };
}
