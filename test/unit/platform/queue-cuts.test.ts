import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasRedis } from "../../server/install-redis.ts";
import { CountingProvider, openRedis, openTestRun, pause, startTestWorker, until, untilQueued } from "./queue-bench.ts";

/** How often a connection breaks. */
const BREAKS = 4;

/**
 * A connection to a server on this computer that breaks in the middle of what stores an end, after the server has answered
 * what it got of it.
 */
async function startBreakingConnection(to: string): Promise<{ readonly url: string; readonly broken: () => number }> {
  let broken = 0;
  const server = createServer((near) => {
    const far = connect(Number(new URL(to).port), "127.0.0.1");
    const end = () => {
      for (const socket of [near, far]) socket.destroy();
    };
    near.on("data", (data) => {
      // The scripts of BullMQ are not sent as text again.
      const at = broken < BREAKS && data.includes("agentgraph:ended") ? data.toString("latin1").search(/publish/i) : -1;
      if (at < 0) return far.write(data);
      broken++;
      far.write(data.subarray(0, at));
      setTimeout(end, 50);
    });
    far.on("data", (data) => near.write(data));
    for (const socket of [near, far]) socket.on("error", () => {}).on("close", end);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `redis://127.0.0.1:${port}`, broken: () => broken };
}

const keysOf = (provider: CountingProvider) => provider.asked.map(({ key }) => key).sort();

describe.skipIf(!hasRedis())("a reply that is paid for", () => {
  it("is not requested again if the connection breaks while a worker stores it", async () => {
    const { url } = await openRedis();
    const worker = await startBreakingConnection(url);
    const provider = new CountingProvider();
    await startTestWorker(worker.url, { provider });
    const run = openTestRun(url);
    const keys = Array.from({ length: 20 }, (_, nth) => `key${nth}`);
    const answers = await Promise.all(keys.map((key) => run.ask(key)));
    expect(worker.broken()).toBe(BREAKS);
    expect(answers).toEqual(keys.map((key) => `answer to ${key}`));
    expect(keysOf(provider)).toEqual(keys.sort());
  });

  it("is not requested again if Redis hangs for longer than the takeover, while its worker waits for it", async () => {
    const redis = await openRedis();
    const keys = Array.from({ length: 8 }, (_, nth) => `key${nth}`);
    let isReady = false;
    const provider = new CountingProvider(() => until(() => isReady));
    for (let worker = 0; worker < 2; worker++)
      await startTestWorker(redis.url, { provider, takeover: 3_000, concurrency: 16 });
    const run = openTestRun(redis.url);
    const answers = Promise.all(keys.map((key) => run.ask(key)));
    await until(() => provider.asked.length === keys.length);
    for (let nth = 0; nth < 2; nth++) {
      await pause(1_000);
      await redis.freeze(4_500);
    }
    await pause(5_000);
    isReady = true;
    expect(await answers).toEqual(keys.map((key) => `answer to ${key}`));
    expect(keysOf(provider)).toEqual(keys);
  });

  it("is requested if Redis deletes the list with its job, and once", async () => {
    const { url } = await openRedis();
    const run = openTestRun(url);
    const answer = run.ask("key");
    await untilQueued(url, "key");
    const redis = new Redis(url);
    // As `maxmemory-policy allkeys-lru` does when the memory is full.
    const lists = (await redis.keys("agentgraph:*")).filter((name) => /:(prioritized|wait|marker)$/.test(name));
    await redis.del(lists);
    redis.disconnect();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider });
    expect(await answer).toBe("answer to key");
    expect(keysOf(provider)).toEqual(["key"]);
  });
});
