import { setMaxListeners } from "node:events";
import type { ModelReply } from "../model.ts";
import type { AdaptiveYielder } from "../yielder.ts";
import type { Complete } from "./key.ts";

interface Flight {
  /** Aborted when the last waiter leaves. */
  readonly left: AbortController;
  /** Aborted after it, in its turn. */
  readonly ended: AbortController;
  /** In order of arrival. */
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  resolve(reply: ModelReply): void;
  reject(reason: unknown): void;
}

/**
 * Merges identical requests in flight. The first waiter gets the reply as the provider's, the others as `shared`. A
 * failure reaches every waiter. The request is aborted only when its last waiter leaves, who stays until it has
 * ended.
 * @param turns in which requests end: one signal cancels a whole run, and to end a thousand requests takes longer than one
 * task may
 */
export function singleFlight(turns: AdaptiveYielder, inner: Complete): Complete {
  const flights = new Map<string, Flight>();

  const land = (key: string, flight: Flight) => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  return (request, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);

      const { key } = request;
      const known = flights.get(key);
      const flight = known ?? {
        left: new AbortController(),
        ended: new AbortController(),
        waiters: new Set<Waiter>(),
      };
      const leave = () => {
        if (flight.waiters.size > 1) {
          flight.waiters.delete(waiter);
          void turns.next().then(() => reject(signal.reason));
          return;
        }
        // The last waiter learns how the request ends: withdrawn, lost, or with a reply that is paid for.
        land(key, flight);
        flight.left.abort(signal.reason);
        void turns.next().then(() => flight.ended.abort(signal.reason));
      };
      const waiter: Waiter = {
        resolve: (reply) => {
          signal.removeEventListener("abort", leave);
          resolve(reply);
        },
        reject: (reason) => {
          signal.removeEventListener("abort", leave);
          reject(signal.aborted ? signal.reason : reason);
        },
      };
      flight.waiters.add(waiter);
      // One signal cancels a whole run, and every attempt adds a listener: many listeners are not a leak.
      setMaxListeners(0, signal, flight.left.signal, flight.ended.signal);
      signal.addEventListener("abort", leave, { once: true });
      if (known) return;

      flights.set(key, flight);
      inner({ ...request, left: flight.left.signal }, flight.ended.signal).then(
        (reply) => {
          land(key, flight);
          let mine = reply;
          for (const each of flight.waiters) {
            each.resolve(mine);
            if (mine === reply) mine = { ...reply, source: "shared", requests: 0, milliseconds: 0 };
          }
        },
        (reason) => {
          land(key, flight);
          for (const each of flight.waiters) each.reject(reason);
        },
      );
    });
}
