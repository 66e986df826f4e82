/** Milliseconds of work after which other work in the extension host gets a turn. */
const SLICE = 15;

/** Splits work on many elements into short tasks: each element waits for its turn first. */
export class Slices {
  #since = 0;
  #last: Promise<void> = Promise.resolve();

  /** Resolves in the order of calls, in a new task if the current one has taken long enough. */
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

/** Calls functions one after another, in short tasks. */
export async function inTurns(steps: readonly (() => unknown)[]): Promise<void> {
  const slices = new Slices();
  for (const step of steps) {
    await slices.turn();
    step();
  }
  await slices.turn();
}
