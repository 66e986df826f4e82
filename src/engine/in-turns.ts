/** Samples that are on their way at once: more would only wait for a slot, each with its promises and listeners. */
const TOGETHER = 256;

/** What `Promise.all` of a `map` gives, with a bounded number of items on their way. The first failure ends it. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: Promise<R>[] = [];
  const left = items.entries();
  let failed = false;
  const take = async () => {
    for (const [index, item] of left) {
      if (failed) return;
      const result = work(item);
      results[index] = result;
      await result.catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(TOGETHER, items.length) }, take));
  return Promise.all(results);
}
