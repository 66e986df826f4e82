import type { Redis } from "ioredis";
import * as z from "zod";
import type { Box } from "./box.ts";
import { PREFIX } from "./channels.ts";

/** The work that a worker takes, published for runs with the same secret. */
const workerOffer = z.object({
  /** Version of AgentGraph. */
  version: z.string(),
  /** Name of its computer. */
  machine: z.string(),
  /** Provider and origin of its requests; null: it sends none. */
  calls: z.string().nullable(),
  /** Limits of a call of code, in milliseconds and bytes; null: it runs no code. */
  code: z.object({ time: z.number(), memory: z.number() }).nullable(),
  /** Tools, with the name of their server in the worker's configuration and its address. */
  tools: z.array(z.object({ name: z.string(), server: z.string(), address: z.string() })),
});

export type WorkerOffer = z.infer<typeof workerOffer>;

export interface Offers {
  /** Offers of workers with the same secret. */
  readonly ours: readonly WorkerOffer[];
  /** Number of workers on this Redis with another secret. */
  readonly others: number;
}

/** Seconds without a sign of life after which a worker counts as gone. */
const ALIVE = 15;
/** Milliseconds between signs of life of a worker. */
const BEAT = 4_000;

const ALL = `${PREFIX}:workers`;
const about = (id: string) => `worker ${id}`;
const placeOf = (id: string) => `${PREFIX}:worker:${id}`;

/** Publishes what a worker offers while it is alive, by the clock of Redis. @returns a function that withdraws it */
export async function announce(redis: Redis, box: Box, id: string, offer: WorkerOffer): Promise<() => Promise<void>> {
  const tell = async () => {
    await redis.set(placeOf(id), box.seal(offer, about(id)), "EX", ALIVE);
    await redis.sadd(ALL, id);
  };
  await tell();
  const timer = setInterval(() => void tell().catch(() => {}), BEAT);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await redis.del(placeOf(id));
    await redis.srem(ALL, id);
  };
}

export async function readOffers(redis: Redis, box: Box): Promise<Offers> {
  const ids = await redis.smembers(ALL);
  if (ids.length === 0) return { ours: [], others: 0 };
  const sealed = await redis.mget(ids.map(placeOf));
  const gone = ids.filter((_, index) => sealed[index] === null);
  if (gone.length > 0) await redis.srem(ALL, ...gone);
  const alive = ids.flatMap((id, index) => {
    const text = sealed[index];
    return typeof text === "string" ? [workerOffer.safeParse(box.open(text, about(id))).data ?? null] : [];
  });
  const ours = alive.filter((offer) => offer !== null);
  return { ours, others: alive.length - ours.length };
}
