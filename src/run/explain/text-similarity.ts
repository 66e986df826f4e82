/** Features of a text for similarity: counts of its words and pairs of words. */
export interface Grams {
  readonly counts: ReadonlyMap<string, number>;
  /** Of the vector of counts. */
  readonly length: number;
}

/**
 * Cosine similarity of two texts: 0 nothing in common … 1 the same words in the same order. Case and punctuation do not
 * count.
 */
export function similarity(one: Grams, other: Grams): number {
  let product = 0;
  for (const [gram, count] of one.counts) product += count * (other.counts.get(gram) ?? 0);
  const sizes = one.length * other.length;
  return sizes > 0 ? product / sizes : 0;
}

export function tokensOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Computed once for a text that is compared with many. */
export function gramsOf(text: string): Grams {
  const words = tokensOf(text);
  const counts = new Map<string, number>();
  for (const [index, word] of words.entries()) {
    for (const gram of [word, `${words[index - 1] ?? ""} ${word}`]) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return { counts, length: lengthOf(counts) };
}

function lengthOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count * count;
  return Math.sqrt(sum);
}
