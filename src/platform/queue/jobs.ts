import { randomUUID } from "node:crypto";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Clock } from "../../deps.ts";
import type { Waiting } from "../../models/stack/waiting.ts";
import type { Box } from "./box.ts";
import { aboutEnd, aboutRequest, type Channel, ENDED, nameOf, PREFIX } from "./channels.ts";
import { connectRedis, examineRedis, isFull, lastingReason, type QueueAddress, QueueRefused } from "./connection.ts";
import { countJobs, type JobCounts } from "./job-counts.ts";
import { type Offers, readOffers, type WorkerOffer } from "./offers.ts";

/** Milliseconds between checks for ends that were not published, for example after a restart of Redis. */
const SWEEP = 2_000;
/** Number of such checks after which it is looked for a job itself. */
const LOOKS = 3;
/** Milliseconds for which known offers of workers are reused. */
const FRESH = 1_000;
/** Milliseconds without a worker after which a job is given up that can be done elsewhere. */
const ABSENCE = 10_000;
/** Milliseconds for which jobs wait for a worker. */
export const LONGEST = 86_400_000;
/** Converts priorities: higher values go first here, lower ones in BullMQ. */
const LEAST_URGENT = 1_000;
/** Maximum characters of an encrypted job: Redis accepts 512 MB. */
const LARGEST = 256 * 2 ** 20;

export interface Job {
  readonly channel: Channel;
  /** Key of the reply: the same job of two runs, two people or a retry has the same key. */
  readonly key: string;
  readonly payload: unknown;
  /** Jobs with a higher priority go first. Default 0. */
  readonly priority?: number;
  /** Name of the workers that do it, for messages. */
  readonly label: string;
  readonly isOffered: (offer: WorkerOffer) => boolean;
  /** Whether it is given up if no worker takes it. Default: it waits. */
  readonly givesUp?: boolean;
  /** Called if another run asked for it first, or this one before it was interrupted. */
  readonly onShared?: () => void;
}

/** No worker takes the job, which was removed from the queue. */
export class NoWorker extends Error {
  override readonly name = "NoWorker";
}

/** The job does not fit into the queue. */
export class JobTooLarge extends Error {
  override readonly name = "JobTooLarge";
  constructor(
    /** Bytes of the job, and the maximum. */
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`it has ${Math.ceil(bytes / 2 ** 20)} MB, and the queue takes at most ${Math.floor(limit / 2 ** 20)} MB`);
  }
}

interface Waiter {
  readonly resolve: (end: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

interface Pending {
  readonly job: Job;
  readonly sealed: string;
  readonly waiters: Set<Waiter>;
  /** Time since which no worker takes it, in milliseconds since the epoch; null: one does. */
  absentSince: number | null;
  /** Whether it was put into the queue again because its end could not be read. */
  isRepeated: boolean;
  /** Number of checks without an end. */
  looks: number;
  /** Whether Redis had the job, but in no list, at the last look. */
  isAdrift: boolean;
}

export interface JobQueueOptions extends QueueAddress {
  readonly box: Box;
  readonly clock: Clock;
  /** Maximum characters of an encrypted job. Default: 256 Mi. */
  readonly largest?: number;
}

/** The jobs of a run for workers. */
export class JobQueue {
  readonly box: Box;
  readonly #id = randomUUID();
  readonly #redis: Redis;
  readonly #listener: Redis;
  readonly #listening: Promise<unknown>;
  readonly #queues = new Map<string, Queue>();
  readonly #pending = new Map<string, Pending>();
  readonly #closed = new AbortController();
  readonly #largest: number;
  #offers: { readonly at: number; readonly read: Promise<Offers> } | null = null;
  #sweeping = false;
  #isAway = false;
  #isFull = false;
  #tell: (waiting: Waiting | null) => void = () => {};

  constructor(private readonly options: JobQueueOptions) {
    this.box = options.box;
    this.#largest = options.largest ?? LARGEST;
    this.#redis = connectRedis(options);
    this.#listener = connectRedis(options);
    this.#redis.on("reconnecting", (milliseconds: number) => this.#away(milliseconds));
    this.#redis.on("ready", () => this.#back());
    this.#listener.on("message", (_: string, text: string) => this.#told(text));
    this.#listening = this.#listener.subscribe(ENDED);
    this.#listening.catch(() => {});
  }

  /** @returns sentences about settings that can lose requests @throws QueueRefused */
  async examine(timeout: number): Promise<readonly string[]> {
    const cautions = await examineRedis(this.#redis, timeout);
    await this.#listening.catch((error: Error) => {
      throw new QueueRefused(lastingReason(error) ?? error.message);
    });
    return cautions;
  }

  listen(tell: (waiting: Waiting | null) => void): void {
    this.#tell = tell;
  }

  /** Offers of the workers that are alive. */
  offers(): Promise<Offers> {
    const { clock } = this.options;
    if (!this.#offers || Math.abs(clock.now() - this.#offers.at) > FRESH) {
      const read = readOffers(this.#redis, this.box);
      this.#offers = { at: clock.now(), read };
      read.catch(() => {
        this.#offers = null;
      });
    }
    return this.#offers.read;
  }

  /** Runs a job to its end; undefined if that can't be read. @throws JobTooLarge, NoWorker, or the signal's reason */
  async run(job: Job, signal?: AbortSignal): Promise<unknown> {
    signal?.throwIfAborted();
    const name = nameOf(job.channel, job.key);
    const known = this.#pending.get(name);
    const pending = known ?? {
      job,
      sealed: this.#seal(job),
      waiters: new Set<Waiter>(),
      absentSince: null,
      isRepeated: false,
      looks: 0,
      isAdrift: false,
    };
    return new Promise((resolve, reject) => {
      const leave = () => {
        pending.waiters.delete(waiter);
        if (pending.waiters.size === 0 && this.#pending.get(name) === pending) {
          this.#pending.delete(name);
          void this.#withdraw(job).catch(() => {});
        }
        reject(signal?.reason);
      };
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal?.removeEventListener("abort", leave);
          settle(value);
        };
      };
      const waiter: Waiter = { resolve: done(resolve), reject: done(reject) };
      signal?.addEventListener("abort", leave, { once: true });
      pending.waiters.add(waiter);
      if (known) return;
      this.#pending.set(name, pending);
      this.#add(pending).catch((error: unknown) => this.#settle(pending, (each) => each.reject(error)));
      void this.#sweep();
    });
  }

  #seal({ channel, key, payload }: Job): string {
    const sealed = this.box.seal(payload, aboutRequest(channel, key));
    if (sealed.length > this.#largest) throw new JobTooLarge(sealed.length, this.#largest);
    return sealed;
  }

  async #add(pending: Pending): Promise<void> {
    try {
      await this.#enqueue(pending);
      this.#isFull = false;
    } catch (error) {
      // Tried again by the next sweep.
      if (!isFull(error)) throw error;
      this.#isFull = true;
    }
  }

  async #enqueue(pending: Pending): Promise<void> {
    const { channel, key, priority = 0, onShared } = pending.job;
    const [reply, , isNew, , waiting] = await Promise.all([
      this.#redis.get(channel.reply(key)),
      // The failure of an earlier attempt, perhaps by another run: the job is tried again.
      this.#redis.del(channel.failure(key)),
      this.#redis.sadd(channel.wanted(key), this.#id),
      this.#redis.pexpire(channel.wanted(key), LONGEST),
      this.#redis.scard(channel.wanted(key)),
    ]);
    if (isNew > 0 && (reply !== null || waiting > 1)) onShared?.();
    if (reply !== null) return this.#end(pending, reply);
    await this.#queueOf(channel).add(
      "job",
      { box: pending.sealed },
      {
        jobId: key,
        priority: Math.max(1, LEAST_URGENT - Math.round(10 * priority)),
        removeOnComplete: true,
        removeOnFail: true,
      },
    );
  }

  #queueOf({ name }: Pick<Channel, "name">): Queue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new Queue(name, { connection: this.#redis, prefix: PREFIX });
    queue.on("error", () => {});
    this.#queues.set(name, queue);
    return queue;
  }

  /**
   * Removes a job from the queue unless another run waits for it or a worker has started it.
   * @returns whether it was removed
   */
  async #withdraw({ channel, key }: Job): Promise<boolean> {
    await this.#redis.srem(channel.wanted(key), this.#id);
    if ((await this.#redis.scard(channel.wanted(key))) > 0) return false;
    return (await this.#queueOf(channel).remove(key)) > 0;
  }

  #told(text: string): void {
    const [name = "", failure] = text.split(" ", 2);
    const pending = this.#pending.get(name);
    if (!pending) return;
    if (failure !== undefined) this.#end(pending, failure);
    else void this.#take(pending).catch(() => {});
  }

  async #take(pending: Pending): Promise<void> {
    const { channel, key } = pending.job;
    const reply = await this.#redis.get(channel.reply(key));
    if (reply !== null) this.#end(pending, reply);
  }

  #end(pending: Pending, sealed: string): void {
    const { channel, key } = pending.job;
    const end = this.box.open(sealed, aboutEnd(channel, key));
    if (end === undefined && !pending.isRepeated) {
      // It was written without the secret, so it is ignored.
      pending.isRepeated = true;
      const isGone = this.#redis.del(channel.reply(key), channel.failure(key));
      isGone.then(() => this.#add(pending)).catch(() => {});
      return;
    }
    this.#settle(pending, (waiter) => waiter.resolve(end));
  }

  #settle(pending: Pending, settle: (waiter: Waiter) => void): void {
    const name = nameOf(pending.job.channel, pending.job.key);
    if (this.#pending.get(name) === pending) this.#pending.delete(name);
    for (const waiter of pending.waiters) settle(waiter);
    pending.waiters.clear();
    if (this.#pending.size === 0) this.#tell(null);
  }

  /**
   * Checks for lost messages and jobs, because Redis loses messages while it is unreachable and jobs that it had not
   * saved.
   */
  async #sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      while (this.#pending.size > 0) {
        await this.options.clock.sleep(SWEEP, this.#closed.signal);
        await this.#look().catch(() => {});
        await this.#noteWorkers().catch(() => {});
      }
    } catch {
      // Closed.
    } finally {
      this.#sweeping = false;
    }
  }

  async #look(): Promise<void> {
    const all = [...this.#pending.values()];
    const pipeline = this.#redis.pipeline();
    for (const { job } of all) {
      const { channel, key } = job;
      pipeline.get(channel.reply(key)).get(channel.failure(key)).exists(channel.job(key));
    }
    const found = (await pipeline.exec()) ?? [];
    const adrift: Pending[] = [];
    for (const [index, pending] of all.entries()) {
      if (pending.waiters.size === 0) continue;
      const [reply, failure, exists] = found.slice(3 * index, 3 * index + 3).map((one) => one?.[1]);
      const end = reply ?? failure;
      if (typeof end === "string") this.#end(pending, end);
      else if (exists === 0) await this.#add(pending).catch(() => {});
      else if (pending.isAdrift || ++pending.looks % LOOKS === 0) adrift.push(pending);
    }
    await Promise.all(adrift.map((pending) => this.#recover(pending)));
  }

  /**
   * Adds a job again that no worker will find: a Redis that deletes entries when its memory is full has deleted the list with
   * it (taskforcesh/bullmq#1046). Between two checks, a job that has just ended is in no list either.
   */
  async #recover(pending: Pending): Promise<void> {
    const { channel, key } = pending.job;
    const queue = this.#queueOf(channel);
    const isLost = (await queue.getJobState(key)) === "unknown";
    const wasLost = pending.isAdrift;
    pending.isAdrift = isLost;
    if (!isLost || !wasLost || pending.waiters.size === 0) return;
    pending.isAdrift = false;
    // 0: a worker does it.
    if ((await queue.remove(key)) > 0) await this.#add(pending);
  }

  /** Gives up jobs that no worker takes, and reports what the run waits for. */
  async #noteWorkers(): Promise<void> {
    const { clock } = this.options;
    const { ours, others } = await this.offers();
    let waiting: Waiting | null = null;
    for (const pending of this.#pending.values()) {
      const { job } = pending;
      const isServed = ours.some(job.isOffered);
      if (isServed) pending.absentSince = null;
      else pending.absentSince ??= clock.now();
      if (isServed || pending.absentSince === null) continue;
      if (job.givesUp && clock.now() - pending.absentSince > ABSENCE && (await this.#withdraw(job))) {
        this.#settle(pending, (waiter) => waiter.reject(new NoWorker()));
        continue;
      }
      const until = clock.now() + LONGEST;
      const reason = ours.length === 0 && others > 0 ? "other secret" : "no worker";
      waiting ??= { identity: job.label, reason, until, detail: `${this.#pending.size}` };
    }
    if (this.#isAway) return;
    this.#tell(this.#isFull ? this.#queueWaiting("queue full", SWEEP) : waiting);
  }

  #queueWaiting(reason: "no queue" | "queue full", next: number): Waiting {
    const { host } = new URL(this.options.url);
    return { identity: `queue https://${host}`, reason, until: this.options.clock.now() + next, detail: "" };
  }

  /** Notes that Redis can't be reached. @param next milliseconds until the next attempt */
  #away(next: number): void {
    this.#isAway = true;
    if (this.#pending.size > 0) this.#tell(this.#queueWaiting("no queue", next));
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#tell(null);
  }

  /** Jobs in the queue by channel, with or without a worker. */
  counts(): Promise<ReadonlyMap<string, JobCounts>> {
    return countJobs(this.#redis, (name) => this.#queueOf({ name }));
  }

  /** Closes at once: commands that wait for Redis are given up. */
  close(): void {
    this.#closed.abort();
    for (const redis of [this.#redis, this.#listener]) redis.disconnect();
    for (const queue of this.#queues.values()) queue.close().catch(() => {});
  }
}
