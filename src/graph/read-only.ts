/** A schema's type, to be read and never changed: all that a value holds, at every depth. */
export type ReadOnly<T> = T extends (infer Item)[]
  ? T extends [unknown, ...unknown[]]
    ? { readonly [K in keyof T]: ReadOnly<T[K]> }
    : readonly ReadOnly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: ReadOnly<T[K]> }
    : T;
