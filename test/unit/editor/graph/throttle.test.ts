import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Throttle } from "../../../../src/editor/graph/throttle.ts";

describe("snapshots", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("go out at once, then at most ten a second, and the last change is never lost", () => {
    const sent: number[] = [];
    let change = 0;
    const throttle = new Throttle(() => sent.push(change), 100);
    for (; change < 1000; change++) {
      throttle.request();
      vi.advanceTimersByTime(1);
    }
    throttle.request();
    vi.advanceTimersByTime(200);
    expect(sent[0]).toBe(0);
    expect(sent.length).toBeLessThanOrEqual(12);
    expect(sent.length).toBeGreaterThanOrEqual(10);
    expect(sent.at(-1)).toBe(1000);
  });

  it("never overlap: what is asked for during a slow one comes after it", async () => {
    const seen: string[] = [];
    let change = 1;
    const throttle = new Throttle(async () => {
      const now = change;
      seen.push(`reads ${now}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      seen.push(`sets ${now}`);
    }, 100);
    throttle.request();
    await vi.advanceTimersByTimeAsync(50);
    change = 2;
    throttle.request();
    throttle.request();
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen).toEqual(["reads 1", "sets 1", "reads 2", "sets 2"]);
  });

  it("stop with the page", () => {
    const sent: number[] = [];
    const throttle = new Throttle(() => sent.push(1), 100);
    throttle.request();
    throttle.dispose();
    throttle.request();
    vi.advanceTimersByTime(1000);
    expect(sent).toEqual([]);
  });
});
