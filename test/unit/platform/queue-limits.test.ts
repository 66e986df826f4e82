import { describe, expect, it } from "vitest";
import { RateLimited } from "../../../src/models/errors.ts";
import { hasRedis } from "../../server/install-redis.ts";
import { CountingProvider, openRedis, openTestRun, pause, startTestWorker } from "./queue-bench.ts";

/** The most of these times within any window of so many milliseconds. */
function mostWithin(times: readonly number[], milliseconds: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + milliseconds).length));
}

const keys = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe.skipIf(!hasRedis())("limits of all workers together", () => {
  it("hold requests at once below --together, over several workers and runs, also for a worker that does not name it", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider(async () => pause(15));
    const first = await startTestWorker(url, { provider, concurrency: 8, limits: { together: 5 } });
    const others = [
      await startTestWorker(url, { provider, concurrency: 8 }),
      await startTestWorker(url, { provider, concurrency: 8 }),
    ];
    expect([first, ...others].map(({ limits }) => limits.together)).toEqual([5, 5, 5]);
    const runs = [openTestRun(url), openTestRun(url)];
    await Promise.all(runs.flatMap((run, index) => keys(60, `run${index} `).map((key) => run.ask(key))));
    expect(provider.asked).toHaveLength(120);
    expect(provider.most).toBe(5);
  });

  it("hold requests a minute below --rate in every window", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider, concurrency: 8, limits: { rate: 1_800 } });
    const { limits } = await startTestWorker(url, { provider, concurrency: 8 });
    expect(limits.rate).toBeGreaterThan(1_750);
    expect(limits.rate).toBeLessThanOrEqual(1_800);
    const run = openTestRun(url);
    await Promise.all(keys(60, "key").map((key) => run.ask(key)));
    const times = provider.asked.map(({ at }) => at);
    expect(provider.asked).toHaveLength(60);
    // 1,800 a minute are 30 in a second; a request may be a few milliseconds late.
    expect(mostWithin(times, 950)).toBeLessThanOrEqual(30);
  });

  it("end with the workers that named them", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    const first = await startTestWorker(url, { provider, limits: { together: 1, rate: 60 } });
    expect(first.limits).toEqual({ together: 1, rate: 60 });
    await first.close();
    expect((await startTestWorker(url, { provider })).limits).toEqual({});
  });

  it("pause every worker for as long as the provider asks, also without a rate", async () => {
    const { url } = await openRedis();
    let limitedAt = 0;
    const provider = new CountingProvider(async (_, nth) => {
      if (nth !== 3) return;
      limitedAt = performance.now();
      throw new RateLimited("fake http://127.0.0.1", 1_500, "Rate limit reached.");
    });
    await startTestWorker(url, { provider, concurrency: 1 });
    await startTestWorker(url, { provider, concurrency: 1 });
    const run = openTestRun(url);
    await Promise.all(keys(30, "key").map((key) => run.ask(key)));
    expect(provider.asked).toHaveLength(31);
    const after = provider.asked.filter(({ at }) => at > limitedAt).map(({ at }) => at - limitedAt);
    // What the other worker had taken already may still go.
    expect(after.filter((milliseconds) => milliseconds < 1_300).length).toBeLessThanOrEqual(1);
  });
});
