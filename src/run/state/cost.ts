import * as z from "zod";
import type { Called } from "../../engine/events.ts";
import { count } from "../../engine/result-schema.ts";
import { ROLES } from "../../graph/graph.ts";
import type { ReadOnly } from "../../graph/read-only.ts";

const cost = z.object({
  /** Number of requests that the provider answered, or failed to answer. */
  calls: count,
  /** Tokens. */
  prompt: count,
  completion: count,
  /** The part of `prompt` that was read from the provider's cache. */
  cached: count,
  /** US dollars, without the calls whose price is unknown. */
  usd: z.number(),
  /** Calls whose price is unknown. */
  unpriced: count,
  /** Whether a part of the tokens was estimated. */
  estimated: z.boolean(),
});

/** Cost of requests. Reused replies are free and not included. */
export type Cost = ReadOnly<z.infer<typeof cost>>;

/** What a run spent on one model for one purpose. */
export const runSpending = cost.extend({
  /** As the provider names it. */
  model: z.string(),
  purpose: z.enum(ROLES),
  /** Milliseconds since the epoch, of the first and the last paid call. */
  from: z.number(),
  to: z.number(),
});
export type RunSpending = ReadOnly<z.infer<typeof runSpending>>;

export const NO_COST: Cost = { calls: 0, prompt: 0, completion: 0, cached: 0, usd: 0, unpriced: 0, estimated: false };

/** Of a call that was paid for. */
export function costOf({ usage, usd, requests: calls }: Called): Cost {
  const { prompt, completion, cached = 0, estimated } = usage;
  return { calls, prompt, completion, cached, usd: usd ?? 0, unpriced: usd === null ? calls : 0, estimated };
}

export function addCost(sum: { -readonly [K in keyof Cost]: Cost[K] }, one: Cost): void {
  sum.calls += one.calls;
  sum.prompt += one.prompt;
  sum.completion += one.completion;
  sum.cached += one.cached;
  sum.usd += one.usd;
  sum.unpriced += one.unpriced;
  sum.estimated ||= one.estimated;
}
