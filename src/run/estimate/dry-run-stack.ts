import type { Clock } from "../../deps.ts";
import type { BudgetLimits, Model, ModelReply } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { CallBudget } from "../../models/stack/budget.ts";
import { type Complete, keyOf } from "../../models/stack/key.ts";
import { recalling, type Stack } from "../../models/stack/stack.ts";
import { fromStore, intoStore, type KnownReplies, MemoryReplies, type ReplyStore } from "../../models/stack/store.ts";
import { Yielder } from "../../models/yielder.ts";

const NO_LIMITS: BudgetLimits = { calls: null, tokens: null, usd: null };

export interface DryRunStackOptions {
  /** Replies of earlier runs; only read. */
  readonly replies: KnownReplies;
  readonly price: PriceOf;
  /** Used to yield to the event loop. */
  readonly clock: Clock;
}

/**
 * The wrapper stack of a dry run: the reply store and shared requests. Nothing fails, waits or is limited, so it has no other
 * layers: they take most of the time of a call that is answered at once.
 */
export function dryRunStack(
  { identity, ...provider }: Pick<Model, "identity" | "complete">,
  { replies: known, price, clock }: DryRunStackOptions,
): Stack {
  const turns = new Yielder(clock);
  const replies = new Overlay(known);
  const answer: Complete = (request, signal) => provider.complete(request, signal);
  const complete = fromStore(replies, shared(intoStore(replies, answer)));
  return {
    budget: new CallBudget(NO_LIMITS, price),
    keep: async () => {},
    recall: recalling(replies),
    model: {
      identity,
      complete: async (request, signal) => {
        await turns.next();
        return complete({ ...request, key: keyOf(identity, request), attempt: 1 }, signal);
      },
      yieldNow: () => turns.next(),
    },
  };
}

/** Merges identical requests in flight. None is aborted by itself, because the whole dry run is. */
function shared(inner: Complete): Complete {
  const inFlight = new Map<string, Promise<ModelReply>>();
  return async (request, signal) => {
    const { key } = request;
    const known = inFlight.get(key);
    if (known) return { ...(await known), source: "shared", requests: 0, milliseconds: 0 };
    const own = inner(request, signal);
    inFlight.set(key, own);
    try {
      return await own;
    } finally {
      inFlight.delete(key);
    }
  };
}

/** Cached replies and the ones made up so far. */
class Overlay extends MemoryReplies {
  constructor(readonly known: KnownReplies) {
    super();
  }

  override has(key: string): boolean {
    return super.has(key) || this.known.has(key);
  }

  override async get(key: string): ReturnType<ReplyStore["get"]> {
    const own = await super.get(key);
    const known = own ? undefined : await this.known.get(key);
    return known ? { where: "cached", reply: known.reply } : own;
  }
}
