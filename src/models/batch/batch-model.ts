import { setMaxListeners } from "node:events";
import type { Clock } from "../../deps.ts";
import { BatchEnded, BodyBroken, isModelError, ProviderFault } from "../errors.ts";
import type { Model, ModelReply, ModelRequest } from "../model.ts";
import { notSent } from "../not-sent.ts";
import type { Sent } from "../parameters/parameter-support.ts";
import { readError } from "../protocols/server-error.ts";
import type { ServerModel } from "../protocols/server-model.ts";
import type { Waiting } from "../stack/waiting.ts";
import type { BatchApi, BatchLine, BatchResult, BatchStatus } from "./batch-api.ts";
import { BatchClient } from "./batch-client.ts";
import { type BatchJournal, noJournal, openBatches } from "./batch-journal.ts";
import { isForBatches, isTooLarge, mayHaveArrived, orAborted, partsOf, TOO_LARGE } from "./batch-parts.ts";
import { type Known, known } from "./known-batch.ts";

/** Milliseconds without another request after which a wave is complete. */
const QUIET = 1_000;
/** Milliseconds after which a run no longer waits for a batch; vendors promise a day. */
const LONGEST_BATCH = 30 * 3_600_000;
/** Maximum number of batches that can fail to answer a request. */
const ATTEMPTS = 3;
/** No limit of our own, because those of the vendor apply: more than a run ever has in progress. */
const AT_ONCE = 100_000;

export interface BatchOptions {
  readonly clock: Clock;
  /** Makes a unique name for a batch. */
  readonly newMark: () => string;
  /** Milliseconds without another request after which a wave is complete. Default: 1,000. */
  readonly quiet?: number;
  readonly look?: readonly [first: number, longest: number];
}

interface Waiter {
  readonly request: ModelRequest;
  readonly sent: Sent;
  readonly resolve: (reply: ModelReply) => void;
  readonly reject: (reason: unknown) => void;
  /** Number of batches that included it. */
  attempts: number;
}

/**
 * Sends requests in batches at half the price: requests that arrive together are sent together and answered within a
 * day. The first request for a model is sent alone at the standard price, so that refusals are known within seconds.
 * A batch continues when its run ends, and the resumed run finds it again.
 */
export class BatchModel implements Model {
  readonly identity: string;
  readonly timeout = LONGEST_BATCH;
  readonly concurrency = AT_ONCE;
  #journal: BatchJournal = noJournal();
  readonly #waiting = new Map<string, Waiter>();
  /** Keys of the next wave, in order of arrival. */
  readonly #wave = new Set<string>();
  #batches: Known[] = [];
  #quiet: AbortController | null = null;
  /** Model → resolves when its first request is answered. */
  readonly #first: Map<string, Promise<void>>;
  readonly #running = new Map<string, BatchStatus>();
  /** Model → maximum number of requests that its queue has room for, as far as that was learned. */
  readonly #room = new Map<string, number>();
  /** Models whose queue was full while no batch of this process was in it. */
  readonly #full = new Set<string>();
  #tell: (waiting: Waiting | null) => void = () => {};
  /** Aborted while no request is waiting. */
  #stop = stopper();

  readonly #client: BatchClient;

  constructor(
    private readonly server: ServerModel,
    private readonly api: BatchApi,
    private readonly options: BatchOptions,
    first = new Map<string, Promise<void>>(),
  ) {
    this.#first = first;
    this.#client = new BatchClient(api, options);
    this.identity = server.identity;
  }

  /** The same model for one run: its batches are its own, so that runs can send theirs at the same time. */
  attach(journal: BatchJournal): BatchModel {
    const model = new BatchModel(this.server, this.api, this.options, this.#first);
    model.#journal = journal;
    model.#batches = openBatches(journal.entries).map((batch) => known(batch, true));
    return model;
  }

  listen(tell: (waiting: Waiting | null) => void): void {
    this.#tell = tell;
  }

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    signal.throwIfAborted();
    const { key } = request;
    if (key === undefined) throw new Error("a request without a key is in no batch");
    const batch = this.#batches.find(({ left, results }) => left.has(key) || results.has(key));
    if (!batch && this.server.isUntried?.(request)) {
      const first = this.#first.get(request.model);
      if (first) await orAborted(first, signal).catch((reason) => notSent(request, reason));
      else {
        const reply = await this.#askFirst(request, signal);
        if (reply) return reply;
      }
    }
    const sent = await this.server.lines.fit(request);
    if (signal.aborted) notSent(request, signal.reason);
    return new Promise((resolve, reject) => {
      const leave = () => this.#leave(key, signal.reason);
      const settled = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          signal.removeEventListener("abort", leave);
          this.#waiting.delete(key);
          if (this.#waiting.size === 0) this.#rest();
          settle(value);
        };
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.set(key, { request, sent, resolve: settled(resolve), reject: settled(reject), attempts: 0 });
      // It was sent and counted before the run was resumed.
      if (batch) request.onWithdrawn?.(request.attempt ?? 1);
      const result = batch?.results.get(key);
      if (batch && result) this.#deliver(batch, result);
      else if (batch) this.#watch(batch);
      else this.#enqueue(key);
    });
  }

  /** @returns null if the model only takes batches */
  async #askFirst(request: ModelRequest, signal: AbortSignal): Promise<ModelReply | null> {
    const reply = this.server.complete(request, signal);
    const { model } = request;
    const answered = reply.then(
      () => {},
      () => {},
    );
    this.#first.set(model, answered);
    try {
      return await reply;
    } catch (error) {
      if (isForBatches(error)) return null;
      // The next request becomes the first one.
      this.#first.delete(model);
      throw error;
    }
  }

  #leave(key: string, reason: unknown): void {
    const waiter = this.#waiting.get(key);
    if (this.#wave.delete(key)) waiter?.request.onWithdrawn?.(waiter.request.attempt ?? 1);
    waiter?.reject(reason);
  }

  /** Stops the timers when no request is waiting. */
  #rest(): void {
    this.#stop.abort();
    this.#stop = stopper();
    this.#quiet?.abort();
    this.#running.clear();
    this.#tell(null);
  }

  #enqueue(key: string): void {
    this.#wave.add(key);
    this.#quiet?.abort();
    const quiet = new AbortController();
    this.#quiet = quiet;
    this.options.clock.sleep(this.options.quiet ?? QUIET, quiet.signal).then(
      () => void this.#submit(),
      () => {},
    );
  }

  async #submit(): Promise<void> {
    const lines = [...this.#wave].flatMap((key): BatchLine[] => {
      const waiter = this.#waiting.get(key);
      return waiter ? [{ key, model: waiter.request.model, sent: waiter.sent }] : [];
    });
    this.#wave.clear();
    await this.#sendAll(lines);
  }

  async #sendAll(lines: readonly BatchLine[]): Promise<void> {
    const { requests, bytes } = this.api.most;
    const most = (model: string) => ({ requests: Math.min(requests, this.#room.get(model) ?? requests), bytes });
    for (const part of partsOf(lines, most)) await this.#send(part);
  }

  async #send(lines: readonly BatchLine[]): Promise<void> {
    const mark = this.options.newMark();
    const keys = lines.map(({ key }) => key);
    const at = this.options.clock.now();
    const batch = known({ mark, at, keys, id: null }, false);
    const { signal } = this.#stop;
    try {
      await this.#journal.write({ kind: "intended", mark, at, keys });
      const id = await this.#client.submit(lines, mark, at, signal);
      await this.#journal.write({ kind: "sent", mark, id });
      const sent = { ...batch, id };
      this.#batches.push(sent);
      this.#watch(sent);
    } catch (error) {
      // The lost answer can be that of a batch that was created.
      if (signal.aborted || mayHaveArrived(error)) {
        this.#batches.push(batch);
        if (!signal.aborted) this.#watch(batch);
        return;
      }
      // The journal can't be written: the batch may be at the server, and a resumed run looks for it.
      if (isModelError(error)) await this.#journal.write({ kind: "dropped", mark }).catch(() => {});
      if (isTooLarge(error) && this.#halve(lines[0]?.model, lines.length)) return this.#sendAll(lines);
      for (const key of keys) this.#waiting.get(key)?.reject(error);
    }
  }

  /** @returns false if there is nothing to halve */
  #halve(model: string | undefined, requests: number): boolean {
    if (model === undefined || requests < 2) return false;
    this.#room.set(model, Math.floor(requests / 2));
    return true;
  }

  #watch(batch: Known): void {
    if (batch.watched) return;
    batch.watched = true;
    const { signal } = this.#stop;
    this.#follow(batch, signal)
      .catch((error: unknown) => {
        if (signal.aborted) return;
        for (const key of batch.left) this.#waiting.get(key)?.reject(error);
      })
      .finally(() => {
        batch.watched = false;
      });
  }

  async #follow(batch: Known, signal: AbortSignal): Promise<void> {
    const id = batch.id ?? (await this.#find(batch, signal));
    const started = this.options.clock.now();
    const look = (seen: BatchStatus, next: number) => {
      this.#see(seen, next);
      if (this.options.clock.now() - started < LONGEST_BATCH) return;
      throw new BatchEnded(this.identity, seen.id, "late", `${seen.done}/${seen.total}`);
    };
    const status = id === null ? null : await this.#client.ended(id, look, signal);
    if (status === null) return this.#drop(batch, (keys) => this.#repeat(keys, "the server doesn't know the batch"));
    const isCancelled = status.state === "cancelled" && !batch.isEarlier;
    const take = (result: BatchResult) => {
      // The user who cancelled a batch doesn't want the rest of it.
      if (result.status !== null || !isCancelled) this.#take(batch, result);
    };
    await this.#client.read(status, take, signal);
    this.#running.delete(status.id);
    if (status.state === "failed") return this.#fail(batch, status, signal);
    this.#full.clear();
    const missing = [...batch.left];
    batch.left.clear();
    // Who resumes the run knows that it was cancelled, and wants the rest.
    if (isCancelled) {
      const reason = new BatchEnded(this.identity, status.id, "cancelled", "");
      for (const key of missing) this.#waiting.get(key)?.reject(reason);
    } else this.#repeat(missing, "the batch ended without it");
  }

  /** The server rejected a batch: its requests wait for room, are sent in halves, or fail with the server's reason. */
  async #fail(batch: Known, status: BatchStatus, signal: AbortSignal): Promise<void> {
    const said = `${status.code} ${status.detail}`;
    const again = (keys: readonly string[]) => {
      for (const key of keys) if (this.#waiting.has(key)) this.#enqueue(key);
    };
    if (/token_limit_exceeded|enqueued/i.test(said)) {
      await this.#awaitRoom(batch, signal);
      return this.#drop(batch, again);
    }
    if (TOO_LARGE.test(said) && this.#halve(this.#modelOf(batch), batch.keys.length)) return this.#drop(batch, again);
    const reason = this.#failureOf(batch, status);
    return this.#drop(batch, (keys) => {
      for (const key of keys) this.#waiting.get(key)?.reject(reason);
    });
  }

  /** The model that a batch asks; undefined if no one waits for it. */
  #modelOf({ keys }: Known): string | undefined {
    return keys.map((key) => this.#waiting.get(key)?.request.model).find((name) => name !== undefined);
  }

  /**
   * Waits until the account's queue may have room for a batch: until another batch of this process has ended. If there is
   * none, others fill the queue, or the batch alone is more than it takes, so that smaller ones are sent.
   */
  async #awaitRoom(batch: Known, signal: AbortSignal): Promise<void> {
    const isOpen = (other: Known) => this.#batches.includes(other) && other.watched && other.left.size > 0;
    const others = this.#batches.filter((other) => other !== batch && isOpen(other));
    if (others.length > 0) {
      while (others.every(isOpen)) await this.options.clock.sleep(this.#client.longestLook, signal);
      return;
    }
    const model = this.#modelOf(batch);
    const wasFull = model !== undefined && this.#full.has(model);
    if (model !== undefined) this.#full.add(model);
    if (!wasFull || !this.#halve(model, batch.keys.length))
      await this.options.clock.sleep(this.#client.longestLook, signal);
  }

  async #find({ mark, at, keys }: Known, signal: AbortSignal): Promise<string | null> {
    const id = await this.#client.again(() => this.api.find(mark, at, keys.length, signal), signal);
    if (id !== null) await this.#journal.write({ kind: "sent", mark, id });
    return id;
  }

  #take(batch: Known, result: BatchResult): void {
    // A result that was not requested, or is repeated, is ignored.
    if (!batch.left.delete(result.key)) return;
    batch.results.set(result.key, result);
    if (this.#waiting.has(result.key)) this.#deliver(batch, result);
  }

  #deliver(batch: Known, result: BatchResult): void {
    const { key } = result;
    const waiter = this.#waiting.get(key);
    batch.results.delete(key);
    if (!waiter) return;
    if (result.status === null) this.#repeat([key], "the batch expired before its turn");
    else this.#settle(waiter, key, result.status, result.body);
  }

  #settle({ request, sent, resolve, reject }: Waiter, key: string, status: number, body: unknown): void {
    try {
      if (status >= 200 && status < 300) {
        resolve(this.server.lines.read(request, sent, body, "batch"));
        return;
      }
      const said = readError({ status, headers: new Headers(), body }, this.options.clock, "");
      const failure = this.server.lines.refused(request, sent, said);
      if (isModelError(failure) && failure.reach === "provider") this.#repeat([key], said.message);
      else reject(failure);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      reject(isModelError(error) ? error : new BodyBroken(this.identity, detail));
    }
  }

  /** Puts requests into the next wave: it waits for minutes, not for days, between the attempts of other requests. */
  #repeat(keys: readonly string[], reason: string): void {
    for (const key of keys) {
      const waiter = this.#waiting.get(key);
      if (!waiter) continue;
      waiter.attempts += 1;
      if (waiter.attempts < ATTEMPTS) this.#enqueue(key);
      else waiter.reject(new ProviderFault(this.identity, null, null, reason, "failed"));
    }
  }

  /** Why the server rejected the requests for good. */
  #failureOf({ keys }: Known, { id, detail, code }: BatchStatus): unknown {
    const waiter = keys.map((key) => this.#waiting.get(key)).find(Boolean);
    const said = readError(
      { status: 400, headers: new Headers(), body: { error: { message: detail, code } } },
      this.options.clock,
      "",
    );
    const failure = waiter && this.server.lines.refused(waiter.request, waiter.sent, said);
    const isLasting = isModelError(failure) && failure.reach === "run";
    return isLasting ? failure : new BatchEnded(this.identity, id, "failed", detail || code);
  }

  /** Gives up a batch. @param settle what becomes of its requests that have no result */
  async #drop(batch: Known, settle: (keys: readonly string[]) => void): Promise<void> {
    const left = [...batch.left];
    batch.left.clear();
    if (batch.results.size === 0) {
      this.#batches = this.#batches.filter((each) => each !== batch);
      await this.#journal.write({ kind: "dropped", mark: batch.mark });
    }
    settle(left);
  }

  #see(status: BatchStatus, next: number): void {
    this.#running.set(status.id, status);
    this.#show(next);
  }

  #show(until: number): void {
    const all = [...this.#running.values()];
    const sum = (pick: (status: BatchStatus) => number) => all.reduce((total, status) => total + pick(status), 0);
    const [done, total] = [sum((each) => each.done), sum((each) => each.total)];
    const expires = Math.max(...all.map((status) => status.expires ?? until));
    this.#tell({ identity: this.identity, reason: "batch", until: expires, detail: `${done}/${total}` });
  }
}

/** Every batch in progress adds a listener: many listeners are not a leak. */
function stopper(): AbortController {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  return stop;
}
