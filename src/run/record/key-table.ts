/** Bytes of a file, from `start` to `end`, exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Slots of a part at first. */
const SMALLEST = 16;
/** Maximum share of used slots. */
const FULL = 0.7;
/** Parts that grow one by one: to grow a table of a million keys at once would keep everything else waiting. */
const PARTS = 128;

/**
 * Key → span of a file, in 20 bytes per slot instead of the 200 of a `Map`: a run of 100,000 samples has millions of
 * keys. Keys are identified by 64-bit hashes, so the caller must verify the key in the span.
 */
export class KeyTable {
  readonly #parts = Array.from({ length: PARTS }, () => new Part());

  set(key: string, { start, end }: Span): void {
    const [high, low] = hashOf(key);
    this.#part(high).set(high, low, start, end - start);
  }

  get(key: string): Span | undefined {
    const [high, low] = hashOf(key);
    return this.#part(high).get(high, low);
  }

  delete(key: string): void {
    const [high, low] = hashOf(key);
    this.#part(high).delete(high, low);
  }

  #part(high: number): Part {
    return this.#parts[high % PARTS]!;
  }
}

class Part {
  #slots = SMALLEST;
  /** Two halves of a hash for each slot; 0, 0: free. */
  #hashes = new Uint32Array(2 * SMALLEST);
  #starts = new Float64Array(SMALLEST);
  /** 0: removed. */
  #lengths = new Uint32Array(SMALLEST);
  /** Number of used slots. */
  #taken = 0;

  set(high: number, low: number, start: number, length: number): void {
    if (this.#taken >= FULL * this.#slots) this.#grow();
    this.#put(high, low, start, length);
  }

  get(high: number, low: number): Span | undefined {
    const slot = this.#find(high, low);
    const [start = 0, length = 0] = [this.#starts[slot], this.#lengths[slot]];
    return length === 0 ? undefined : { start, end: start + length };
  }

  delete(high: number, low: number): void {
    this.#lengths[this.#find(high, low)] = 0;
  }

  #put(high: number, low: number, start: number, length: number): void {
    const slot = this.#find(high, low);
    if (this.#isFree(slot)) this.#taken += 1;
    this.#hashes[2 * slot] = high;
    this.#hashes[2 * slot + 1] = low;
    this.#starts[slot] = start;
    this.#lengths[slot] = length;
  }

  /** The slot of a hash, or the free slot for it. */
  #find(high: number, low: number): number {
    let slot = low % this.#slots;
    while (!this.#isFree(slot) && (this.#hashes[2 * slot] !== high || this.#hashes[2 * slot + 1] !== low)) {
      slot = (slot + 1) % this.#slots;
    }
    return slot;
  }

  #isFree(slot: number): boolean {
    return this.#hashes[2 * slot] === 0 && this.#hashes[2 * slot + 1] === 0;
  }

  #grow(): void {
    const [slots, hashes, starts, lengths] = [this.#slots, this.#hashes, this.#starts, this.#lengths];
    this.#slots = 2 * slots;
    this.#hashes = new Uint32Array(2 * this.#slots);
    this.#starts = new Float64Array(this.#slots);
    this.#lengths = new Uint32Array(this.#slots);
    this.#taken = 0;
    for (let slot = 0; slot < slots; slot++) {
      const length = lengths[slot] ?? 0;
      if (length > 0) this.#put(hashes[2 * slot] ?? 0, hashes[2 * slot + 1] ?? 0, starts[slot] ?? 0, length);
    }
  }
}

/** FNV-1a from both ends of the prime's range; never 0, 0. */
function hashOf(key: string): [high: number, low: number] {
  let [high, low] = [0x811c9dc5, 0x9747b28c];
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b) ^ (low >>> 15);
  }
  return [high >>> 0, low >>> 0 || 1];
}
