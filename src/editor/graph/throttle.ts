/**
 * Runs `act` after a request, at most once every `milliseconds` and never twice at a time; requests in between are merged.
 */
export class Throttle {
  #timer: NodeJS.Timeout | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #isActing = false;
  #isAskedAgain = false;
  #disposed = false;

  /** @param act must not reject */
  constructor(
    private readonly act: () => unknown,
    private readonly milliseconds: number,
  ) {}

  request(): void {
    this.#isAskedAgain ||= this.#isActing;
    if (this.#timer || this.#isActing || this.#disposed) return;
    const wait = Math.max(0, this.#last + this.milliseconds - performance.now());
    this.#timer = setTimeout(() => void this.#run(), wait);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#last = performance.now();
    this.#isActing = true;
    try {
      const acting = this.act();
      if (acting instanceof Promise) await acting;
    } finally {
      this.#isActing = false;
      if (this.#isAskedAgain) {
        this.#isAskedAgain = false;
        this.request();
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposed = true;
  }
}
