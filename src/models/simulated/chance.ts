/** A number in 0 … 1 that the text alone decides (FNV-1a): what looks like chance is the same every time. */
export function chance(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // FNV's high bits vary little between texts that differ at their end: MurmurHash's finish spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** One of several, chosen by the text. */
export function pick<T>(from: readonly T[], text: string): T | undefined {
  return from[Math.floor(chance(text) * from.length)];
}
