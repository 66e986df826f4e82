/** Milliseconds of work after which everything else in the extension host gets a turn. */
const SLICE = 15;

/** Splits work on many elements into short tasks: each element waits for its turn first. */
export class Slices {
  #since = 0;
  #last: Promise<void> = Promise.resolve();

  /** Resolves in the order of the calls, in a new task once the present one has worked long enough. */
  turn(): Promise<void> {
    this.#last = this.#last.then(() => this.#next());
    return this.#last;
  }

  async #next(): Promise<void> {
    if (performance.now() - this.#since < SLICE) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
