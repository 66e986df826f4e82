import { type Job, Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import type { Clock } from "../../deps.ts";
import { BodyBroken } from "../../models/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../../models/model.ts";
import { revive } from "../../models/revive.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import type { Box } from "./box.ts";
import { END, queuedEnd, REQUEST, toQueued } from "./calls.ts";
import { connectRedis, type QueueAddress } from "./connection.ts";

/** Jobs of one run in the queue: workers and their limits decide how many are under way. */
const AT_ONCE = 1_024;
/** Milliseconds between two looks for jobs that no event told of, as after a restart of Redis. */
const SWEEP = 2_000;
/** Seconds for which replies and failures stay: another run, or a resumed one, takes them from there. */
const KEPT = { done: 86_400, failed: 600 };
/** Milliseconds: queues hold requests until there is a worker. */
const LONGEST = 86_400_000;
/** Larger goes first here, smaller in BullMQ. */
const LEAST_URGENT = 1_000;

interface Waiter {
  readonly request: ModelRequest;
  readonly resolve: (reply: ModelReply) => void;
  readonly reject: (reason: unknown) => void;
}

export interface QueueModelOptions extends QueueAddress {
  /** Provider and origin that workers ask, as they name it themselves. */
  readonly identity: string;
  readonly box: Box;
  readonly clock: Clock;
}

/**
 * A model whose requests other machines send. A job has the reply's key as its id, so the same request of two runs, two
 * people or a retry is one job. Replies are those of one machine: nothing else of a run is different.
 */
export class QueueModel implements Model {
  readonly identity: string;
  readonly timeout = LONGEST;
  readonly concurrency = AT_ONCE;
  readonly #redis: Redis[] = [];
  readonly #queue: Queue;
  readonly #events: QueueEvents;
  readonly #waiting = new Map<string, Waiter[]>();
  readonly #closed = new AbortController();
  #sweeping = false;
  #isAway = false;
  #tell: (waiting: Waiting | null) => void = () => {};

  constructor(private readonly options: QueueModelOptions) {
    this.identity = options.identity;
    const name = options.box.nameOf(options.identity);
    this.#queue = new Queue(name, { connection: this.#connect() });
    this.#events = new QueueEvents(name, { connection: this.#connect() });
    this.#redis[0]?.on("reconnecting", (milliseconds: number) => this.#away(milliseconds));
    this.#redis[0]?.on("ready", () => this.#back());
    this.#queue.on("error", () => {});
    this.#events.on("error", () => {});
    this.#events.on("completed", ({ jobId, returnvalue }) => this.#end(jobId, returnvalue));
    this.#events.on("failed", ({ jobId, failedReason }) => void this.#fail(jobId, failedReason));
  }

  #connect(): Redis {
    const redis = connectRedis(this.options);
    this.#redis.push(redis);
    return redis;
  }

  /** Rejects where the queue cannot be reached within `timeout` milliseconds. */
  async check(timeout: number): Promise<void> {
    const [redis] = this.#redis;
    const late = new Promise((_, reject) => {
      setTimeout(() => reject(new Error("it does not respond")), timeout).unref();
      // No further attempt would end otherwise.
      redis?.on("error", (error: Error) => {
        const reason = lastingReason(error);
        if (reason !== null) reject(new Error(reason));
      });
    });
    await Promise.race([redis?.ping(), late]);
  }

  listen(tell: (waiting: Waiting | null) => void): void {
    this.#tell = tell;
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    signal.throwIfAborted();
    const { key } = request;
    if (key === undefined) throw new Error("a request without a key cannot be queued");
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#remove(key, waiter);
        // No other waiter here wants it.
        if (!this.#waiting.has(key)) void this.#queue.remove(key).catch(() => {});
        reject(signal.reason);
      };
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal.removeEventListener("abort", leave);
          settle(value);
        };
      };
      const waiter: Waiter = { request, resolve: done(resolve), reject: done(reject) };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), waiter]);
      this.#add(key, request).catch((error: unknown) => this.#settle(key, (each) => each.reject(error)));
      void this.#sweep();
    });
  }

  async #add(key: string, request: ModelRequest): Promise<void> {
    const data = { box: this.options.box.seal(toQueued(request), `${REQUEST} ${key}`) };
    const options = {
      jobId: key,
      priority: Math.max(1, LEAST_URGENT - Math.round(10 * (request.priority ?? 0))),
      removeOnComplete: { age: KEPT.done },
      removeOnFail: { age: KEPT.failed },
    };
    const job = await this.#queue.add("call", data, options);
    await this.#look(job, async () => void (await this.#queue.add("call", data, options)));
  }

  /** A job of this id may have ended before: its reply serves, and its failure is tried again. */
  async #look(job: Job, again: () => Promise<void>): Promise<void> {
    const known = await this.#queue.getJob(job.id!);
    if (known?.returnvalue) return this.#end(job.id!, known.returnvalue);
    if (!known?.failedReason || !(await known.isFailed())) return;
    await known.remove().catch(() => {});
    await again();
  }

  #end(key: string, sealed: unknown): void {
    if (!this.#waiting.has(key)) return;
    const text = typeof sealed === "string" ? sealed : "";
    const end = queuedEnd.safeParse(this.options.box.open(text, `${END} ${key}`)).data;
    if (end && "reply" in end) {
      const reply: ModelReply = { ...end.reply, key: "", source: "provider", requests: 1, milliseconds: 0 };
      this.#settle(key, ({ resolve }) => resolve(reply));
      return;
    }
    const error = end ? this.#errorOf(end.failure) : new BodyBroken(this.identity, "a worker's answer can't be read");
    this.#settle(key, ({ reject }) => reject(error));
  }

  async #fail(key: string, reason: string): Promise<void> {
    const waiters = this.#waiting.get(key);
    if (!waiters) return;
    const end = queuedEnd.safeParse(this.options.box.open(reason, `${END} ${key}`)).data;
    const error =
      end && "failure" in end
        ? this.#errorOf(end.failure)
        : new BodyBroken(this.identity, `a worker failed: ${reason.slice(0, 200)}`);
    this.#settle(key, ({ reject }) => reject(error));
  }

  #errorOf(failure: Parameters<typeof revive>[0]): unknown {
    return revive(failure) ?? new BodyBroken(this.identity, `a worker failed: ${failure.code}`);
  }

  #settle(key: string, settle: (waiter: Waiter) => void): void {
    const waiters = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    for (const waiter of waiters) settle(waiter);
    if (this.#waiting.size === 0) this.#tell(null);
  }

  #remove(key: string, waiter: Waiter): void {
    const left = (this.#waiting.get(key) ?? []).filter((each) => each !== waiter);
    if (left.length > 0) this.#waiting.set(key, left);
    else this.#waiting.delete(key);
  }

  /** Events are lost while Redis is away, and jobs with what it had not written: both are noticed here. */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      while (this.#waiting.size > 0) {
        await this.options.clock.sleep(SWEEP, this.#closed.signal);
        for (const [key, waiters] of [...this.#waiting]) {
          const job = await this.#queue.getJob(key).catch(() => null);
          const [first] = waiters;
          if (job === null || !first || !this.#waiting.has(key)) continue;
          if (!job) await this.#add(key, first.request).catch(() => {});
          else if (job.returnvalue) this.#end(key, job.returnvalue);
          else if (job.failedReason && (await job.isFailed())) await this.#fail(key, job.failedReason);
        }
        await this.#sayWaiting();
      }
    } catch {
      // Closed.
    } finally {
      this.#sweeping = false;
    }
  }

  /** Redis is out of reach. @param next milliseconds to the next attempt */
  #away(next: number): void {
    this.#isAway = true;
    if (this.#waiting.size === 0) return;
    const { host } = new URL(this.options.url);
    const until = this.options.clock.now() + next;
    this.#tell({ identity: `queue https://${host}`, reason: "no queue", until, detail: "" });
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#tell(null);
  }

  async #sayWaiting(): Promise<void> {
    if (this.#isAway) return;
    const workers = await this.#queue.getWorkersCount().catch(() => null);
    if (workers !== 0 || this.#waiting.size === 0) return this.#tell(null);
    const until = this.options.clock.now() + LONGEST;
    this.#tell({ identity: this.identity, reason: "no worker", until, detail: `${this.#waiting.size}` });
  }

  /** At once: commands that wait for Redis are given up. */
  close(): void {
    this.#closed.abort();
    for (const redis of this.#redis) redis.disconnect();
    for (const each of [this.#queue, this.#events]) each.close().catch(() => {});
  }
}

/** Why a queue refuses every connection, as a clause; null: it may be reached later. */
function lastingReason(error: Error): string | null {
  const code = "code" in error ? String(error.code) : "";
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) {
    return `its certificate isn't trusted (${code}); name its authority with --ca-file`;
  }
  if (/^ERR_SSL|EPROTO/.test(code)) return "it doesn't speak TLS; use redis://";
  return /WRONGPASS|NOAUTH|NOPERM/.test(error.message) ? "it refused the user name or password" : null;
}
