import { setTimeout as sleep } from "node:timers/promises";
import { type Job, Queue, Worker } from "bullmq";
import type { Box } from "./box.ts";
import { ANY_RATE, aboutEnd, aboutRequest, type Channel, ENDED, nameOf, PREFIX } from "./channels.ts";
import { claimsOf } from "./claims.ts";
import { connectRedis, lastingReason, type QueueAddress } from "./connection.ts";

/** Common limits of all workers of a channel, stored in Redis: the last worker that names one sets it. */
export interface SharedLimits {
  /** Maximum number of concurrent jobs. */
  readonly together?: number;
  /** Maximum number of jobs in any minute. */
  readonly rate?: number;
}

/** How a job ended, for a worker's statistics. */
export type JobEnd = "answered" | "known" | "failed" | "refused";

export interface ConsumerOptions extends QueueAddress {
  readonly channel: Channel;
  readonly box: Box;
  /** Maximum number of concurrent jobs of this worker. */
  readonly concurrency: number;
  readonly limits?: SharedLimits;
  /** Whether no other worker of the channel is alive, whose limits would apply. */
  readonly isFirst: boolean;
  /** Milliseconds after which another worker takes over the jobs of a lost one. */
  readonly takeover: number;
  /** Number of lost workers after which a job is given up: code and tools can end a worker, requests can't. */
  readonly mostLost: number;
  /** @throws Pause if every worker of the channel must wait; any other error is a failure of the worker */
  readonly perform: (payload: unknown, key: string, attempts: number, signal: AbortSignal) => Promise<Ended>;
  /** The end of a job that was given up. */
  readonly lost: (key: string, problem: string) => unknown;
  readonly onEnd: (end: JobEnd) => void;
}

export interface Ended {
  readonly end: unknown;
  /** Whether the end is final for all jobs with this key. A failure is not: the job is tried again on request. */
  readonly lasts: boolean;
}

/** Every worker of the channel has to wait; the job returns to the queue. */
export class Pause extends Error {
  override readonly name = "Pause";
  constructor(readonly milliseconds: number) {
    super("every worker waits");
  }
}

/** The job was added or changed by someone without the secret. */
class Changed extends Error {
  constructor() {
    super("the job was changed on the way");
  }
}

/** Seconds for which replies and failures are kept for other runs and resumed ones. */
const KEPT = { reply: 86_400, failure: 600 };
/** Milliseconds for a closing worker to remove completed jobs from the queue. */
const CLOSING = 2_000;
/** Milliseconds between attempts to store an end. */
const AGAIN = 1_000;
/**
 * Stores an end, and tells the runs that wait for it. One script, because a transaction whose answer is cut off by a lost
 * connection fails, and the reply in it would be paid for again; a single command is sent again.
 * Keys: end, runs that wait, claim. Arguments: encrypted end (empty: it is stored), seconds, `NX` to keep an earlier end,
 * channel, message.
 */
const STORE = `
if ARGV[1] ~= "" then
  if ARGV[3] == "NX" then redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2], "NX")
  else redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2]) end
end
redis.call("DEL", KEYS[2], KEYS[3])
redis.call("PUBLISH", ARGV[4], ARGV[5])`;
/** Number of windows per minute for a rate: they are short, so that no minute exceeds the rate, wherever it starts. */
const WINDOWS = 600;

export interface Consumer {
  /** Resolves when it takes jobs, with the limits of all workers of the channel. */
  ready(): Promise<SharedLimits>;
  /** Stops taking jobs, and waits for those in progress: they are paid for. */
  close(): Promise<void>;
}

/** Does the jobs of a channel until it is closed. */
export function consume(options: ConsumerOptions): Consumer {
  const { channel, box, perform, onEnd, takeover } = options;
  const redis = connectRedis(options);
  const queue = new Queue(channel.name, { connection: redis, prefix: PREFIX });
  queue.on("error", () => {});
  const stop = new AbortController();
  /** Jobs in progress by key: one that was lost while Redis was away can come back to the same worker. */
  const underWay = new Map<string, Promise<void>>();
  /** Failures by key, published once the job has left the queue: until then, the same job can't be added again. */
  const failures = new Map<string, string>();

  const lockRenewTime = takeover / 3;
  const claims = claimsOf(redis, channel, takeover, lockRenewTime);
  const worker = new Worker(
    channel.name,
    (job) => {
      const key = job.id ?? "";
      const known = underWay.get(key);
      if (known) return known;
      const done = work(job, key).finally(() => underWay.delete(key));
      underWay.set(key, done);
      return done;
    },
    {
      connection: redis,
      prefix: PREFIX,
      concurrency: options.concurrency,
      lockDuration: takeover,
      lockRenewTime,
      stalledInterval: Math.max(1_000, takeover / 2),
      maxStalledCount: options.mostLost,
    },
  );
  worker.on("error", () => {});
  worker.on("lockRenewalFailed", (keys) => {
    void claims.keep(keys.filter((key) => underWay.has(key))).catch(() => {});
  });
  worker.on("completed", ({ id = "" }) => {
    const sealed = failures.get(id);
    failures.delete(id);
    if (sealed !== undefined) void tellFailure(id, sealed).catch(() => {});
  });
  worker.on("failed", (job, error) => {
    // A run that waits for it adds the original again.
    if (job?.id === undefined || error instanceof Changed) return;
    const end = box.seal(options.lost(job.id, error.message), aboutEnd(channel, job.id));
    void tellFailure(job.id, end).catch(() => {});
  });

  async function work(job: Job, key: string): Promise<void> {
    // Another worker may have answered it meanwhile, if this one lost its connection or Redis restarted.
    const isTakenOver = job.stalledCounter > 0;
    const isAnswered = isTakenOver
      ? await claims.isAnswered(key, stop.signal)
      : (await redis.exists(channel.reply(key))) > 0;
    if (isAnswered) {
      onEnd("known");
      return void (await tellReply(key, null));
    }
    const payload = box.open(String(job.data?.box ?? ""), aboutRequest(channel, key));
    if (payload === undefined) {
      onEnd("refused");
      throw new Changed();
    }
    try {
      const { end, lasts } = await perform(payload, key, job.attemptsStarted, stop.signal);
      const sealed = box.seal(end, aboutEnd(channel, key));
      if (lasts) await tellReply(key, sealed);
      else failures.set(key, sealed);
      onEnd(lasts ? "answered" : "failed");
    } catch (error) {
      if (error instanceof Pause) {
        await queue.rateLimit(error.milliseconds);
        throw Worker.RateLimitError();
      }
      onEnd("failed");
      throw error;
    }
  }

  /**
   * Stores the first reply: a worker that lost its connection can return a second one.
   * @param sealed null: it is stored
   */
  function tellReply(key: string, sealed: string | null): Promise<void> {
    return store(channel.reply(key), key, [sealed ?? "", KEPT.reply, "NX", ENDED, nameOf(channel, key)]);
  }

  function tellFailure(key: string, sealed: string): Promise<void> {
    const message = `${nameOf(channel, key)} ${sealed}`;
    return store(channel.failure(key), key, [sealed, KEPT.failure, "", ENDED, message]);
  }

  /** Repeats until Redis takes it, for example when its memory has room again, because the reply is paid for. */
  async function store(place: string, key: string, about: readonly (string | number)[]): Promise<void> {
    for (;;) {
      try {
        await redis.eval(STORE, 3, place, channel.wanted(key), channel.claim(key), ...about);
        return;
      } catch (error) {
        if (stop.signal.aborted || (error instanceof Error && lastingReason(error) !== null)) throw error;
        await sleep(AGAIN, undefined, { signal: stop.signal });
      }
    }
  }

  return {
    ready: async () => {
      const limits = await settleLimits(queue, options);
      await worker.waitUntilReady();
      return limits;
    },
    async close() {
      // This would also wait for a connection that is being restored.
      const ended = async () => {
        await Promise.allSettled(underWay.values());
        await sleep(CLOSING, undefined, { ref: false });
      };
      await Promise.race([worker.close().catch(() => {}), ended()]);
      stop.abort();
      redis.disconnect();
      queue.close().catch(() => {});
      worker.disconnect().catch(() => {});
    },
  };
}

/** Stores the limits that this worker names. Limits of earlier workers don't apply to later ones. */
async function settleLimits(queue: Queue, { limits = {}, isFirst }: ConsumerOptions): Promise<SharedLimits> {
  const { together, rate } = limits;
  if (together !== undefined) await queue.setGlobalConcurrency(together);
  else if (isFirst) await queue.removeGlobalConcurrency();
  if (rate !== undefined) {
    const { max, duration } = windowOf(rate);
    await queue.setGlobalRateLimit(max, duration);
  } else if (isFirst || (await queue.getGlobalRateLimit()) === null) {
    await queue.setGlobalRateLimit(ANY_RATE.max, ANY_RATE.duration);
  }
  const [concurrency, window] = await Promise.all([queue.getGlobalConcurrency(), queue.getGlobalRateLimit()]);
  const perMinute = window && window.max !== ANY_RATE.max ? rateOf(window) : null;
  return {
    ...(concurrency !== null && { together: concurrency }),
    ...(perMinute !== null && { rate: perMinute }),
  };
}

/**
 * A window for a rate, which starts with its first job: no minute has more than `rate` jobs. Adjacent windows of
 * several jobs can meet, so one window less is counted.
 */
function windowOf(rate: number): { readonly max: number; readonly duration: number } {
  const max = Math.max(1, Math.floor(rate / WINDOWS));
  return { max, duration: Math.ceil((60_000 * max) / (max === 1 ? rate : rate - max)) };
}

function rateOf({ max, duration }: { readonly max: number; readonly duration: number }): number {
  const perMinute = (60_000 * max) / duration;
  return Math.floor(max === 1 ? perMinute : perMinute + max);
}
