import * as z from "zod";
import type { Role } from "../graph/graph.ts";
import type { ReadOnly } from "../graph/read-only.ts";
import type { BatchJournal } from "./batch/batch-journal.ts";
import type { Waiting } from "./stack/waiting.ts";

/** Answers chat completions: a provider, or a wrapper around another `Model`. */
export interface Model {
  /** Provider and origin, e.g. `openai https://api.openai.com` or `simulated`: part of every reply's key. Never a key or credentials. */
  readonly identity: string;
  /** Time limit of a request, in milliseconds. Default 120,000. */
  readonly timeout?: number;
  /** Milliseconds without any answer after which a run ends, unless the user set a limit. Default 300,000. */
  readonly patience?: number;
  /**
   * One reply. A provider sends at most one HTTP request per call; the retry wrapper repeats requests.
   * @throws ModelError, or the signal's reason when aborted.
   */
  complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
  /** Whether a parameter of this request may be rejected, because no request with all of them was answered yet. Default: no. */
  isUntried?(request: ModelRequest): boolean;
  /**
   * Requests of one lane share a capacity of their own: if there is none, they wait, and those of other lanes don't.
   * Absent: all share one.
   */
  laneOf?(request: ModelRequest): string;
  /** Resolves at once, or after other work in the process has had a turn. Await it between many calls. Default: at once. */
  yieldNow?(): Promise<void>;
  /** Maximum number of concurrent requests, overriding the user's setting. Default: that setting. */
  readonly concurrency?: number;
  /** Registers a callback for what the model itself waits for, such as a batch; null if nothing. */
  listen?(tell: (waiting: Waiting | null) => void): void;
  /** The same model for one run, whose batches it continues. Only for models that send batches. */
  attach?(journal: BatchJournal): Model;
  /** Marks a reply that could not be decoded, so that no other run gets it. Only for models that store replies. */
  invalidate?(key: string): Promise<void>;
}

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ModelRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  /** Passed through: temperature, top_p, max_tokens, reasoning_effort, … */
  readonly params: Readonly<Record<string, unknown>>;
  /** Requests JSON of this schema. A model that refuses `response_format` gets the request without it. */
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  /** 0 at temperature 0 without repeats; otherwise a hash of (run seed, purpose, index). Never depends on the order of arrival. */
  readonly draw: number;
  readonly tag: CallTag;
  /** Key in the reply store; set by the stack. */
  readonly key?: string;
  /** 1 for the first request of a call; set by the retry wrapper. */
  readonly attempt?: number;
  /** Calls with a higher priority pass the limiter first. Default 0. */
  readonly priority?: number;
  /** Reserved part of the budget to use. Default: the unreserved part. */
  readonly reservation?: string;
  /**
   * Called and awaited before each request to the provider, so that the request is logged first.
   * Not called for stored replies, or if the call shares another call's request.
   */
  readonly onRequest?: (attempt: number) => Promise<void>;
  /**
   * Called if a request doesn't count after `onRequest`: it was not sent, because it was aborted or could not be logged, it
   * did not reach the server, or a half-price tier had no capacity for it.
   */
  readonly onWithdrawn?: (attempt: number) => void;
}

/** What the call is for, for events and progress. Not part of the key. */
export interface CallTag {
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  /** Tags that the reply must contain, if there is no schema. */
  readonly form?: readonly string[];
}

export interface ModelReply {
  readonly text: string;
  readonly usage: Usage;
  /** Name of the model as the provider reports it. */
  readonly model: string;
  /** `length`: cut at a limit of tokens. `filter`: withheld, in whole or in part, by a content filter. */
  readonly finish: "stop" | "length" | "filter" | "other";
  /** What the server says of a content filter that withheld it. Absent: nothing, or the reply is not new. */
  readonly withheld?: string;
  /** Key in the reply store: hash of (identity, model, params, messages, schema, draw). Set by the store wrapper. */
  readonly key: string;
  /** Origin of the reply. `replayed`: this run's log. `cached`: the cache shared between runs. `shared`: an identical request in flight. */
  readonly source: "provider" | "replayed" | "cached" | "shared";
  /** Requests for this reply that the provider took; 0 unless source is `provider`. */
  readonly requests: number;
  /** Milliseconds from the first request to the reply, including waits; 0 unless source is `provider`. */
  readonly milliseconds: number;
  /** Milliseconds that the provider took, without waiting for a slot. Absent: not recorded. */
  readonly took?: number;
  /** Whether another run on the same queue asked for it first. Default: no, or unknown. */
  readonly isShared?: true;
  /** Why it has another price than the tier that the user chose. Absent: it has that price, or it is not new. */
  readonly otherTier?: OtherTier;
}

/**
 * Reasons for a price other than that of the tier that the user chose: the standard price, because the tier has `no room`
 * for the request, is `too slow` or `not served` for the model, doesn't take requests that are `too long`, or was `ignored`
 * by the server; a higher one at `priority`.
 */
export const otherTier = z.enum(["no room", "too slow", "not served", "too long", "ignored", "priority"]);

export type OtherTier = z.infer<typeof otherTier>;

export const usage = z.object({
  /** Tokens. */
  prompt: z.number().nonnegative(),
  completion: z.number().nonnegative(),
  /** True if the provider reported no usage, and tokens are estimated from characters. */
  estimated: z.boolean(),
  /** Prompt tokens that were read from the provider's cache. Default: 0. */
  cached: z.number().nonnegative().optional(),
  /** Prompt tokens that were written to the provider's cache. Default: 0. */
  written: z.number().nonnegative().optional(),
  /** Discounted service tier. Default: the standard tier. */
  tier: z.enum(["flex", "batch"]).optional(),
});

export type Usage = ReadOnly<z.infer<typeof usage>>;

/** Limits of a run. `null`: no limit. */
export const budgetLimits = z.object({
  calls: z.number().nullable(),
  tokens: z.number().nullable(),
  /** US dollars. Requires a known price for every model used. */
  usd: z.number().nullable(),
});

export type BudgetLimits = ReadOnly<z.infer<typeof budgetLimits>>;

/** The budget of a run: the engine reads it to plan, and the budget wrapper enforces it. */
export interface Budget {
  readonly limits: BudgetLimits;
  /** Calls, tokens and dollars reserved or spent so far. */
  readonly spent: { readonly calls: number; readonly tokens: number; readonly usd: number };
  /** Reserves `calls` requests for calls with this `reservation`. `release` returns the unused rest. */
  reserve(name: string, calls: number): void;
  release(name: string): void;
}
