import * as z from "zod";
import type { Role } from "../graph/graph.ts";
import type { ReadOnly } from "../graph/read-only.ts";
import type { BatchJournal } from "./batch/batch-journal.ts";
import type { Waiting } from "./waiting.ts";

/** One thing that answers a chat completion: a provider, or a wrapper around another `Model`. */
export interface Model {
  /** Provider and origin, e.g. `openai https://api.openai.com` or `simulated`: part of every reply's key. Never a key or credentials. */
  readonly identity: string;
  /** Milliseconds a request may take. Default 120,000. */
  readonly timeout?: number;
  /**
   * One reply. A provider sends at most one HTTP request a call; repeating is the retry wrapper's work.
   * @throws ModelError, or the signal's reason when aborted.
   */
  complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
  /** Whether a parameter of this request might be refused: none with all of them was answered yet. Default: no. */
  isUntried?(request: ModelRequest): boolean;
  /** Resolves when who asks much at once may go on: at once, or after others in the process had a turn. Default: at once. */
  yieldNow?(): Promise<void>;
  /** Requests that it works on at once, whatever the user's setting says. Default: that setting. */
  readonly concurrency?: number;
  /** Told what it waits for itself, such as a batch; null: nothing. */
  listen?(tell: (waiting: Waiting | null) => void): void;
  /** Takes up the batches that a run has under way. Only where requests are sent in batches. */
  attach?(journal: BatchJournal): void;
  /** The reply could not be decoded: no other run is served it. Only where replies are kept. */
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
  /** Asks for JSON of this shape. A model that refuses `response_format` gets the request without it. */
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
  /** 0 at temperature 0 without repeats; else a hash of (run seed, purpose, index): never an arrival counter. */
  readonly draw: number;
  readonly tag: CallTag;
  /** Of the reply store; set by the stack. */
  readonly key?: string;
  /** 1 for the first request of a call; set by the retry wrapper. */
  readonly attempt?: number;
  /** Larger goes first through the limiter. Default 0. */
  readonly priority?: number;
  /** Draws on this part of the budget. Default: what is not reserved. */
  readonly reservation?: string;
  /**
   * Called before each request that goes to the provider, awaited: when it resolves, the request is on record.
   * Not called for replies from a store, nor for a caller that shares another's request.
   */
  readonly onRequest?: (attempt: number) => Promise<void>;
  /** A request that `onRequest` was called for does not leave after all: aborted in between, or its record failed. */
  readonly onWithdrawn?: (attempt: number) => void;
}

/** Who asks, for events and progress: no part of the key. */
export interface CallTag {
  readonly purpose: Role;
  readonly node: string | null;
  readonly sample: string | null;
  /** Tags that the reply is to contain, where no schema gives its form. */
  readonly form?: readonly string[];
}

export interface ModelReply {
  readonly text: string;
  readonly usage: Usage;
  /** The model that the provider says it ran. */
  readonly model: string;
  /** `length`: cut at a limit of tokens. `filter`: withheld, in whole or in part, by a content filter. */
  readonly finish: "stop" | "length" | "filter" | "other";
  /** Key of the reply store: hash of (identity, model, params, messages, schema, draw). Set by the store wrapper. */
  readonly key: string;
  /** Where the reply came from. `replayed`: this run's own log. `cached`: the store shared between runs. `shared`: an equal request in flight. */
  readonly source: "provider" | "replayed" | "cached" | "shared";
  /** Requests that reached the provider for this reply; 0 unless source is `provider`. */
  readonly requests: number;
  /** Milliseconds from the first request to the reply, waiting included; 0 unless source is `provider`. */
  readonly milliseconds: number;
}

export const usage = z.object({
  /** Tokens. */
  prompt: z.number().nonnegative(),
  completion: z.number().nonnegative(),
  /** True where the provider returned none and characters were counted instead. */
  estimated: z.boolean(),
  /** Of the prompt, what the provider had cached; absent: nothing. */
  cached: z.number().nonnegative().optional(),
  /** Of the prompt, what the provider wrote to its cache; absent: nothing. */
  written: z.number().nonnegative().optional(),
  /** Billed at half the price; absent: the standard one. */
  tier: z.enum(["flex", "batch"]).optional(),
});

export type Usage = ReadOnly<z.infer<typeof usage>>;

/** What a run may spend. `null`: no bound. */
export const budgetLimits = z.object({
  calls: z.number().nullable(),
  tokens: z.number().nullable(),
  /** US dollars; needs a known price for every model used. */
  usd: z.number().nullable(),
});

export type BudgetLimits = ReadOnly<z.infer<typeof budgetLimits>>;

/** The budget wrapper's handle: the engine reads it to plan, the wrapper enforces it. */
export interface Budget {
  readonly limits: BudgetLimits;
  /** Calls, tokens and dollars reserved or spent so far. */
  readonly spent: { readonly calls: number; readonly tokens: number; readonly usd: number };
  /** Sets aside `calls` requests that only calls with this `reservation` may use; `release` gives the unused rest back to all. */
  reserve(name: string, calls: number): void;
  release(name: string): void;
}
