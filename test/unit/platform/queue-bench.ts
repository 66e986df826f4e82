import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { Sandbox, SandboxLimits } from "../../../src/deps.ts";
import type { Model, ModelRequest } from "../../../src/models/model.ts";
import type { Waiting } from "../../../src/models/stack/waiting.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { type Machines, openMachines, type QueueWorker, queueWorker } from "../../../src/platform/queue/bull.ts";
import type { SharedLimits } from "../../../src/platform/queue/consumer.ts";
import type { McpTools } from "../../../src/platform/tools/mcp.ts";
import { type RedisServer, startRedis } from "../../server/redis.ts";
import { never, reply, request } from "../models/fakes.ts";

export const SECRET = "a secret of this test";
export const VERSION = "1.0.0";
export const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(10);
}

/** Resolves when so many runs wait for a request with this key, and it is in the queue. */
export async function untilQueued(url: string, key: string, runs = 1): Promise<void> {
  const redis = new Redis(url);
  try {
    await until(async () => {
      const keys = (await redis.keys("agentgraph:*")).filter((name) => name.endsWith(`:${key}`));
      const wanted = keys.find((name) => name.startsWith("agentgraph:wanted:"));
      const isQueued = keys.some((name) => /^agentgraph:[0-9a-f]{24}:/.test(name));
      return isQueued && wanted !== undefined && (await redis.scard(wanted)) === runs;
    });
  } finally {
    redis.disconnect();
  }
}

export async function openRedis(...options: Parameters<typeof startRedis>): Promise<RedisServer> {
  const redis = await startRedis(...options);
  onTestFinished(redis.close);
  return redis;
}

/** A provider that counts what it is asked, and how much at once. */
export class CountingProvider implements Model {
  readonly identity = "fake http://127.0.0.1";
  readonly asked: { readonly key: string; readonly at: number }[] = [];
  now = 0;
  most = 0;

  /** @param answer throws what fails; else the reply comes when it resolves */
  constructor(readonly answer: (request: ModelRequest, nth: number) => Promise<void> = async () => {}) {}

  async complete(asked: ModelRequest) {
    this.asked.push({ key: asked.key ?? "", at: performance.now() });
    this.most = Math.max(this.most, ++this.now);
    try {
      await this.answer(asked, this.asked.length);
      return reply(`answer to ${asked.key}`);
    } finally {
      this.now--;
    }
  }
}

interface Setup {
  readonly provider?: Model;
  readonly concurrency?: number;
  readonly limits?: SharedLimits;
  readonly takeover?: number;
  readonly secret?: string;
  readonly version?: string;
  readonly code?: { readonly sandbox: Sandbox; readonly limits: SandboxLimits; readonly concurrency: number };
  readonly tools?: { readonly mcp: McpTools; readonly concurrency: number };
}

export async function startTestWorker(
  url: string,
  setup: Setup,
): Promise<QueueWorker & { readonly limits: SharedLimits }> {
  const { provider, concurrency = 4, limits = {}, takeover = 10_000, secret = SECRET, version = VERSION } = setup;
  const worker = queueWorker({
    url,
    secret,
    version,
    silence: 1_000,
    takeover,
    ...(provider && { calls: { provider, concurrency, limits } }),
    ...(setup.code && { code: setup.code }),
    ...(setup.tools && { tools: setup.tools }),
  });
  onTestFinished(() => worker.close());
  const { limits: shared } = await worker.ready(10_000);
  return { ...worker, limits: shared };
}

export interface TestRun {
  readonly machines: Machines;
  readonly told: (Waiting | null)[];
  ask(key: string, more?: Partial<ModelRequest>, signal?: AbortSignal): Promise<string>;
}

export function openTestRun(
  url: string,
  { secret = SECRET, largest }: { secret?: string; largest?: number } = {},
): TestRun {
  const { clock } = nodeDeps();
  const machines = openMachines({ url, secret, silence: 1_000, clock, ...(largest !== undefined && { largest }) });
  onTestFinished(() => machines.close());
  const model = machines.model("fake http://127.0.0.1");
  const told: (Waiting | null)[] = [];
  model.listen?.((waiting) => told.push(waiting));
  const ask = async (key: string, more: Partial<ModelRequest> = {}, signal = never) =>
    (await model.complete({ ...request("2 + 2"), key, ...more }, signal)).text;
  return { machines, told, ask };
}
