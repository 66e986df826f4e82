/** How alike two texts are: 0 nothing in common … 1 the same words in the same order. Case and punctuation do not count. */
export function likeness(a: string, b: string): number {
  const [one, other] = [gramsOf(a), gramsOf(b)];
  let product = 0;
  for (const [gram, count] of one) product += count * (other.get(gram) ?? 0);
  const sizes = lengthOf(one) * lengthOf(other);
  return sizes > 0 ? product / sizes : 0;
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
}

/** Words and pairs of words with how often they come: the cosine of these counts is what is measured. */
function gramsOf(text: string): Map<string, number> {
  const words = wordsOf(text);
  const counts = new Map<string, number>();
  for (const [index, word] of words.entries()) {
    for (const gram of [word, `${words[index - 1] ?? ""} ${word}`]) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

function lengthOf(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count * count;
  return Math.sqrt(sum);
}
