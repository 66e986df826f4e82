import { randomLcg } from "d3";
import pRetry from "p-retry";
import type { Clock } from "../deps.ts";
import { BodyBroken, ParameterRefused, ProviderFault, RateLimited } from "./errors.ts";
import type { Complete } from "./key.ts";

/** At 20 % faults, 8 attempts lose 0.003 of 1,000 calls. */
const ATTEMPTS = 8;
/** Until anything has ever been answered, an address where nobody answers is more likely wrong than down. */
const ATTEMPTS_UNREACHED = 3;
const UNREACHED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|bad port/;
/** Short at first, since most faults pass at once; over a minute in all, since some do not. */
const FIRST_WAIT = 100;
const FACTOR = 3;
const LONGEST_WAIT = 30_000;
/** A server that asks for more than this is not waited for: the attempts run out, and the run can be resumed. */
export const LONGEST_RETRY_AFTER = 120_000;

export interface RetryOptions {
  readonly clock: Clock;
  /** Of the jitter: it decides when a request is repeated, never what it answers. */
  readonly seed: number;
  /** Told once for each request that was refused a parameter. */
  readonly onRefused?: (refusal: ParameterRefused) => void;
}

/**
 * Repeats what is transient, with exponential back-off and jitter; nothing is held meanwhile. A refused parameter has
 * been learned by the provider: the request is repeated at once, and that counts as no attempt.
 * A repeat goes through the limiter before first requests of the same priority.
 */
export function retrying({ clock, seed, onRefused }: RetryOptions, inner: Complete): Complete {
  const random = randomLcg(seed);
  let reached = false;

  return async (request, signal) => {
    let started: number | null = null;
    const attempt = async (number: number) => {
      signal.throwIfAborted();
      return inner(
        {
          ...request,
          attempt: number,
          priority: (request.priority ?? 0) + (number > 1 ? 0.5 : 0),
          onRequest: async (which) => {
            await request.onRequest?.(which);
            started ??= clock.now();
          },
        },
        signal,
      );
    };
    let requests = 0;
    const reply = await pRetry(
      (number) => {
        requests = number;
        return attempt(number);
      },
      {
        retries: ATTEMPTS - 1,
        minTimeout: 0,
        shouldConsumeRetry: ({ error }) => !(error instanceof ParameterRefused),
        shouldRetry: ({ error, retriesConsumed }) => {
          reached ||= !isUnreached(error);
          if (!reached && retriesConsumed >= ATTEMPTS_UNREACHED - 1) return false;
          return error instanceof ParameterRefused || isTransient(error);
        },
        onFailedAttempt: async ({ error, retriesConsumed, retriesLeft }) => {
          if (error instanceof ParameterRefused) onRefused?.(error);
          else if (isTransient(error) && retriesLeft > 0 && !signal.aborted) {
            await clock.sleep(waitAfter(error, retriesConsumed, random()), signal);
          }
        },
      },
    );
    reached = true;
    // A clock may be set back meanwhile, and no reply takes less than no time.
    return { ...reply, requests, milliseconds: started === null ? 0 : Math.max(0, clock.now() - started) };
  };
}

function isUnreached(error: unknown): boolean {
  return error instanceof ProviderFault && error.status === null && UNREACHED.test(error.detail);
}

function isTransient(error: unknown): error is RateLimited | ProviderFault | BodyBroken {
  return error instanceof RateLimited || error instanceof ProviderFault || error instanceof BodyBroken;
}

/** Milliseconds: 0.1, 0.3, 0.9, … seconds, of which up to a half is left out by `jitter` in 0 … 1; never less than the server asks for. */
function waitAfter(error: RateLimited | ProviderFault | BodyBroken, repeats: number, jitter: number): number {
  const asked = error instanceof BodyBroken ? null : error.retryAfter;
  const wait = Math.min(FIRST_WAIT * FACTOR ** repeats, LONGEST_WAIT) * (1 - jitter / 2);
  return Math.max(wait, Math.min(asked ?? 0, LONGEST_RETRY_AFTER));
}
