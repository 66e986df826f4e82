import type { Clock } from "../../deps.ts";
import { type BodyBroken, type ProviderFault, RateLimited, WaitTooLong } from "../errors.ts";
import type { Model, ModelRequest } from "../model.ts";
import type { Waiting, WaitReason } from "./waiting.ts";

export type Transient = RateLimited | ProviderFault | BodyBroken;

export interface RetryWaitsOptions {
  /** Provider and origin. */
  readonly identity: string;
  readonly clock: Clock;
  /**
   * Milliseconds without any answer of a model, in one lane, after which the run ends. A server that asks for a longer wait ends it
   * at once.
   */
  readonly maxWait: number;
  /** Time limit of a request in milliseconds, after which a hanging one is given up. Default 120,000. */
  readonly timeout?: number;
  /** See `Model.laneOf`. */
  readonly laneOf?: Model["laneOf"] | undefined;
  /** Called when the reason for waiting changes, and with null when it ends. */
  readonly onWaiting?: (waiting: Waiting | null) => void;
}

export const DEFAULT_MAX_WAIT = 300_000;
export const DEFAULT_TIMEOUT = 120_000;

/** Milliseconds: shorter waits are not reported. */
const SHORTEST = 1_000;
/** Milliseconds without any reply after which requests in flight are reported as waiting. */
const SILENCE = 10_000;

/** Longest time limit, in milliseconds, for which silence is reported. */
const LONGEST_SILENT = 3_600_000;

/** Without a reason of its own, each `abort` would make an error with a stack trace. */
const ENDED = "nothing is in flight";

/** A model all of whose requests of one lane fail. */
interface Failing {
  /** Milliseconds without an answer until `at`. */
  readonly waited: number;
  /** When a request last failed. */
  readonly at: number;
  /** When it is retried. */
  readonly until: number;
}

/** The waits between attempts, and their limit. */
export class RetryWaits {
  readonly maxWait: number;
  /** By lane and model; absent: its last request succeeded. */
  readonly #failing = new Map<string, Failing>();
  readonly #sleeping = new Set<Waiting>();
  /** The common pause after a rate limit; null: there was none. */
  #held: Waiting | null = null;
  /** Requests in flight, oldest first. */
  readonly #sent: { readonly at: number; readonly isRetry: boolean }[] = [];
  /** Time since which no request succeeded; null: the last one did. */
  #failedAt: number | null = null;
  #silent = false;
  /** When a request was last sent while none was in flight, or ended. */
  #lastEnd = 0;
  /** Ends the watch for silence; null: nothing is in flight. */
  #watch: AbortController | null = null;
  #told: Waiting | null = null;

  constructor(private readonly options: RetryWaitsOptions) {
    this.maxWait = options.maxWait;
  }

  /** What the run waits for now; null if replies arrive, or nothing is requested. */
  current(): Waiting | null {
    const { identity, timeout = DEFAULT_TIMEOUT } = this.options;
    const [oldest] = this.#sent;
    if (oldest && this.#silent) return { identity, reason: "no answer", until: oldest.at + timeout, detail: "" };
    // While others are in flight for the first time, the run is not blocked, unless they only add to the failures.
    const isFailing = this.#failedAt !== null && this.options.clock.now() - this.#failedAt >= SHORTEST;
    if (!isFailing && this.#sent.some(({ isRetry }) => !isRetry)) return null;
    return this.#holding() ?? [...this.#sleeping].sort((a, b) => a.until - b.until)[0] ?? null;
  }

  /** Notes that a request is sent. @returns a function to call when it has ended in any way */
  begin(isRetry: boolean): () => void {
    const sent = { at: this.options.clock.now(), isRetry };
    this.#sent.push(sent);
    if (this.#sent.length === 1) this.#listen(sent.at);
    this.#tell();
    return () => {
      this.#sent.splice(this.#sent.indexOf(sent), 1);
      this.#silent = false;
      if (this.#sent.length === 0) this.#stopListening();
      else this.#listen(this.options.clock.now());
      this.#tell();
    };
  }

  /** Notes that nothing is sent before `until`. */
  hold(error: RateLimited, until: number): void {
    this.#held = { identity: this.options.identity, reason: reasonOf(error), until, detail: error.detail };
    this.#tell();
  }

  /** Call after a pause by the user, which is not a wait for the server. */
  proceed(): void {
    const now = this.options.clock.now();
    for (const [line, { waited }] of this.#failing) this.#failing.set(line, { waited, at: now, until: now });
  }

  answered(request: ModelRequest): void {
    this.#failing.delete(this.#lineOf(request));
    this.#failedAt = null;
  }

  /**
   * Waits before another attempt.
   * @param sentAt start of the failed attempt
   * @throws WaitTooLong if the user doesn't allow the wait; the signal's reason
   */
  async pause(
    request: ModelRequest,
    error: Transient,
    milliseconds: number,
    sentAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { identity, clock } = this.options;
    const now = clock.now();
    const line = this.#lineOf(request);
    const waited = this.#waited(line, sentAt, now);
    this.#failedAt ??= now;
    const reason = reasonOf(error);
    const asked = error.code === "BodyBroken" ? null : error.retryAfter;
    if (asked !== null && asked > this.maxWait) {
      throw new WaitTooLong(identity, reason, asked, waited, this.maxWait, error.detail);
    }
    if (waited >= this.maxWait) throw new WaitTooLong(identity, reason, null, waited, this.maxWait, error.detail);
    // A wait that the server asks for is not shortened; our own ends with the remaining time, for one last attempt.
    const wait = asked === milliseconds ? milliseconds : Math.min(milliseconds, this.maxWait - waited);
    const until = Math.max(now + wait, this.#holding()?.until ?? 0);
    this.#failing.set(line, { waited, at: now, until });
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
   * A request is given up after `timeout`, so a longer time between two failures means that the clock was set or the
   * machine slept: it is not a wait for the server.
   */
  #waited(line: string, sentAt: number, now: number): number {
    const { waited, at, until } = this.#failing.get(line) ?? { waited: 0, at: sentAt, until: sentAt };
    const longest = until - at + (this.options.timeout ?? DEFAULT_TIMEOUT);
    return waited + Math.min(Math.max(now - at, 0), longest);
  }

  /** A model at one tier may answer while it has no capacity at another. */
  #lineOf(request: ModelRequest): string {
    return `${this.options.laneOf?.(request) ?? ""} ${request.model}`;
  }

  #holding(): Waiting | null {
    const left = (this.#held?.until ?? 0) - this.options.clock.now();
    // No pause is that long: the clock was set back.
    return left > 0 && left <= this.maxWait ? this.#held : null;
  }

  /** Reports once when there was no reply for a while. One timer serves many requests: it is set anew when it has run out. */
  #listen(since: number): void {
    const { onWaiting, timeout = DEFAULT_TIMEOUT } = this.options;
    // Batches take hours and report their own progress.
    if (!onWaiting || timeout > LONGEST_SILENT) return;
    this.#lastEnd = since;
    if (this.#watch) return;
    this.#watch = new AbortController();
    void this.#watchFrom(since, this.#watch.signal);
  }

  async #watchFrom(since: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    for (let from = since; ; ) {
      const left = from + SILENCE - clock.now();
      // Never longer than a silence: the clock may be set back.
      await clock.sleep(Math.min(SILENCE, Math.max(0, left)), signal).catch(() => undefined);
      if (signal.aborted) return;
      if (this.#lastEnd === from) break;
      from = this.#lastEnd;
    }
    this.#watch = null;
    this.#silent = true;
    this.#tell();
  }

  #stopListening(): void {
    this.#watch?.abort(ENDED);
    this.#watch = null;
  }

  #tell(): void {
    const now = this.current();
    if (now?.until === this.#told?.until && now?.reason === this.#told?.reason) return;
    this.#told = now;
    this.options.onWaiting?.(now);
  }
}

function reasonOf(error: Transient): WaitReason {
  if (error instanceof RateLimited) return error.reason === "no room" ? "no room" : "rate limit";
  return error.code === "ProviderFault" && error.status === null ? "no answer" : "server error";
}
