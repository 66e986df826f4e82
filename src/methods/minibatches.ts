import { shuffler } from "d3";

/** Batches of a training set that is shuffled for each epoch. The incomplete batch at the end of an epoch is left out. */
export function* minibatches<T>(
  items: readonly T[],
  size: number,
  random: () => number,
): Generator<readonly T[], never> {
  const shuffle = shuffler(random);
  for (;;) {
    const shuffled = shuffle([...items]);
    for (let from = 0; from === 0 || from + size <= shuffled.length; from += size)
      yield shuffled.slice(from, from + size);
  }
}
