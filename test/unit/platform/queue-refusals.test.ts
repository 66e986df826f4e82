import { once } from "node:events";
import { createServer } from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { hasRedis } from "../../server/install-redis.ts";
import { CountingProvider, openRedis, openTestRun, SECRET, startTestWorker, until } from "./queue-bench.ts";

/** A server that says of itself what it is told. */
async function saying(info: string): Promise<string> {
  const text = `$${info.length}\r\n${info}\r\n`;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      for (const command of data.toString().matchAll(/\r\n(info|subscribe|client|hello)\r\n/gi)) {
        socket.write(command[1]?.toLowerCase() === "info" ? text : "+OK\r\n");
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

describe("a queue is refused with a sentence if it is", () => {
  it.each([
    ["an old Redis", "redis_version:6.0.16\r\nrole:master", /^it is Redis 6\.0\.16; at least 6\.2 is needed$/],
    ["a node of a cluster", "redis_version:7.2.4\r\nredis_mode:cluster\r\ncluster_enabled:1", /not part of a cluster/],
    ["a Sentinel", "redis_version:7.2.4\r\nredis_mode:sentinel", /name the address of the Redis server itself/],
    ["a replica", "redis_version:7.2.4\r\nrole:slave", /read-only replica/],
  ])("%s", async (_, info, message) => {
    const run = openTestRun(await saying(info));
    await expect(run.machines.examine(5_000)).rejects.toThrow(message);
  });

  it("none at all", async () => {
    await expect(openTestRun("redis://127.0.0.1:1").machines.examine(500)).rejects.toThrow(
      "it does not respond (ECONNREFUSED)",
    );
  });

  it.each([
    ["plain, asked with TLS", "rediss", false, "it does not respond; if it doesn't speak TLS, use redis://"],
    ["of TLS, asked without", "redis", true, "it does not respond (ECONNRESET); if it requires TLS, use rediss://"],
  ])("%s", async (_, scheme, resets, message) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      if (resets) socket.once("data", () => socket.resetAndDestroy());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const url = `${scheme}://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    await expect(openTestRun(url).machines.examine(500)).rejects.toThrow(message);
  });
});

describe.skipIf(!hasRedis())("a Redis", () => {
  it("that writes to disk and deletes nothing gets no warning", async () => {
    const { url } = await openRedis();
    expect(await openTestRun(url).machines.examine(5_000)).toEqual([]);
  });

  it("without persistence, or that deletes entries, is said", async () => {
    const { url } = await openRedis(false, [
      "--appendonly",
      "no",
      "--maxmemory",
      "50mb",
      "--maxmemory-policy",
      "allkeys-lru",
    ]);
    const cautions = await openTestRun(url).machines.examine(5_000);
    expect(cautions).toEqual([
      expect.stringMatching(/appendonly no/),
      expect.stringMatching(/maxmemory-policy allkeys-lru.*Set maxmemory-policy noeviction/),
    ]);
  });

  it("with users needs no more than docs/several-machines.md lists", async () => {
    const { url } = await openRedis();
    const admin = new Redis(url);
    onTestFinished(() => admin.disconnect());
    const rights = "on >secret ~agentgraph:* &agentgraph:* +@all -@admin -@dangerous +info";
    await admin.call("ACL", "SETUSER", "agentgraph", ...rights.split(" "));
    await admin.call("ACL", "SETUSER", "deaf", ..."on >secret ~agentgraph:* resetchannels +@all".split(" "));
    await admin.call("ACL", "SETUSER", "default", "off");
    const as = (user: string) => url.replace("://", `://${user}@`);
    const provider = new CountingProvider();
    await startTestWorker(as("agentgraph:secret"), { provider });
    const run = openTestRun(as("agentgraph:secret"));
    expect(await run.machines.examine(5_000)).toEqual([]);
    expect(await run.ask("key")).toBe("answer to key");
    await expect(openTestRun(as("agentgraph:wrong")).machines.examine(5_000)).rejects.toThrow(
      /refused the user name or password/,
    );
    await expect(openTestRun(url).machines.examine(5_000)).rejects.toThrow(/refused the user name or password/);
    await expect(openTestRun(as("deaf:secret")).machines.examine(5_000)).rejects.toThrow(/its user lacks a permission/);
  });
});

describe.skipIf(!hasRedis())("another secret", () => {
  it("is said while the run waits, and its jobs are never opened", async () => {
    const { url } = await openRedis();
    const provider = new CountingProvider();
    await startTestWorker(url, { provider, secret: "quite another secret" });
    const run = openTestRun(url);
    expect(await run.machines.offers()).toEqual({ ours: [], others: 1 });
    const answer = run.ask("key");
    await until(() => run.told.some((waiting) => waiting?.reason === "other secret"));
    await startTestWorker(url, { provider, secret: SECRET });
    expect(await answer).toBe("answer to key");
    expect(provider.asked).toHaveLength(1);
  });
});
