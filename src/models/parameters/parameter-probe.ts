import type { Clock } from "../../deps.ts";
import type { Model } from "../model.ts";
import type { Complete } from "../stack/key.ts";

/**
 * Milliseconds. Servers refuse parameters before they generate, so a server that is silent for this long has
 * accepted them.
 */
const LONGEST_WAIT = 1_500;

export interface ParameterProbeOptions {
  readonly provider: Model;
  readonly clock: Clock;
}

/**
 * If a model might refuse a parameter, one request goes first and the others wait for its answer without holding a
 * slot. So each parameter is refused once, not once per concurrent request. With a model that refuses nothing, this
 * costs the time of one reply per new parameter, at most 1.5 seconds.
 */
export function probingParameters({ provider, clock }: ParameterProbeOptions, inner: Complete): Complete {
  /** Model → resolves when its first request has an answer, or the others have waited long enough. */
  const ahead = new Map<string, Promise<void>>();
  /** Models that did not answer in that time. */
  const slow = new Set<string>();

  return async (request, signal) => {
    const { model } = request;
    const mustAsk = () => !slow.has(model) && provider.isUntried?.(request) === true;
    for (let first = ahead.get(model); first && mustAsk(); first = ahead.get(model)) await orAborted(first, signal);
    if (!mustAsk()) return inner(request, signal);

    const answered = new AbortController();
    const waited = clock.sleep(LONGEST_WAIT, answered.signal).then(
      () => void slow.add(model),
      () => {},
    );
    ahead.set(
      model,
      waited.then(() => void ahead.delete(model)),
    );
    try {
      return await inner(request, signal);
    } finally {
      answered.abort();
    }
  };
}

/** Rejects with the signal's reason as soon as it is aborted. */
function orAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    wait.then(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    });
  });
}
