import { Delayed } from "../delayed.ts";

/** Milliseconds between two refreshes. VS Code holds back those that are less than 200 ms apart. */
const PAUSE = 250;

/**
 * Refreshes of a tree that wait until VS Code has the rows that it asked for. VS Code drops the rows it waits for when a
 * refresh comes meanwhile, and an expanded row can then stay empty until the next one
 * (`ExtHostTreeView._fetchChildrenNodes`; microsoft/vscode#192055 describes the same race for `reveal`).
 */
export class CalmRefresh {
  #asked = 0;
  #last = Number.NEGATIVE_INFINITY;
  readonly #later = new Delayed(() => this.request(), PAUSE);

  constructor(private readonly refresh: () => void) {}

  /** Refreshes at once if nothing is asked for. Requests that have to wait are one. */
  request(): void {
    if (this.#asked > 0 || performance.now() - this.#last < PAUSE) {
      this.#later.request();
      return;
    }
    this.#last = performance.now();
    this.refresh();
  }

  /** Waits for rows that VS Code asks for. */
  async during<T>(rows: Promise<T>): Promise<T> {
    this.#asked++;
    try {
      return await rows;
    } finally {
      this.#asked--;
    }
  }

  dispose(): void {
    this.#later.dispose();
  }
}
