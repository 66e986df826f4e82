/** The readonly type of a schema, at every depth. */
export type ReadOnly<T> = T extends (infer Item)[]
  ? T extends [unknown, ...unknown[]]
    ? { readonly [K in keyof T]: ReadOnly<T[K]> }
    : readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: ReadOnly<T[K]> }
    : T;
