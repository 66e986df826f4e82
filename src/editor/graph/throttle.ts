/** Runs `act` soon after it is asked for, but not more often than every `milliseconds`; requests in between are one. */
export class Throttle {
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly act: () => void,
    private readonly milliseconds: number,
  ) {}

  request(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#last + this.milliseconds - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#last = performance.now();
      this.act();
    }, wait);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = Number.POSITIVE_INFINITY;
  }
}
