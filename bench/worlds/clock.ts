import type { Clock } from "../../src/deps.ts";

/**
 * A virtual clock that advances only when nothing else is left to do: a run of many seconds takes milliseconds and
 * is reproducible.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { at: number; order: number; fire: () => void }[] = [];
  #order = 0;
  #running = false;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = { at: this.#now + milliseconds, order: this.#order++, fire: resolve };
      this.#timers.push(timer);
      signal?.addEventListener(
        "abort",
        () => {
          this.#timers = this.#timers.filter((other) => other !== timer);
          reject(signal.reason);
        },
        { once: true },
      );
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#timers.length > 0) {
      for (let turn = 0; turn < 3; turn++) await new Promise((next) => setImmediate(next));
      this.#timers.sort((a, b) => a.at - b.at || a.order - b.order);
      const first = this.#timers[0];
      if (!first) break;
      this.#now = first.at;
      const due = this.#timers.filter(({ at }) => at === first.at);
      this.#timers = this.#timers.filter(({ at }) => at !== first.at);
      for (const { fire } of due) fire();
    }
    this.#running = false;
  }
}
