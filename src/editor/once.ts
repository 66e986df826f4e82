/** Does something once, when it is first asked for. What failed is tried again the next time. */
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
