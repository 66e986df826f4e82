/** Milliseconds that views of graphs wait for further edits. */
export const EDIT_PAUSE = 400;

/** Runs `act` once for several requests, some time after the first. */
export class Delayed {
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly act: () => void,
    private readonly milliseconds: number,
  ) {}

  request(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.act();
    }, this.milliseconds);
  }

  dispose(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
