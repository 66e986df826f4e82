import PQueue from "p-queue";
import type { Clock } from "../../deps.ts";
import { FellBack, ProviderFault, RateLimited } from "../errors.ts";
import type { Model, ModelReply, ModelRequest } from "../model.ts";
import type { Complete, StackRequest } from "./key.ts";
import type { RequestPause } from "./request-pause.ts";
import type { RetryWaits } from "./retry-waits.ts";

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** Milliseconds by which a computer may correct its clock at any time. */
const CORRECTED = 1_000;
/**
 * How long a freed slot waits for the request that follows from its reply: a share of the request's own time, and a
 * maximum in milliseconds.
 */
const ROOM = 0.1;
const LONGEST_ROOM = 25;

export interface LimiterOptions {
  /** Maximum number of concurrent requests. At least 1. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** Default: always open. */
  readonly pause?: RequestPause;
  /** See `Model.laneOf`. */
  readonly laneOf?: Model["laneOf"] | undefined;
}

/**
 * Limits concurrent requests, higher priority first. A 429 pauses all of them: for as long as the server asks, else
 * for a time that doubles with each further refusal. The limit is then halved, and grows back by one per round. Where a lane
 * has no capacity, only its requests are paused.
 */
export function limited(
  { concurrency, clock, pause, laneOf }: LimiterOptions,
  waits: RetryWaits,
  inner: Complete,
): Complete {
  const queue = new PQueue({ concurrency });
  let window = concurrency;
  let pausedUntil = 0;
  /** Milliseconds from the last refusal to `pausedUntil`. */
  let pauseLength = 0;
  let refusals = 0;
  let waiting = 0;
  /** Ends the pause of the queue early; null: it is not paused. */
  let wake: AbortController | null = null;

  const resize = (size: number) => {
    window = Math.min(concurrency, Math.max(1, size));
    queue.concurrency = Math.floor(window);
  };

  /** Milliseconds; 0 if the clock was set back meanwhile, by more than it is corrected by itself. */
  const pauseLeft = () => {
    const left = pausedUntil - clock.now();
    return left > pauseLength + CORRECTED ? 0 : Math.max(0, left);
  };

  // The timer runs only while a request waits, so that a cancelled run leaves none behind.
  const holdQueue = async () => {
    if (queue.isPaused) return;
    queue.pause();
    while (waiting > 0 && pauseLeft() > 0) {
      wake = new AbortController();
      await clock.sleep(pauseLeft(), wake.signal).catch(() => undefined);
    }
    wake = null;
    queue.start();
  };

  const onRefusal = (error: RateLimited, sentAt: number) => {
    // Concurrent requests are refused together: this counts as one refusal.
    if (sentAt >= pausedUntil) {
      refusals++;
      resize(window / 2);
    }
    // The user doesn't allow such a long wait: the run ends.
    if (error.retryAfter !== null && error.retryAfter > waits.maxWait) return;
    const own = Math.min(FIRST_PAUSE * 2 ** Math.max(0, refusals - 1), LONGEST_PAUSE);
    // Some servers say 0 each time.
    pauseLength = Math.max(pauseLeft(), error.retryAfter || own);
    pausedUntil = clock.now() + pauseLength;
    waits.hold(error, pausedUntil);
    holdQueue();
  };

  /** Lane → its pause; absent: it has capacity. */
  const fullLanes = new Map<string, { readonly until: number; readonly length: number }>();
  const laneLeft = (request: ModelRequest) => {
    const { until, length } = fullLanes.get(laneOf?.(request) ?? "") ?? { until: 0, length: 0 };
    const left = until - clock.now();
    return left > length + CORRECTED ? 0 : Math.max(0, left);
  };
  const onFullLane = (lane: string, { retryAfter }: RateLimited, sentAt: number) => {
    const before = fullLanes.get(lane);
    // Concurrent requests are refused together.
    if (before && sentAt < before.until) return;
    const own = before ? Math.min(2 * before.length, LONGEST_PAUSE) : FIRST_PAUSE;
    const length = Math.min(retryAfter || own, waits.maxWait);
    fullLanes.set(lane, { until: clock.now() + length, length });
  };

  const send: Complete = async (request, signal) => {
    const { left = signal } = request;
    if (pause?.isOpen === false) {
      await pause.opened(signal);
      waits.proceed();
    }
    // It keeps its slot, or all that wait for one would end in the same task.
    if (left.aborted) await ended(signal);
    try {
      await request.onRequest?.(request.attempt);
      left.throwIfAborted();
    } catch (error) {
      request.onWithdrawn?.(request.attempt);
      throw error;
    }
    const sentAt = clock.now();
    const end = waits.begin(request.attempt > 1);
    try {
      const reply = await inner(request, left);
      refusals = 0;
      fullLanes.delete(laneOf?.(request) ?? "");
      resize(window + 1 / window);
      return reply;
    } catch (error) {
      const isFull = laneOf && error instanceof RateLimited && error.reason === "no room";
      if (isFull) onFullLane(laneOf(request), error, sentAt);
      else if (error instanceof RateLimited) onRefusal(error, sentAt);
      if (isNoCall(error)) request.onWithdrawn?.(request.attempt);
      throw error;
    } finally {
      end();
    }
  };

  // The request that follows from a reply is made a moment after it. Without that moment, a less urgent request would take
  // the slot, and the chain of requests that the run waits for would be delayed at every step.
  const queued = new Priorities();
  const sent = new Priorities();
  const leaveRoom = async (sentAt: number, urgent: number, signal: AbortSignal) => {
    if (queued.highest() >= urgent || queued.highest() === Number.NEGATIVE_INFINITY) return;
    const moment = Math.min(LONGEST_ROOM, ROOM * (clock.now() - sentAt));
    await clock.sleep(moment, signal).catch(() => undefined);
  };

  /** The reply; null if the lane of the request was full when its turn came. */
  const enqueued = async (request: StackRequest, signal: AbortSignal): Promise<ModelReply | null> => {
    const priority = request.priority ?? 0;
    waiting++;
    if (pauseLeft() > 0) holdQueue();
    queued.add(priority);
    let started = false;
    try {
      return await new Promise((resolve, reject) => {
        const task = async () => {
          started = true;
          queued.remove(priority);
          if (laneLeft(request) > 0) return resolve(null);
          sent.add(priority);
          const sentAt = clock.now();
          await send(request, signal).then(resolve, reject);
          await leaveRoom(sentAt, sent.highest(), signal);
          sent.remove(priority);
        };
        // Once it has started, `send` decides how it ends: a recorded request may still have to be withdrawn.
        queue.add(task, { priority, signal }).catch((error: unknown) => {
          if (!started) reject(error);
        });
      });
    } finally {
      if (!started) queued.remove(priority);
      if (--waiting === 0) wake?.abort();
    }
  };

  return async (request, signal) => {
    for (;;) {
      while (laneLeft(request) > 0) await clock.sleep(laneLeft(request), signal);
      const reply = await enqueued(request, signal);
      if (reply !== null) return reply;
    }
  };
}

/** Waits until a signal is aborted. @throws its reason */
async function ended(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  signal.throwIfAborted();
}

/** The server has not seen the request, or has no room for it at half the price, which is free. */
function isNoCall(error: unknown): boolean {
  if (error instanceof FellBack) return isNoCall(error.cause);
  if (error instanceof RateLimited) return error.reason === "no room";
  return error instanceof ProviderFault && error.reason === "unreached";
}

/** Number of requests of each priority. */
class Priorities {
  readonly #counts = new Map<number, number>();

  add(priority: number): void {
    this.#counts.set(priority, (this.#counts.get(priority) ?? 0) + 1);
  }

  remove(priority: number): void {
    const left = (this.#counts.get(priority) ?? 0) - 1;
    if (left > 0) this.#counts.set(priority, left);
    else this.#counts.delete(priority);
  }

  /** −∞ if there are none. */
  highest(): number {
    return Math.max(...this.#counts.keys());
  }
}
