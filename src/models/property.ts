/** The value of a property; undefined if it is missing or null. */
export function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name) ?? undefined;
}

/** A count of a server; 0 if it is missing. */
export function countAt(value: unknown, name: string): number {
  const count = property(value, name);
  return typeof count === "number" ? count : 0;
}

/** The texts among values of a server, in one; empty if there are none. */
export function textsAmong(...values: readonly unknown[]): string {
  return values.filter((value) => typeof value === "string" && value !== "").join(": ");
}
