/** Milliseconds of work after which other work in the extension host gets a turn. */
const SLICE = 10;

/**
 * The current task of the extension host, which all slices share: each would take its own milliseconds of the same task
 * otherwise.
 */
let began = Number.NEGATIVE_INFINITY;
let next: Promise<void> | null = null;

/** Resolves in the next task. */
function nextTask(): Promise<void> {
  next ??= new Promise((resolve) =>
    setImmediate(() => {
      began = performance.now();
      next = null;
      resolve();
    }),
  );
  return next;
}

/** Splits work on many elements into short tasks: each element waits for its turn first. */
export class Slices {
  #last: Promise<void> = Promise.resolve();

  /** Resolves in the order of calls, in a new task if the current one has taken long enough. */
  turn(): Promise<void> {
    this.#last = this.#last.then(() => this.#next());
    return this.#last;
  }

  async #next(): Promise<void> {
    while (performance.now() - began >= SLICE) await nextTask();
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
