import { describe, expect, it, onTestFinished } from "vitest";
import type { Model } from "../../../src/models/model.ts";
import type { Waiting } from "../../../src/models/stack/waiting.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { queueModel, queueWorker } from "../../../src/platform/queue/bull.ts";
import { hasRedis } from "../../server/install-redis.ts";
import { startCuttableConnection, startRedis } from "../../server/redis.ts";
import { never, reply, request } from "../models/fakes.ts";

const { clock } = nodeDeps();
const secret = "a secret of this test";
const until = async (isSo: () => boolean) => {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
};

/** A run on one cable, and a worker on another. */
async function connected() {
  const redis = await startRedis();
  const connections = {
    run: await startCuttableConnection(redis.url),
    worker: await startCuttableConnection(redis.url),
  };
  let asked = 0;
  const provider: Model = {
    identity: "fake http://127.0.0.1",
    complete: async ({ key }) => {
      asked++;
      return reply(`answer to ${key}`);
    },
  };
  const about = { secret, silence: 1_000 };
  const worker = queueWorker({ ...about, url: connections.worker.url, provider, concurrency: 4, takeover: 3_000 });
  await worker.ready();
  const model = queueModel({ ...about, url: connections.run.url, identity: provider.identity, clock });
  const told: (Waiting | null)[] = [];
  model.listen((waiting) => told.push(waiting));
  onTestFinished(async () => {
    model.close();
    await worker.close();
    for (const cable of Object.values(connections)) cable.close();
    await redis.close();
  });
  const ask = async (key: string) => (await model.complete({ ...request("2 + 2"), key }, never)).text;
  return { ask, connections, told, asked: () => asked };
}

describe.skipIf(!hasRedis())("a network that is cut without a word", () => {
  it("between the run and the queue: it is said with the next attempt, and the run goes on when it is back", async () => {
    const { ask, connections, told, asked } = await connected();
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
    expect(asked()).toBe(2);
  });

  it("between a worker and the queue: the worker is back afterwards, and nothing is asked twice", async () => {
    const { ask, connections, asked } = await connected();
    expect(await ask("before")).toBe("answer to before");
    connections.worker.cut();
    const answers = ["a", "b", "c"].map(ask);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    connections.worker.restore();
    expect(await Promise.all(answers)).toEqual(["answer to a", "answer to b", "answer to c"]);
    expect(asked()).toBe(4);
  });
});
