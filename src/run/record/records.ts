/** An object without a prototype: ids come from files and rows, and `__proto__` and `constructor` are valid ids. */
export function record<T>(): Record<string, T> {
  return Object.create(null);
}

export function ensure<T>(map: Record<string, T>, key: string, make: () => T): T {
  const value = map[key] ?? make();
  map[key] = value;
  return value;
}
