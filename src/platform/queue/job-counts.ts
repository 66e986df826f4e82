import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { ANY_RATE, PREFIX } from "./channels.ts";

export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  /** Milliseconds for which every worker waits at the provider's request; 0: none. */
  readonly pause: number;
}

/** Jobs in the queue by channel, with or without a worker. */
export async function countJobs(
  redis: Redis,
  queueOf: (name: string) => Queue,
): Promise<ReadonlyMap<string, JobCounts>> {
  const names = new Set<string>();
  for await (const keys of redis.scanStream({ match: `${PREFIX}:*:meta`, count: 500 })) {
    for (const key of keys as string[]) names.add(key.slice(PREFIX.length + 1, -":meta".length));
  }
  const counts = [...names].map(async (name) => {
    const queue = queueOf(name);
    const [jobs, pause] = await Promise.all([
      queue.getJobCounts("prioritized", "wait", "active"),
      queue.getRateLimitTtl(ANY_RATE.max),
    ]);
    const { prioritized = 0, wait = 0, active = 0 } = jobs;
    return [name, { waiting: prioritized + wait, active, pause: Math.max(0, pause) }] as const;
  });
  return new Map(await Promise.all(counts));
}
