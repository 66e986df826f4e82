import type { Clock } from "../../deps.ts";

/** Calls after which other work in the process gets a turn. */
const GROUP = 16;

/**
 * The order of what happens in a dry run. Turns are given by calls, not by the clock, and nothing goes on while code of the graph
 * runs: a dry run can end in the middle, so what it has counted must not depend on how fast anything is.
 */
export class DryRunTurns {
  #calls = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly clock: Clock) {}

  /** Resolves when it is this call's turn. */
  next(): Promise<unknown> {
    this.#last = this.#last.then(() => {
      this.#calls += 1;
      return this.#calls % GROUP === 0 ? this.clock.sleep(0) : undefined;
    });
    return this.#last;
  }

  /** Does work that takes its time, once all else in the dry run waits for its turn. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => this.clock.sleep(0)).then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
