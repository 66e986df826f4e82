import PQueue from "p-queue";
import type { Clock } from "../../deps.ts";
import { ProviderFault, RateLimited } from "../errors.ts";
import type { Complete } from "./key.ts";
import type { RequestPause } from "./request-pause.ts";
import type { RetryWaits } from "./retry-waits.ts";

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** How long a slot waits for what follows from its reply: a share of the request's own time, and at most so many milliseconds. */
const ROOM = 0.1;
const LONGEST_ROOM = 25;

export interface LimiterOptions {
  /** Requests on the way at once. At least 1. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** Default: always open. */
  readonly pause?: RequestPause;
}

/**
 * So many requests at once, higher priority first. A 429 pauses everyone: for as long as the server asks, else for a
 * pause that doubles while refusals follow each other. Requests at once are halved then and grow back by one a round.
 */
export function limited({ concurrency, clock, pause }: LimiterOptions, waits: RetryWaits, inner: Complete): Complete {
  const queue = new PQueue({ concurrency });
  let window = concurrency;
  let pausedUntil = 0;
  let refusals = 0;
  let waiting = 0;
  let wake = new AbortController();

  const resize = (size: number) => {
    window = Math.min(concurrency, Math.max(1, size));
    queue.concurrency = Math.floor(window);
  };

  /** Milliseconds; 0 if the clock was set back meanwhile, for no pause is as long as that. */
  const pauseLeft = () => {
    const left = pausedUntil - clock.now();
    return left > waits.maxWait ? 0 : Math.max(0, left);
  };

  // The pause is slept through only while someone waits: a cancelled run leaves no timer behind.
  const holdQueue = async () => {
    if (queue.isPaused) return;
    queue.pause();
    while (waiting > 0 && pauseLeft() > 0) {
      wake = new AbortController();
      await clock.sleep(pauseLeft(), wake.signal).catch(() => undefined);
    }
    queue.start();
  };

  const onRefusal = (error: RateLimited, sentAt: number) => {
    // Requests that were on the way together are refused together: that is one refusal.
    if (sentAt >= pausedUntil) {
      refusals++;
      resize(window / 2);
    }
    // No one waits for as long as that: the run ends.
    if (error.retryAfter !== null && error.retryAfter > waits.maxWait) return;
    const own = Math.min(FIRST_PAUSE * 2 ** Math.max(0, refusals - 1), LONGEST_PAUSE);
    pausedUntil = clock.now() + Math.max(pauseLeft(), error.retryAfter ?? own);
    waits.hold(error, pausedUntil);
    holdQueue();
  };

  const send: Complete = async (request, signal) => {
    if (pause?.isOpen === false) {
      await pause.opened(signal);
      waits.proceed();
    }
    try {
      await request.onRequest?.(request.attempt);
      signal.throwIfAborted();
    } catch (error) {
      request.onWithdrawn?.(request.attempt);
      throw error;
    }
    const sentAt = clock.now();
    const end = waits.begin(request.attempt > 1);
    try {
      const reply = await inner(request, signal);
      refusals = 0;
      resize(window + 1 / window);
      return reply;
    } catch (error) {
      if (error instanceof RateLimited) onRefusal(error, sentAt);
      // No one has seen the request: it counts as no call.
      if (error instanceof ProviderFault && error.reason === "unreached") request.onWithdrawn?.(request.attempt);
      throw error;
    } finally {
      end();
    }
  };

  // What follows from a reply is asked for a moment after it: without that moment a less urgent request would have taken
  // the slot, and the chain that the run waits for would be behind it at every step.
  const queued = new Priorities();
  const sent = new Priorities();
  const leaveRoom = async (sentAt: number, urgent: number, signal: AbortSignal) => {
    if (queued.highest() >= urgent || queued.highest() === Number.NEGATIVE_INFINITY) return;
    const moment = Math.min(LONGEST_ROOM, ROOM * (clock.now() - sentAt));
    await clock.sleep(moment, signal).catch(() => undefined);
  };

  return async (request, signal) => {
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
          sent.add(priority);
          const sentAt = clock.now();
          await send(request, signal).then(resolve, reject);
          await leaveRoom(sentAt, sent.highest(), signal);
          sent.remove(priority);
        };
        // Once it has started, how it ends is for `send` to say: what is on record may still have to be withdrawn.
        queue.add(task, { priority, signal }).catch((error: unknown) => {
          if (!started) reject(error);
        });
      });
    } finally {
      if (!started) queued.remove(priority);
      if (--waiting === 0) wake.abort();
    }
  };
}

/** How many requests of each priority. */
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

  /** −∞ without any. */
  highest(): number {
    return Math.max(...this.#counts.keys());
  }
}
