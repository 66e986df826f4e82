import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { RateLimited } from "../../../src/models/errors.ts";
import { hasRedis } from "../../server/install-redis.ts";
import { CountingProvider, openRedis, openTestRun, pause, startTestWorker, until } from "./queue-bench.ts";

const keys = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe.skipIf(!hasRedis())("limits of all workers together", () => {
  it("hold requests at once below --together, over several workers and runs, also for a worker that does not name it", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider(async (_, nth) => {
      if (nth <= 5) await until(() => provider.most >= 5);
      await pause(15);
    });
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

  it("hold requests a minute below --rate", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider, concurrency: 8, limits: { rate: 1_800 } });
    const { limits } = await startTestWorker(url, { provider, concurrency: 8 });
    expect(limits.rate).toBeGreaterThan(1_750);
    expect(limits.rate).toBeLessThanOrEqual(1_800);
    const run = openTestRun(url);
    const began = performance.now();
    await Promise.all(keys(60, "key").map((key) => run.ask(key)));
    const times = provider.asked.map(({ at }) => at - began).sort((a, b) => a - b);
    expect(times).toHaveLength(60);
    // 1,800 a minute are 3 in 100 ms. A request can be late, as on a slow machine, but none is early.
    const early = times.filter((at, index) => at < 100 * Math.floor(index / 3) - 5);
    expect(early).toEqual([]);
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
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const isPaused = async () => {
      const [limiter = ""] = await redis.keys("agentgraph:*:limiter");
      return (await redis.get(limiter)) === String(Number.MAX_SAFE_INTEGER);
    };
    const provider = new CountingProvider(async (_, nth) => {
      // What the other worker has taken meanwhile ends when the pause is known.
      if (nth === 4) await until(async () => performance.now() - limitedAt > 1_300 || (await isPaused()));
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
    expect(after.filter((milliseconds) => milliseconds < 1_300).length).toBeLessThanOrEqual(1);
  });
});
