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
