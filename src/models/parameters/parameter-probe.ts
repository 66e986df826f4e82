import type { Clock } from "../../deps.ts";
import type { Model } from "../model.ts";
import type { Complete } from "../stack/key.ts";

/** Milliseconds. Servers refuse parameters before they think; one that says nothing for so long is taken to be thinking. */
const LONGEST_WAIT = 1_500;

export interface ParameterProbeOptions {
  readonly provider: Model;
  readonly clock: Clock;
}

/**
 * One request goes ahead where a model might refuse a parameter; the others wait for its answer, holding nothing. So each
 * parameter is refused once, not once for every request on the way. A healthy model costs one reply's time for each new
 * parameter, and at most a second and a half.
 */
export function probingParameters({ provider, clock }: ParameterProbeOptions, inner: Complete): Complete {
  /** Model → resolves when its pioneer has an answer, or has been waited for long enough. */
  const ahead = new Map<string, Promise<void>>();
  /** Models that were waited for in vain. */
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
