import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { AnswerMissing, ProviderFault } from "../../../src/models/errors.ts";
import { hasRedis } from "../../server/install-redis.ts";
import { startCuttableConnection } from "../../server/redis.ts";
import { CountingProvider, openRedis, openTestRun, pause, startTestWorker, until, untilQueued } from "./queue-bench.ts";

/** A run on one cable, and a worker on another. */
async function connected(provider = new CountingProvider(), takeover = 10_000) {
  const redis = await openRedis();
  const connections = {
    run: await startCuttableConnection(redis.url),
    worker: await startCuttableConnection(redis.url),
  };
  onTestFinished(() => {
    for (const cable of Object.values(connections)) cable.close();
  });
  await startTestWorker(connections.worker.url, { provider, takeover });
  return { ...openTestRun(connections.run.url), connections, redis, provider };
}

describe.skipIf(!hasRedis())("a network that is cut without a word", () => {
  it("between the run and the queue: it is said with the next attempt, and the run goes on when it is back", async () => {
    const { ask, connections, told, provider } = await connected();
    expect(await ask("before")).toBe("answer to before");
    connections.run.cut();
    const answer = ask("meanwhile");
    await until(() => told.some((waiting) => waiting?.reason === "no queue"));
    const waiting = told.find((one) => one?.reason === "no queue");
    expect(waiting?.identity).toMatch(/^queue https:\/\/127\.0\.0\.1:\d+$/);
    expect(waiting?.until).toBeGreaterThan(0);
    connections.run.restore();
    expect(await answer).toBe("answer to meanwhile");
    expect(told.at(-1)).toBeNull();
    expect(provider.asked).toHaveLength(2);
  });

  it("between a worker and the queue: the worker is back afterwards, and nothing is asked twice", async () => {
    const { ask, connections, provider } = await connected();
    expect(await ask("before")).toBe("answer to before");
    connections.worker.cut();
    const answers = ["a", "b", "c"].map((key) => ask(key));
    await pause(2_500);
    connections.worker.restore();
    expect(await Promise.all(answers)).toEqual(["answer to a", "answer to b", "answer to c"]);
    expect(provider.asked).toHaveLength(4);
  });

  it("while a request is under way, for longer than the takeover: the worker brings its reply, and nothing is asked twice", async () => {
    const provider = new CountingProvider(async ({ key }) => pause(key === "slow" ? 3_500 : 0));
    const { ask, connections } = await connected(provider, 2_000);
    const answer = ask("slow");
    await until(() => provider.asked.length === 1);
    connections.worker.cut();
    await pause(5_000);
    connections.worker.restore();
    expect(await answer).toBe("answer to slow");
    expect(await ask("next")).toBe("answer to next");
    expect(provider.asked.map(({ key }) => key)).toEqual(["slow", "next"]);
  });
});

describe.skipIf(!hasRedis())("a request in the queue", () => {
  it("of two runs at once is sent once, and stays for the other run when one leaves", async () => {
    const { url } = await openRedis();
    const [one, other] = [openTestRun(url), openTestRun(url)];
    const leaving = new AbortController();
    const [left, stayed] = [one.ask("same", {}, leaving.signal), other.ask("same")];
    left.catch(() => {});
    await untilQueued(url, "same", 2);
    leaving.abort(new Error("cancelled"));
    await expect(left).rejects.toThrow("cancelled");
    const provider = new CountingProvider();
    await startTestWorker(url, { provider });
    expect(await stayed).toBe("answer to same");
    expect(await one.ask("same")).toBe("answer to same");
    expect(provider.asked).toHaveLength(1);
  });

  it("that its last run leaves is not sent", async () => {
    const { url } = await openRedis();
    const run = openTestRun(url);
    const leaving = new AbortController();
    const left = run.ask("unwanted", {}, leaving.signal);
    left.catch(() => {});
    await untilQueued(url, "unwanted");
    leaving.abort(new Error("cancelled"));
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    await until(async () => !(await redis.keys("*")).some((key) => key.endsWith(":unwanted")));
    const provider = new CountingProvider();
    await startTestWorker(url, { provider });
    expect(await run.ask("wanted")).toBe("answer to wanted");
    expect(provider.asked.map(({ key }) => key)).toEqual(["wanted"]);
  });

  it("goes first if it is urgent", async () => {
    const { url } = await openRedis();
    const run = openTestRun(url);
    const priorities = [0, 5, 1, 9];
    const answers = priorities.map((priority) => run.ask(`priority ${priority}`, { priority }));
    for (const priority of priorities) await untilQueued(url, `priority ${priority}`);
    const provider = new CountingProvider();
    await startTestWorker(url, { provider, concurrency: 1 });
    await Promise.all(answers);
    expect(provider.asked.map(({ key }) => key)).toEqual(["priority 9", "priority 5", "priority 1", "priority 0"]);
  });

  it("fails for all who wait as on one machine, is tried again, and a late reader of the failure keeps no reply away", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider(async (_, nth) => {
      if (nth === 1) {
        await untilQueued(url, "flaky", 2);
        throw new ProviderFault("fake http://127.0.0.1", 503, 2_000, "overloaded");
      }
      if (nth === 2) {
        const usage = { prompt: 7, completion: 9, estimated: false };
        throw new AnswerMissing("fake http://127.0.0.1", "fake", "empty", "", usage);
      }
    });
    await startTestWorker(url, { provider });
    const [one, other] = [openTestRun(url), openTestRun(url)];
    const first = await Promise.allSettled([one.ask("flaky"), other.ask("flaky")]);
    for (const each of first) {
      expect(each).toMatchObject({ reason: { code: "ProviderFault", status: 503, retryAfter: 2_000 } });
    }
    await expect(one.ask("flaky")).rejects.toMatchObject({
      code: "AnswerMissing",
      usage: { prompt: 7, completion: 9 },
    });
    // The other run has heard of that failure, too.
    await pause(100);
    expect(await other.ask("flaky")).toBe("answer to flaky");
    expect(await one.ask("flaky")).toBe("answer to flaky");
    expect(provider.asked).toHaveLength(3);
  });

  it("leaves nothing in Redis but its reply, which is small and expires", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider, concurrency: 16 });
    const run = openTestRun(url);
    const long = "The same instruction in every prompt. ".repeat(200);
    const messages = [{ role: "user" as const, content: long }];
    await Promise.all(Array.from({ length: 300 }, (_, index) => run.ask(`key${index}`, { messages })));
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    const isLeft = (key: string) => /wanted|failure|:[0-9a-f]{24}:key\d/.test(key);
    await until(
      async () => !(await redis.keys("*")).some((key) => !key.startsWith("agentgraph:reply:") && isLeft(key)),
    );
    const keys = await redis.keys("*");
    const replies = keys.filter((key) => key.startsWith("agentgraph:reply:"));
    expect(replies).toHaveLength(300);
    expect(await redis.ttl(replies[0] ?? "")).toBeGreaterThan(80_000);
    const others = keys
      .filter((key) => !replies.includes(key))
      .map((key) => key.replace(/[0-9a-f]{24}|[0-9a-f-]{36}/, "…"));
    expect(others.filter((key) => /wanted|failure|key\d/.test(key))).toEqual([]);
    expect(others.length).toBeLessThan(10);
    expect(await redis.memory("USAGE", replies[0] ?? "")).toBeLessThan(600);
  });

  it("with more than the queue takes is refused by itself", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider });
    const run = openTestRun(url, { largest: 100_000 });
    const image = Array.from({ length: 200_000 }, () => Math.random().toString(36)[2]).join("");
    const messages = [{ role: "user" as const, content: image }];
    await expect(run.ask("large", { messages })).rejects.toMatchObject({
      code: "RequestRefused",
      reason: "too long",
      detail: expect.stringMatching(/^it has \d+ MB, and the queue takes at most 0 MB$/),
    });
    expect(await run.ask("small")).toBe("answer to small");
  });

  it("waits while the memory of Redis is full, which is said; a reply that came meanwhile is not lost", async () => {
    const { url } = await openRedis();
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    const provider = new CountingProvider(async ({ key }) => pause(key === "before" ? 1_000 : 0));
    await startTestWorker(url, { provider });
    const run = openTestRun(url);
    const before = run.ask("before");
    await until(() => provider.asked.length === 1);
    await admin.config("SET", "maxmemory", "1");
    const meanwhile = run.ask("meanwhile");
    await until(() => run.told.some((waiting) => waiting?.reason === "queue full"));
    await admin.config("SET", "maxmemory", "0");
    expect(await Promise.all([before, meanwhile])).toEqual(["answer to before", "answer to meanwhile"]);
    expect(provider.asked).toHaveLength(2);
    expect(run.told.at(-1)).toBeNull();
  });
});
