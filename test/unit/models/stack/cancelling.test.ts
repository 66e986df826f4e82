import { setMaxListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import { FakeProvider, request, settled, stackOver } from "../fakes.ts";

const CALLS = 1_024;
const AT_ONCE = 16;

/** Each end of a call takes 1 ms; each sleep begins another task. */
class TaskClock implements Clock {
  #now = 1_000_000;
  /** Number of calls that ended in each task. */
  readonly tasks = [0];

  now(): number {
    return this.#now;
  }

  async sleep(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.tasks.push(0);
  }

  end(): void {
    this.#now++;
    this.tasks.push((this.tasks.pop() ?? 0) + 1);
  }
}

describe("a thousand calls that are cancelled together", () => {
  it("end in turns, those that were sent first; nothing is sent or logged as sent afterwards", async () => {
    const clock = new TaskClock();
    const provider = new FakeProvider(
      (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const { model, budget } = stackOver(provider, clock, { concurrency: AT_ONCE });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const logged: string[] = [];
    const ended: string[] = [];
    const names = Array.from({ length: CALLS }, (_, at) => `sample ${at}`);
    const asked = names.map((name) =>
      model
        .complete(request(name, { onRequest: async () => void logged.push(name) }), stop.signal)
        .catch((error: unknown) => {
          clock.end();
          ended.push(name);
          throw error;
        }),
    );
    while (provider.seen.length < AT_ONCE) await settled();
    stop.abort(new Error("cancelled"));
    const results = await Promise.allSettled(asked);
    for (const result of results) expect(result).toMatchObject({ reason: { message: "cancelled" } });
    expect(ended.slice(0, AT_ONCE)).toEqual(names.slice(0, AT_ONCE));
    expect(ended).toEqual(names);
    // A turn is 12 ms; calls that are on their way out then end in it, too.
    expect(Math.max(...clock.tasks)).toBeLessThanOrEqual(60);
    expect(provider.seen).toHaveLength(AT_ONCE);
    expect(logged).toEqual(names.slice(0, AT_ONCE));
    expect(budget.spent.calls).toBe(AT_ONCE);
  });

  it("that share one request leave it in turns", async () => {
    const clock = new TaskClock();
    const provider = new FakeProvider(
      (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const { model } = stackOver(provider, clock);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const asked = Array.from({ length: CALLS }, () =>
      model.complete(request("the same"), stop.signal).finally(() => clock.end()),
    );
    while (provider.running < 1) await settled();
    stop.abort(new Error("cancelled"));
    const results = await Promise.allSettled(asked);
    expect(results.every(({ status }) => status === "rejected")).toBe(true);
    expect(Math.max(...clock.tasks)).toBeLessThanOrEqual(60);
    expect(provider.running).toBe(0);
  });
});
