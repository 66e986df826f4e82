import type { Clock } from "../../deps.ts";
import { isModelError, type ModelError, ProviderFault } from "../errors.ts";
import type { BatchApi, BatchLine, BatchResult, BatchStatus } from "./batch-api.ts";
import { isGone, isTransient, mayHaveArrived } from "./batch-parts.ts";

/** Milliseconds between two status requests: initially, and maximum. */
const FIRST_LOOK = 5_000;
const LONGEST_LOOK = 60_000;
/** Maximum status requests for a batch that has ended without naming its results. */
const EMPTY_LOOKS = 10;
/** Maximum number of times that results are read. */
const DOWNLOADS = 6;
/** Number of times that a server must say that it doesn't know a batch or its results, which are paid for. */
const LOOKS_GONE = 4;
/** Maximum number of tries to send a batch that the server rejects for now. */
const SENDS = 5;

export interface BatchClientOptions {
  readonly clock: Clock;
  /** Milliseconds between two requests. Default: 5,000 … 60,000. */
  readonly look?: readonly [first: number, longest: number];
}

/** The batch API of a vendor, with the waits between its requests. */
export class BatchClient {
  readonly #api: BatchApi;
  readonly #clock: Clock;
  readonly #firstLook: number;
  readonly longestLook: number;

  constructor(api: BatchApi, { clock, look = [FIRST_LOOK, LONGEST_LOOK] }: BatchClientOptions) {
    this.#api = api;
    this.#clock = clock;
    [this.#firstLook, this.longestLook] = look;
  }

  /** Sends a batch, again if the server rejects it for now. @param at when it was made @returns its id */
  async submit(lines: readonly BatchLine[], mark: string, at: number, signal: AbortSignal): Promise<string> {
    for (let [tries, wait] = [1, this.#firstLook]; ; tries++, wait = Math.min(this.longestLook, 2 * wait)) {
      try {
        return await this.#api.submit(lines, mark, () => this.#clock.sleep(this.#firstLook, signal), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (tries === SENDS || !isTransient(error) || mayHaveArrived(error)) throw error;
        await this.#sleep(wait, error, signal);
        // A server that fails can have created the batch.
        const found = error instanceof ProviderFault ? await this.#api.find(mark, at, lines.length, signal) : null;
        if (found !== null) return found;
      }
    }
  }

  /**
   * Polls until the batch has ended.
   * @param onStatus called with each status while it runs, and the time of the next request
   * @returns null if the server no longer knows it
   */
  async ended(
    id: string,
    onStatus: (status: BatchStatus, next: number) => void,
    signal: AbortSignal,
  ): Promise<BatchStatus | null> {
    let empty = 0;
    for (let wait = this.#firstLook; ; wait = Math.min(this.longestLook, 2 * wait)) {
      const status = await this.#unlessGone(() => this.again(() => this.#api.status(id, signal), signal), signal);
      if (status === null) return null;
      // Servers can report a batch as completed before they name the files with its results, which are paid for.
      const mayHaveResults = status.done > 0 || status.total === 0;
      const isEmpty = status.state === "ended" && mayHaveResults && status.results.length === 0;
      if (status.state !== "running" && !(isEmpty && empty++ < EMPTY_LOOKS)) return status;
      onStatus(status, this.#clock.now() + wait);
      await this.#clock.sleep(wait, signal);
    }
  }

  /** Reads the results, again if they are cut: their requests have waited for hours, and their own retries would end the run. */
  async read(status: BatchStatus, take: (result: BatchResult) => void, signal: AbortSignal): Promise<void> {
    const work = async () => {
      for await (const result of this.#api.results(status, signal)) take(result);
    };
    // Vendors delete results after some weeks; what is missing is requested again.
    await this.#unlessGone(() => this.again(work, signal, DOWNLOADS), signal);
  }

  /**
   * Repeats work while the server says that what it is about doesn't exist: it can say so for a moment
   * (anthropics/anthropic-sdk-python#1432).
   * @returns null if it doesn't exist
   */
  async #unlessGone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
    for (let [tries, wait] = [1, this.#firstLook]; ; tries++, wait = Math.min(this.longestLook, 2 * wait)) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (!isGone(error)) throw error;
        if (tries === LOOKS_GONE) return null;
        await this.#sleep(wait, error, signal);
      }
    }
  }

  /**
   * Repeats work after transient errors, because the batch is paid for.
   * @param most maximum number of times. Default: as long as a request waits
   */
  async again<T>(work: () => Promise<T>, signal: AbortSignal, most = Number.POSITIVE_INFINITY): Promise<T> {
    for (let [tries, wait] = [1, this.#firstLook]; ; tries++, wait = Math.min(this.longestLook, 2 * wait)) {
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (tries >= most || !isModelError(error) || error.reach !== "provider") throw error;
        await this.#sleep(wait, error, signal);
      }
    }
  }

  /** Waits before another try: as long as the server asks for, at least. */
  #sleep(wait: number, error: ModelError, signal: AbortSignal): Promise<void> {
    const asked = "retryAfter" in error ? (error.retryAfter ?? 0) : 0;
    return this.#clock.sleep(Math.max(wait, asked), signal);
  }
}
