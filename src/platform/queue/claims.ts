import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { Channel } from "./channels.ts";

// BullMQ gives a job to another worker as soon as its lock has expired. The lock of a healthy worker expires too if Redis
// hangs for longer than the takeover, for example on a slow disk. The job is in progress then, and its reply is paid for.

/** Milliseconds between two checks of a job that was taken over. */
const LOOK = 250;

export interface Claims {
  /** Says for jobs whose lock was lost that this worker still does them. */
  keep(keys: readonly string[]): Promise<void>;
  /**
   * Waits as long as the earlier worker of a job says that it still does it.
   * @returns whether the job has a reply
   */
  isAnswered(key: string, signal: AbortSignal): Promise<boolean>;
}

/**
 * @param takeover milliseconds after which a worker without a sign of life counts as lost
 * @param renewal milliseconds within which a worker notices that a lock is lost
 */
export function claimsOf(redis: Redis, channel: Channel, takeover: number, renewal: number): Claims {
  return {
    async keep(keys) {
      await Promise.all(keys.map((key) => redis.set(channel.claim(key), "", "PX", Math.ceil(takeover))));
    },

    async isAnswered(key, signal) {
      for (let waited = 0; ; waited += LOOK) {
        const [reply, claim] = await Promise.all([redis.exists(channel.reply(key)), redis.exists(channel.claim(key))]);
        if (reply > 0) return true;
        if (claim === 0 && waited > 1.5 * renewal) return false;
        await sleep(LOOK, undefined, { signal });
      }
    },
  };
}
