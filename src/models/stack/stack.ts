import type { Clock } from "../../deps.ts";
import type { ParameterRefused } from "../errors.ts";
import type { Budget, BudgetLimits, Model, OtherTier } from "../model.ts";
import { probingParameters } from "../parameters/parameter-probe.ts";
import type { PriceOf } from "../prices.ts";
import { AdaptiveYielder, Yielder } from "../yielder.ts";
import { budgeted, CallBudget, type Spent } from "./budget.ts";
import { keyOf } from "./key.ts";
import { limited } from "./limiter.ts";
import type { RequestPause } from "./request-pause.ts";
import { retrying } from "./retry.ts";
import { DEFAULT_MAX_WAIT, RetryWaits } from "./retry-waits.ts";
import { singleFlight } from "./single-flight.ts";
import { fromStore, intoStore, type ReplyStore } from "./store.ts";
import type { Waiting } from "./waiting.ts";

export interface StackOptions {
  readonly provider: Model;
  readonly replies: ReplyStore;
  readonly limits: BudgetLimits;
  /** Maximum number of concurrent requests. At least 1. */
  readonly concurrency: number;
  readonly clock: Clock;
  /** Seed of the back-off's jitter. */
  readonly seed: number;
  readonly price: PriceOf;
  /** Spent by earlier segments of the same run. */
  readonly alreadySpent?: Spent;
  /** Called when a model refuses a parameter, which is not sent again: for a warning. */
  readonly onRefused?: (refusal: ParameterRefused) => void;
  /** Called for a reply that another run on the same queue asked for first. */
  readonly onShared?: () => void;
  /** Called for a reply with another price than that of the tier that the user chose. */
  readonly onOtherTier?: (model: string, reason: OtherTier) => void;
  /** Milliseconds without any answer of a model, at one tier, after which the run ends. Default: the provider's, else 300,000. */
  readonly maxWait?: number;
  /** Called when the reason for waiting changes, and with null when it ends: for the display of the run. */
  readonly onWaiting?: (waiting: Waiting | null) => void;
  /** Holds back requests while the run is paused. Default: never paused. */
  readonly pause?: RequestPause;
}

export interface Stack {
  readonly model: Model;
  readonly budget: Budget;
  /** Stores a value that no model returned with the run's replies. */
  readonly keep: (key: string, text: string) => Promise<void>;
  /**
   * A value from something other than a model, such as a tool: from the run's replies or the shared ones; else it is
   * requested, once at a time, and recorded before anyone sees it. Failures are not stored.
   */
  readonly recall: (key: string, ask: () => Promise<string>) => Promise<string>;
}

/** All layers between the engine and a provider. */
export function createStack(options: StackOptions): Stack {
  const { provider, replies, limits, price, alreadySpent } = options;
  const budget = new CallBudget(limits, price, alreadySpent);
  const turns = new Yielder(options.clock);
  const { identity, timeout, laneOf, patience = DEFAULT_MAX_WAIT } = provider;
  const { concurrency = options.concurrency } = provider;
  const { maxWait = patience } = options;
  const waits = new RetryWaits({
    ...options,
    identity,
    laneOf,
    ...(timeout !== undefined && { timeout }),
    maxWait,
  });
  const ask: Model["complete"] = async (request, signal) => {
    const reply = await provider.complete(request, signal);
    if (reply.isShared) options.onShared?.();
    if (reply.otherTier) options.onOtherTier?.(request.model, reply.otherTier);
    return reply;
  };
  if (options.onWaiting) provider.listen?.(options.onWaiting);
  const complete = fromStore(
    replies,
    singleFlight(
      new AdaptiveYielder(options.clock),
      retrying(
        options,
        waits,
        probingParameters(
          options,
          budgeted(budget, limited({ ...options, concurrency, laneOf }, waits, intoStore(replies, ask))),
        ),
      ),
    ),
  );
  return {
    budget,
    keep: async (key, text) => replies.keep?.(key, text),
    recall: recalling(replies),
    model: {
      identity,
      concurrency,
      complete: async (request, signal) => {
        await turns.next();
        return complete({ ...request, key: keyOf(identity, request), attempt: 1 }, signal);
      },
      yieldNow: () => turns.next(),
      invalidate: (key) => replies.invalidate(key),
    },
  };
}

/** Values from something other than a model, requested once at a time. */
export function recalling(replies: Pick<ReplyStore, "get" | "put">): Stack["recall"] {
  const inFlight = new Map<string, Promise<string>>();
  const ask = async (key: string, make: () => Promise<string>): Promise<string> => {
    const found = await replies.get(key);
    const text = found?.reply.text ?? (await make());
    if (found?.where !== "replayed") {
      await replies.put(key, {
        text,
        usage: { prompt: 0, completion: 0, estimated: false },
        model: "",
        finish: "stop",
      });
    }
    return text;
  };
  return (key, make) => {
    const known = inFlight.get(key);
    if (known) return known;
    const flight = ask(key, make).finally(() => inFlight.delete(key));
    inFlight.set(key, flight);
    return flight;
  };
}
