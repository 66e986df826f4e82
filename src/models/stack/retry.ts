import { randomLcg } from "d3";
import pRetry from "p-retry";
import type { Clock } from "../../deps.ts";
import { AnswerMissing, BodyBroken, FellBack, ParameterRefused, ProviderFault, RateLimited } from "../errors.ts";
import type { Usage } from "../model.ts";
import type { Complete } from "./key.ts";
import type { RetryWaits, Transient } from "./retry-waits.ts";

/** At 20 % faults, 8 attempts lose 0.003 of 1,000 calls. */
const ATTEMPTS = 8;
/** A request that timed out has already cost minutes. */
const ATTEMPTS_TIMEOUT = 3;
/** A model that returns no answer three times will not return one. */
const ATTEMPTS_MISSING = 3;
/** Until the first answer, an address where no server responds is more likely wrong than down. */
const ATTEMPTS_UNREACHED = 3;
/** A rate limit is waited out as long as other requests succeed; this is the limit. */
const ATTEMPTS_LIMITED = 60;
/** Short at first, since most faults pass at once; over a minute in total, since some don't. */
const FIRST_WAIT = 100;
const FACTOR = 3;
const LONGEST_WAIT = 30_000;

export interface RetryOptions {
  readonly clock: Clock;
  /** Seed of the jitter: it affects when a request is repeated, never its reply. */
  readonly seed: number;
  /** Called once for each request with a refused parameter. */
  readonly onRefused?: (refusal: ParameterRefused) => void;
}

/**
 * Repeats requests after transient failures and missing answers, with exponential back-off and jitter, without
 * holding a slot. After a refused parameter, which the provider has learned, and after a refused tier, the request is
 * repeated at once and this is not an attempt. Neither is a rate limit: `RetryWaits` decides how long it is waited out. Repeats pass the
 * limiter before first requests of the same priority.
 */
export function retrying({ clock, seed, onRefused }: RetryOptions, waits: RetryWaits, inner: Complete): Complete {
  const random = randomLcg(seed);
  let reached = false;

  return async (request, signal) => {
    let started: number | null = null;
    let sentAt = clock.now();
    let requests = 0;
    let timeouts = 0;
    let limits = 0;
    let missing = 0;
    /** What replies without an answer cost. */
    let charged: Usage | null = null;
    let failures = 0;
    const attempt = async (number: number) => {
      signal.throwIfAborted();
      sentAt = clock.now();
      return inner(
        {
          ...request,
          attempt: number,
          priority: (request.priority ?? 0) + (number > 1 ? 0.5 : 0),
          onRequest: async (which) => {
            await request.onRequest?.(which);
            requests++;
            started ??= clock.now();
            // A request that waited for its turn was not sent.
            sentAt = clock.now();
          },
          onWithdrawn: (which) => {
            requests--;
            request.onWithdrawn?.(which);
          },
        },
        signal,
      );
    };
    const whole = (error: unknown) => {
      if (!(error instanceof AnswerMissing) || !charged) throw error;
      throw new AnswerMissing(error.identity, error.model, error.reason, error.detail, charged);
    };
    const reply = await pRetry(attempt, {
      retries: ATTEMPTS - 1,
      minTimeout: 0,
      shouldConsumeRetry: ({ error }) => !(isSentAnew(error) || error instanceof RateLimited),
      shouldRetry: ({ error, retriesConsumed }) => {
        reached ||= !isUnreached(error);
        if (!reached && retriesConsumed >= ATTEMPTS_UNREACHED - 1) return false;
        if (timeouts >= ATTEMPTS_TIMEOUT || limits >= ATTEMPTS_LIMITED) return false;
        if (error instanceof AnswerMissing) return missing < ATTEMPTS_MISSING;
        return isSentAnew(error) || isTransient(error);
      },
      onFailedAttempt: async ({ error, retriesLeft }) => {
        if (error instanceof ParameterRefused) onRefused?.(error);
        if (error instanceof AnswerMissing) {
          missing++;
          charged = charged ? sumOf(charged, error.usage) : error.usage;
          reached = true;
          // The server works, so there is nothing to wait for.
          waits.answered(request);
        }
        if (!isTransient(error) || signal.aborted) return;
        // Capacity comes back when others leave it: how often it was asked for says nothing.
        if (error instanceof RateLimited && error.reason === "rate") limits++;
        if (error instanceof ProviderFault && error.reason === "timeout") timeouts++;
        const isLast = retriesLeft === 0 && !(error instanceof RateLimited);
        if (isLast || timeouts >= ATTEMPTS_TIMEOUT || limits >= ATTEMPTS_LIMITED) return;
        await waits.pause(request, error, waitAfter(error, failures++, random()), sentAt, signal);
      },
    }).catch(whole);
    reached = true;
    waits.answered(request);
    // The clock can be set back meanwhile: no reply takes negative time.
    const usage = charged ? sumOf(charged, reply.usage) : reply.usage;
    return { ...reply, usage, requests, milliseconds: started === null ? 0 : Math.max(0, clock.now() - started) };
  };
}

/** Usage of two replies to one call, the last at its own tier. */
function sumOf(earlier: Usage, last: Usage): Usage {
  const [cached, written] = [(earlier.cached ?? 0) + (last.cached ?? 0), (earlier.written ?? 0) + (last.written ?? 0)];
  return {
    ...last,
    prompt: earlier.prompt + last.prompt,
    completion: earlier.completion + last.completion,
    estimated: earlier.estimated || last.estimated,
    ...(cached > 0 && { cached }),
    ...(written > 0 && { written }),
  };
}

/** It goes out at once and otherwise: without a parameter, or at another price. */
function isSentAnew(error: unknown): boolean {
  return error instanceof ParameterRefused || error instanceof FellBack;
}

function isUnreached(error: unknown): boolean {
  return error instanceof ProviderFault && error.reason === "unreached";
}

function isTransient(error: unknown): error is Transient {
  return error instanceof RateLimited || error instanceof ProviderFault || error instanceof BodyBroken;
}

/** Milliseconds: 0.1, 0.3, 0.9, … seconds, of which up to a half is left out by `jitter` in 0 … 1; never less than the server asks for. */
function waitAfter(error: Transient, failures: number, jitter: number): number {
  const asked = error instanceof BodyBroken ? null : error.retryAfter;
  const wait = Math.min(FIRST_WAIT * FACTOR ** failures, LONGEST_WAIT) * (1 - jitter / 2);
  return Math.max(wait, asked ?? 0);
}
