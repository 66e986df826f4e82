/** Calls a function at the first use and keeps its result. After a failure, the next use calls it again. */
export function loadOnce<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    if (!made) {
      const trying = make();
      made = trying;
      trying.catch(() => {
        if (made === trying) made = null;
      });
    }
    return made;
  };
}

/** Values that are loaded once for each key, until they are forgotten. */
export class LoadedOnce<K extends object, T> {
  #loads = new WeakMap<K, () => Promise<T>>();

  constructor(private readonly make: (key: K) => Promise<T>) {}

  of(key: K): Promise<T> {
    const load = this.#loads.get(key) ?? loadOnce(() => this.make(key));
    this.#loads.set(key, load);
    return load();
  }

  /** From now on, all values are loaded again. */
  forget(): void {
    this.#loads = new WeakMap();
  }
}
