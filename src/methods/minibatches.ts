import { shuffler } from "d3";

/** Batches of a training set that is shuffled anew for each time through, what is left of it at the end of each time is left out. */
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
