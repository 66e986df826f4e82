/** Runs a function once, at the first call. A failure is tried again at the next call. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
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
