import type { Clock } from "../../deps.ts";
import { type BodyBroken, type ProviderFault, RateLimited, WaitTooLong } from "../errors.ts";
import type { Waiting, WaitReason } from "./waiting.ts";

export type Transient = RateLimited | ProviderFault | BodyBroken;

export interface RetryWaitsOptions {
  /** Provider and origin. */
  readonly identity: string;
  readonly clock: Clock;
  /**
   * Milliseconds without any answer of a model after which the run ends. A server that asks for a longer wait ends it
   * at once. Default 300,000.
   */
  readonly maxWait?: number;
  /** Milliseconds a request may take: when one that hangs is given up. Default 120,000. */
  readonly timeout?: number;
  /** Told whenever something else is waited for, or nothing any more. */
  readonly onWaiting?: (waiting: Waiting | null) => void;
}

export const DEFAULT_MAX_WAIT = 300_000;
export const DEFAULT_TIMEOUT = 120_000;

/** Milliseconds: shorter waits are not worth a word. */
const SHORTEST = 1_000;
/** Milliseconds without any reply before requests on the way count as waited for. */
const SILENCE = 10_000;

/** Milliseconds that a request may take where silence says something. */
const LONGEST_SILENT = 3_600_000;

/** A model whose requests all fail. */
interface Failing {
  /** Milliseconds without an answer, up to `at`. */
  readonly waited: number;
  /** When a request failed last. */
  readonly at: number;
  /** When it is tried again. */
  readonly until: number;
}

/** All that waits between attempts, and how long it may. */
export class RetryWaits {
  readonly maxWait: number;
  /** By model; absent: its last request was answered. */
  readonly #failing = new Map<string, Failing>();
  readonly #sleeping = new Set<Waiting>();
  /** The pause of everyone after a rate limit; null: none was. */
  #held: Waiting | null = null;
  /** On their way, oldest first. */
  readonly #sent: { readonly at: number; readonly isRetry: boolean }[] = [];
  /** Since when nothing was answered any more; null: the last request was. */
  #failedAt: number | null = null;
  #silent = false;
  #watch = new AbortController();
  #told: Waiting | null = null;

  constructor(private readonly options: RetryWaitsOptions) {
    this.maxWait = options.maxWait ?? DEFAULT_MAX_WAIT;
  }

  /** What is waited for now; null if requests come back, or nothing is to come. */
  current(): Waiting | null {
    const { identity, timeout = DEFAULT_TIMEOUT } = this.options;
    const [oldest] = this.#sent;
    if (oldest && this.#silent) return { identity, reason: "no answer", until: oldest.at + timeout, detail: "" };
    // While others are on their way for the first time, the run is not held up, unless these only join the failures.
    const isFailing = this.#failedAt !== null && this.options.clock.now() - this.#failedAt >= SHORTEST;
    if (!isFailing && this.#sent.some(({ isRetry }) => !isRetry)) return null;
    return this.#holding() ?? [...this.#sleeping].sort((a, b) => a.until - b.until)[0] ?? null;
  }

  /** A request is on its way. @returns called when it has ended, however it did */
  begin(isRetry: boolean): () => void {
    const sent = { at: this.options.clock.now(), isRetry };
    this.#sent.push(sent);
    if (this.#sent.length === 1) this.#listen();
    this.#tell();
    return () => {
      this.#sent.splice(this.#sent.indexOf(sent), 1);
      this.#silent = false;
      this.#watch.abort();
      if (this.#sent.length > 0) this.#listen();
      this.#tell();
    };
  }

  /** No one sends anything before `until`. */
  hold(error: RateLimited, until: number): void {
    this.#held = { identity: this.options.identity, reason: "rate limit", until, detail: error.detail };
    this.#tell();
  }

  /** After a pause, which was no wait for the server. */
  proceed(): void {
    const now = this.options.clock.now();
    for (const [model, { waited }] of this.#failing) this.#failing.set(model, { waited, at: now, until: now });
  }

  answered(model: string): void {
    this.#failing.delete(model);
    this.#failedAt = null;
  }

  /**
   * Waits before another attempt.
   * @param sentAt when the attempt began that failed
   * @throws WaitTooLong where the user does not allow as much; the signal's reason
   */
  async pause(
    model: string,
    error: Transient,
    milliseconds: number,
    sentAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { identity, clock } = this.options;
    const now = clock.now();
    const waited = this.#waited(model, sentAt, now);
    this.#failedAt ??= now;
    const reason = reasonOf(error);
    const asked = error.code === "BodyBroken" ? null : error.retryAfter;
    if (asked !== null && asked > this.maxWait) {
      throw new WaitTooLong(identity, reason, asked, waited, this.maxWait, error.detail);
    }
    if (waited >= this.maxWait) throw new WaitTooLong(identity, reason, null, waited, this.maxWait, error.detail);
    // What the server asks for is kept; a wait of our own ends with the time that is left, for one last attempt.
    const wait = asked === milliseconds ? milliseconds : Math.min(milliseconds, this.maxWait - waited);
    const until = Math.max(now + wait, this.#holding()?.until ?? 0);
    this.#failing.set(model, { waited, at: now, until });
    const waiting = { identity, reason, until, detail: error.detail };
    if (until - now >= SHORTEST) this.#sleeping.add(waiting);
    this.#tell();
    try {
      await clock.sleep(wait, signal);
    } finally {
      this.#sleeping.delete(waiting);
      this.#tell();
    }
  }

  /**
   * A request is given up after `timeout`, so whatever passes beyond that between two failures is a clock that was set,
   * or a machine that slept: no wait for the server.
   */
  #waited(model: string, sentAt: number, now: number): number {
    const { waited, at, until } = this.#failing.get(model) ?? { waited: 0, at: sentAt, until: sentAt };
    const longest = until - at + (this.options.timeout ?? DEFAULT_TIMEOUT);
    return waited + Math.min(Math.max(now - at, 0), longest);
  }

  #holding(): Waiting | null {
    const left = (this.#held?.until ?? 0) - this.options.clock.now();
    // No pause is as long as that: the clock was set back.
    return left > 0 && left <= this.maxWait ? this.#held : null;
  }

  /** Says so once when nothing has come back for a while. */
  #listen(): void {
    const { onWaiting, timeout = DEFAULT_TIMEOUT } = this.options;
    // What takes hours by its nature says itself how far it is.
    if (!onWaiting || timeout > LONGEST_SILENT) return;
    this.#watch = new AbortController();
    const { signal } = this.#watch;
    this.options.clock.sleep(SILENCE, signal).then(
      () => {
        if (signal.aborted) return;
        this.#silent = true;
        this.#tell();
      },
      () => {},
    );
  }

  #tell(): void {
    const now = this.current();
    if (now?.until === this.#told?.until && now?.reason === this.#told?.reason) return;
    this.#told = now;
    this.options.onWaiting?.(now);
  }
}

function reasonOf(error: Transient): WaitReason {
  if (error instanceof RateLimited) return "rate limit";
  return error.code === "ProviderFault" && error.status === null ? "no answer" : "server error";
}
