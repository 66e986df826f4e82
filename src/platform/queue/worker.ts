import { Queue, UnrecoverableError, Worker } from "bullmq";
import { isModelError, ProviderFault, RateLimited } from "../../models/errors.ts";
import type { Model } from "../../models/model.ts";
import { plainFailure } from "../../models/revive.ts";
import type { Box } from "./box.ts";
import { END, fromQueued, type QueuedEnd, queuedRequest, REQUEST } from "./calls.ts";
import { connectRedis, type QueueAddress } from "./connection.ts";

export interface WorkerOptions extends QueueAddress {
  /** What it asks. Its key stays here. */
  readonly provider: Model;
  readonly box: Box;
  /** Requests of this worker at once. */
  readonly concurrency: number;
  /** Requests of all workers of this provider at once. Default: no limit beside their own. */
  readonly together?: number;
  /** Requests of all workers in a time. Default: no limit. */
  readonly rate?: { readonly requests: number; readonly milliseconds: number };
  /** Milliseconds after which another worker takes over what a lost one had begun. */
  readonly takeover: number;
  /** Told of each request that has ended. */
  readonly onEnd?: (end: "answered" | "known" | "failed" | "refused") => void;
}

/** Seconds for which a reply is known to all workers, whatever becomes of its job. */
const KEPT = 86_400;
/** Milliseconds of a rate limit that names no wait, and the most that is waited here. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
/** Rate limits of one request that are waited out here. */
const MOST_LIMITS = 30;

/** Answers requests from the queue until it is closed. */
export function startWorker(options: WorkerOptions): { close(): Promise<void>; ready(): Promise<void> } {
  const { provider, box, concurrency, rate, takeover, onEnd = () => {} } = options;
  const name = box.nameOf(provider.identity);
  const redis = connectRedis(options);
  const queueRedis = connectRedis(options);
  const running = new Map<string, AbortController>();
  const stop = new AbortController();
  const queue = new Queue(name, { connection: queueRedis });
  queue.on("error", () => {});
  const settled = options.together === undefined ? Promise.resolve(0) : queue.setGlobalConcurrency(options.together);

  const worker = new Worker(
    name,
    async (job) => {
      const key = job.id ?? "";
      const place = `agentgraph:${name}:${key}`;
      // A worker that was cut off may have answered it meanwhile.
      const known = await redis.get(place);
      if (known !== null) {
        onEnd("known");
        return known;
      }
      const request = queuedRequest.safeParse(box.open(String(job.data?.box ?? ""), `${REQUEST} ${key}`)).data;
      if (!request) {
        onEnd("refused");
        throw new UnrecoverableError("the request was made with another secret, or changed");
      }
      const abort = new AbortController();
      running.set(key, abort);
      try {
        const signal = AbortSignal.any([abort.signal, stop.signal]);
        const { text, usage, model, finish } = await provider.complete({ ...fromQueued(request), key }, signal);
        const end: QueuedEnd = { reply: { text, usage, model, finish } };
        const sealed = box.seal(end, `${END} ${key}`);
        await redis.set(place, sealed, "EX", KEPT);
        onEnd("answered");
        return sealed;
      } catch (error) {
        if (
          error instanceof RateLimited &&
          (error.retryAfter ?? 0) <= LONGEST_PAUSE &&
          job.attemptsStarted < MOST_LIMITS
        ) {
          // Every worker waits, and the request goes back into the queue.
          await worker.rateLimit(error.retryAfter ?? PAUSE * Math.min(8, 2 ** Math.floor(job.attemptsStarted / 2)));
          throw Worker.RateLimitError();
        }
        onEnd("failed");
        const failure = isModelError(error)
          ? error
          : new ProviderFault(
              provider.identity,
              null,
              null,
              abort.signal.aborted ? "the worker lost the queue" : String(error),
            );
        throw new UnrecoverableError(box.seal({ failure: plainFailure(failure) } satisfies QueuedEnd, `${END} ${key}`));
      } finally {
        running.delete(key);
      }
    },
    {
      connection: redis,
      concurrency,
      lockDuration: takeover,
      stalledInterval: Math.max(1_000, takeover / 2),
      // As often as workers are lost: a request is never given up for that.
      maxStalledCount: 1_000,
      ...(rate && { limiter: { max: rate.requests, duration: rate.milliseconds } }),
    },
  );
  worker.on("error", () => {});
  // Somebody else may begin these now: what is still on the way here would be paid for twice.
  worker.on("lockRenewalFailed", (keys) => {
    for (const key of keys) running.get(key)?.abort(new Error("the queue is out of reach"));
  });
  return {
    ready: async () => {
      await settled;
      await worker.waitUntilReady();
    },
    async close() {
      // What is on the way is paid for: it is waited for.
      await worker.close().catch(() => {});
      stop.abort();
      await queue.close().catch(() => {});
      redis.disconnect();
      queueRedis.disconnect();
    },
  };
}
