import type { BudgetLimits, Model, ModelReply, ModelRequest } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { CallBudget } from "../../models/stack/budget.ts";
import { keyOf } from "../../models/stack/key.ts";
import { recalling, type Stack } from "../../models/stack/stack.ts";
import { isEmpty, type KnownReplies, MemoryReplies } from "../../models/stack/store.ts";
import type { DryRunTurns } from "./dry-run-turns.ts";

const NO_LIMITS: BudgetLimits = { calls: null, tokens: null, usd: null };

export interface DryRunStackOptions {
  /** Replies of earlier runs; only read. */
  readonly replies: KnownReplies;
  readonly price: PriceOf;
  readonly turns: DryRunTurns;
  /** Called for each reply of an earlier run that is used. */
  readonly onCached: (request: ModelRequest, reply: ModelReply) => void;
}

/**
 * The wrapper stack of a dry run: each request is answered once, from earlier runs if it can. Nothing fails, waits or is limited,
 * so it has no layers: they take most of the time of a call that is answered at once.
 */
export function dryRunStack(
  { identity, complete }: Pick<Model, "identity" | "complete">,
  { replies: known, price, turns, onCached }: DryRunStackOptions,
): Stack {
  const replies = new Map<string, Promise<ModelReply>>();
  const values = new MemoryReplies();

  async function answer(key: string, request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const found = known.has(key) ? await known.get(key) : undefined;
    if (!found || isEmpty(found.reply)) return { ...(await complete(request, signal)), key, took: 0 };
    const reply = { ...found.reply, key, source: "cached", requests: 0, milliseconds: 0 } as const;
    if (!reply.usage.estimated) onCached(request, reply);
    return reply;
  }

  return {
    budget: new CallBudget(NO_LIMITS, price),
    keep: async () => {},
    recall: recalling({
      get: async (key) => (await values.get(key)) ?? (await known.get(key)),
      put: (key, reply) => values.put(key, reply),
    }),
    model: {
      identity,
      complete: async (request, signal) => {
        await turns.next();
        signal.throwIfAborted();
        const key = keyOf(identity, request);
        const earlier = replies.get(key);
        if (earlier) return { ...(await earlier), source: "replayed", requests: 0 };
        const own = answer(key, request, signal);
        replies.set(key, own);
        return own;
      },
      yieldNow: async () => void (await turns.next()),
    },
  };
}
