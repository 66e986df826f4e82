/** Runs `act` after a request, at most once every `milliseconds`; requests in between are merged. */
export class Throttle {
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #disposed = false;

  constructor(
    private readonly act: () => void,
    private readonly milliseconds: number,
  ) {}

  request(): void {
    if (this.#timer || this.#disposed) return;
    const wait = Math.max(0, this.#last + this.milliseconds - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#last = performance.now();
      this.act();
    }, wait);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposed = true;
  }
}
