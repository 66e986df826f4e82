/** Ids come from files and rows: without a prototype, `__proto__` and `constructor` are names like any other. */
export function record<T>(): Record<string, T> {
  return Object.create(null);
}

export function ensure<T>(map: Record<string, T>, key: string, make: () => T): T {
  const value = map[key] ?? make();
  map[key] = value;
  return value;
}
