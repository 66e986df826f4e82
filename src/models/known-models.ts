/** US dollars per million tokens. */
export interface Price {
  readonly prompt: number;
  readonly completion: number;
  /** Price of prompt tokens that the provider had cached. Absent: the same as for others. */
  readonly cached?: number;
  /** Price of prompt tokens that the provider writes to its cache. Absent: the same as for others. */
  readonly written?: number;
  /** Price of requests with a long prompt, which cost more as a whole. */
  readonly long?: LongPrice;
}

export interface LongPrice {
  /** Prompt tokens above which it applies. */
  readonly above: number;
  /** Factor for the price of the prompt, cached or not. */
  readonly prompt: number;
  /** Factor for the price of the reply. */
  readonly completion: number;
}

/** Published facts about a model that is sold by the token. */
export interface KnownModel {
  /** List price of standard requests. */
  readonly price: Price;
  /** Its list price from a day on that is announced, as YYYY-MM-DD. */
  readonly later?: { readonly from: string; readonly price: Price };
  /** Context length in tokens, prompt and reply together; absent: not looked up. */
  readonly context?: number;
  /**
   * When it reasons; it then accepts no temperature. `by default`: unless `reasoning_effort` is `none`. `on
   * request`: only if the request asks for it. Absent: never, or it takes a temperature anyway.
   */
  readonly reasoning?: "always" | "by default" | "on request";
  /** The only API that serves it. Absent: chat completions, among others. */
  readonly api?: "responses";
  /** Tiers at half the price that are offered, beside the standard one. */
  readonly tiers?: readonly Tier[];
  /** The day on which the API stops serving it, as YYYY-MM-DD; absent: none is announced. */
  readonly end?: string;
  /** The successor that the provider recommends. */
  readonly successor?: string;
}

/**
 * A tier at half the price. `flex`: when there is capacity, within 15 minutes. `batch`: with other requests, within
 * a day.
 */
export type Tier = "flex" | "batch";

/** Share of the standard price, the same at every provider that has the tier. */
export const TIER_PRICE = 0.5;

/** The day on which these facts were last compared with their sources. A test fails 180 days later. */
export const CHECKED = "2026-11-30";

const OPENAI_LONG: LongPrice = { above: 272_000, prompt: 2, completion: 1.5 };
const BOTH: readonly Tier[] = ["flex", "batch"];

/** OpenAI since GPT-5.6: writing to the cache costs a quarter more. */
function openai(prompt: number, cached: number, completion: number, more: Omit<KnownModel, "price"> = {}): KnownModel {
  const price = { prompt, completion, cached, written: 1.25 * prompt, long: OPENAI_LONG };
  return { price, context: 1_050_000, reasoning: "by default", tiers: BOTH, ...more };
}

/** OpenAI before: writing to the cache costs nothing. */
function earlier(prompt: number, cached: number, completion: number, more: Omit<KnownModel, "price"> = {}): KnownModel {
  return { price: { prompt, completion, cached }, tiers: ["batch"], ...more };
}

/** Anthropic: five minutes of cache cost a quarter more to write. */
function claude(prompt: number, cached: number, completion: number, more: Omit<KnownModel, "price"> = {}): KnownModel {
  const price = { prompt, completion, cached, written: 1.25 * prompt };
  return { price, context: 1_000_000, reasoning: "always", tiers: ["batch"], ...more };
}

/** Google's batches are not implemented, so that they aren't offered. */
function gemini(prompt: number, cached: number, completion: number, more: Omit<KnownModel, "price"> = {}): KnownModel {
  return { price: { prompt, completion, cached }, context: 1_048_576, ...more };
}

const ENDS_2026: Pick<KnownModel, "context" | "reasoning" | "end"> = {
  context: 400_000,
  reasoning: "always",
  end: "2026-12-11",
};
const ENDS_2027 = { end: "2027-01-14", successor: "gpt-6-luna" };

/**
 * DeepSeek asks these prices at its peak hours (01:00–04:00 and 06:00–10:00 UTC, Monday to Friday but for Chinese
 * holidays), and half of them at other times: a budget holds at any time.
 */
function deepseek(prompt: number, cached: number, completion: number): KnownModel {
  return { price: { prompt, completion, cached }, context: 1_000_000 };
}

/** The introductory price of two models of Google ends with November 2026. */
const DECEMBER: Pick<KnownModel, "later"> = {
  later: { from: "2026-12-01", price: { prompt: 4, completion: 20, cached: 0.2 } },
};

/**
 * By name, or the beginning of one. Prices of OpenAI as listed at developers.openai.com/api/docs/models and
 * docs.litellm.ai/blog (gpt_6_sol_luna, gpt_6_1_sol, gpt-6-1-terra, gpt-6-2); ends and successors at
 * developers.openai.com/api/docs/deprecations. Of Anthropic as listed at platform.claude.com/docs/en/about-claude/pricing
 * and the overviews of its models. Of Google as listed at ai.google.dev/gemini-api/docs/pricing and …/latest-model; the
 * cached price of gemini-4-carbon is that of gemini-4-argon, with which it shares its prices. Of DeepSeek as listed at
 * api-docs.deepseek.com/quick_start/pricing, in a copy of 2026-11-15; deepseek-v4-flash is answered by deepseek-flash, at its price.
 */
export const KNOWN_MODELS: Readonly<Record<string, KnownModel>> = {
  simulated: { price: { prompt: 0, completion: 0 } },
  "gpt-6.2-astra": openai(8, 0.4, 40, { reasoning: "always", tiers: ["batch"] }),
  "gpt-6.2-sol": openai(2, 0.1, 10, { reasoning: "always", tiers: ["batch"] }),
  "gpt-6-astra": openai(10, 1, 50, { reasoning: "always" }),
  "gpt-6.1-sol": openai(2, 0.1, 10, { reasoning: "always" }),
  "gpt-6.1-terra": openai(1, 0.05, 5),
  "gpt-6-sol": openai(2, 0.2, 10),
  "gpt-6-luna": openai(0.1, 0.01, 0.5),
  "gpt-5.6": openai(4, 0.4, 20),
  "gpt-5.6-sol": openai(4, 0.4, 20),
  "gpt-5.6-terra": openai(2, 0.2, 12),
  "gpt-5.6-luna": openai(0.2, 0.02, 1.2),
  "gpt-5.5": earlier(5, 0.5, 30, { context: 1_000_000, reasoning: "by default", tiers: BOTH }),
  "gpt-5.4": earlier(2.5, 0.25, 15, { context: 1_050_000, reasoning: "on request", tiers: BOTH }),
  "gpt-5.4-mini": earlier(0.75, 0.075, 4.5, { context: 400_000, reasoning: "on request", tiers: BOTH }),
  "gpt-5.4-nano": earlier(0.2, 0.02, 1.25, {
    context: 400_000,
    reasoning: "on request",
    tiers: BOTH,
    end: "2027-04-01",
  }),
  "gpt-5.2": earlier(1.75, 0.175, 14, { context: 400_000, reasoning: "on request", tiers: BOTH }),
  "gpt-5.1": earlier(1.25, 0.125, 10, { context: 400_000, reasoning: "on request", tiers: BOTH, end: "2027-04-01" }),
  "gpt-5": earlier(1.25, 0.125, 10, { ...ENDS_2026, tiers: BOTH, successor: "gpt-6.1-sol" }),
  "gpt-5-mini": earlier(0.25, 0.025, 2, { ...ENDS_2026, tiers: BOTH, successor: "gpt-6.1-terra" }),
  "gpt-5-nano": earlier(0.05, 0.005, 0.4, { ...ENDS_2026, tiers: BOTH, successor: "gpt-6-luna" }),
  "gpt-5-pro": earlier(15, 15, 120, { ...ENDS_2026, api: "responses", successor: "gpt-6.1-sol" }),
  o3: earlier(2, 0.5, 8, { reasoning: "always", tiers: BOTH, end: "2026-12-11", successor: "gpt-6.1-sol" }),
  "gpt-4.1": earlier(2, 0.5, 8, ENDS_2027),
  "gpt-4.1-mini": earlier(0.4, 0.1, 1.6, ENDS_2027),
  "gpt-4o": earlier(2.5, 1.25, 10, ENDS_2027),
  "gpt-4o-mini": earlier(0.15, 0.075, 0.6, ENDS_2027),
  "claude-fable-5-1": claude(10, 0.25, 50),
  "claude-fable-5": claude(10, 1, 50),
  "claude-opus-5-5": claude(4, 0.2, 20),
  "claude-opus-5": claude(5, 0.5, 25),
  "claude-sonnet-5-5": claude(2, 0.1, 10),
  "claude-sonnet-5": claude(2, 0.2, 10),
  "claude-haiku-5-5": {
    ...claude(0.1, 0.01, 0.5),
    price: {
      prompt: 0.1,
      completion: 0.5,
      cached: 0.01,
      written: 0.125,
      long: { above: 100_000, prompt: 5, completion: 5 },
    },
  },
  "claude-opus-4-8": claude(5, 0.5, 25, { reasoning: "on request" }),
  "claude-opus-4-7": claude(5, 0.5, 25, { reasoning: "on request" }),
  "claude-opus-4-6": claude(5, 0.5, 25, { reasoning: "on request" }),
  "claude-opus-4-5": claude(5, 0.5, 25, { reasoning: "on request", context: 200_000 }),
  "claude-sonnet-4-6": claude(3, 0.3, 15, { reasoning: "on request" }),
  "claude-haiku-4-5": { ...claude(1, 0.1, 5), context: 200_000, reasoning: "on request" },
  "gemini-4-carbon": gemini(2, 0.1, 10, DECEMBER),
  "gemini-4-argon": gemini(2, 0.1, 10, DECEMBER),
  "gemini-4-neon": gemini(3, 0.15, 15),
  "gemini-4-hydrogen": gemini(1.5, 0.075, 7.5),
  "gemini-3.8-flash": gemini(0.75, 0.075, 3.75, {
    tiers: ["flex"],
    later: { from: "2027-01-01", price: { prompt: 1.5, completion: 7.5, cached: 0.15 } },
  }),
  "deepseek-flash": deepseek(0.3, 0.006, 1.2),
  "deepseek-v4-flash": deepseek(0.3, 0.006, 1.2),
  "deepseek-v4-pro": deepseek(1.32, 0.044, 3.96),
};

/** Whether a model reasons before it answers a request, as far as is known. `openai/gpt-6-luna` is `gpt-6-luna`. */
export function thinks(model: string, effort: unknown): boolean {
  const { reasoning } = knownModel(model.slice(model.lastIndexOf("/") + 1)) ?? {};
  if (reasoning === "on request") return effort !== undefined && effort !== "none";
  return reasoning === "always" || (reasoning === "by default" && effort !== "none");
}

/** The known facts about a model; undefined if there are none. */
export function knownModel(name: string): KnownModel | undefined {
  const entry = entryFor(KNOWN_MODELS, name);
  return entry === undefined ? undefined : KNOWN_MODELS[entry];
}

/**
 * The entry with the longest name that `model` starts with, if a date, a version or a tag follows
 * (`gpt-4.1-2025-04-14`, `gpt-4o:tuned`), not the rest of another model's name (`gpt-4.1-turbo`). A name that ends
 * in `*` matches everything that follows.
 */
export function entryFor(table: Readonly<Record<string, unknown>>, model: string): string | undefined {
  const fits = (name: string) =>
    name.endsWith("*")
      ? model.startsWith(name.slice(0, -1))
      : model.startsWith(name) && /^($|:|[-@](\d|v\d|latest|preview))/.test(model.slice(name.length));
  return Object.keys(table)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
}
