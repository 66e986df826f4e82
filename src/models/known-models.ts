/** US dollars per million tokens. */
export interface Price {
  readonly prompt: number;
  readonly completion: number;
}

/** What is published of a model that is sold by the token. */
export interface KnownModel {
  /** List price of standard requests of up to 272,000 tokens, without cached tokens. */
  readonly price: Price;
  /** Tokens of prompt and reply together; absent: not looked up. */
  readonly context?: number;
  /**
   * How it thinks. `adjustable`: `reasoning_effort` may be `none`, and then it takes a temperature. `always`: it cannot
   * be switched off. Absent: it doesn't think.
   */
  readonly reasoning?: "adjustable" | "always";
  /** The day on which the API stops serving it, as YYYY-MM-DD; absent: none is announced. */
  readonly end?: string;
  /** What the provider recommends instead. */
  readonly successor?: string;
}

/** The day on which all of this was last compared with the sources. A test fails when it is 180 days ago. */
export const CHECKED = "2026-11-29";

/**
 * By name, or the beginning of one. Prices of GPT-6 and GPT-5.6 as listed at developers.openai.com/api/docs/models and
 * docs.litellm.ai/blog (gpt_6_sol_luna, gpt_6_1_sol, gpt-6-1-terra); ends and successors at
 * developers.openai.com/api/docs/deprecations.
 */
export const KNOWN_MODELS: Readonly<Record<string, KnownModel>> = {
  simulated: { price: { prompt: 0, completion: 0 } },
  "gpt-6-astra": { price: { prompt: 10, completion: 50 }, context: 1_050_000, reasoning: "always" },
  "gpt-6.1-sol": { price: { prompt: 2, completion: 10 }, context: 1_050_000, reasoning: "always" },
  "gpt-6.1-terra": { price: { prompt: 1, completion: 5 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-6-sol": { price: { prompt: 2, completion: 10 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-6-luna": { price: { prompt: 0.1, completion: 0.5 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.6": { price: { prompt: 4, completion: 20 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.6-sol": { price: { prompt: 4, completion: 20 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.6-terra": { price: { prompt: 2, completion: 12 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.6-luna": { price: { prompt: 0.2, completion: 1.2 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.5": { price: { prompt: 5, completion: 30 }, context: 1_000_000, reasoning: "adjustable" },
  "gpt-5.4": { price: { prompt: 2.5, completion: 15 }, context: 1_050_000, reasoning: "adjustable" },
  "gpt-5.4-mini": { price: { prompt: 0.75, completion: 4.5 }, context: 400_000, reasoning: "adjustable" },
  "gpt-5.4-nano": {
    price: { prompt: 0.2, completion: 1.25 },
    context: 400_000,
    reasoning: "adjustable",
    end: "2027-04-01",
  },
  "gpt-5.2": { price: { prompt: 1.75, completion: 14 }, context: 400_000, reasoning: "adjustable" },
  "gpt-5.1": { price: { prompt: 1.25, completion: 10 }, context: 400_000, reasoning: "adjustable", end: "2027-04-01" },
  "gpt-5": {
    price: { prompt: 1.25, completion: 10 },
    context: 400_000,
    reasoning: "always",
    end: "2026-12-11",
    successor: "gpt-6.1-sol",
  },
  "gpt-5-mini": {
    price: { prompt: 0.25, completion: 2 },
    context: 400_000,
    reasoning: "always",
    end: "2026-12-11",
    successor: "gpt-6.1-terra",
  },
  "gpt-5-nano": {
    price: { prompt: 0.05, completion: 0.4 },
    context: 400_000,
    reasoning: "always",
    end: "2026-12-11",
    successor: "gpt-6-luna",
  },
  "gpt-5-pro": {
    price: { prompt: 15, completion: 120 },
    context: 400_000,
    reasoning: "always",
    end: "2026-12-11",
    successor: "gpt-6.1-sol",
  },
  o3: { price: { prompt: 2, completion: 8 }, reasoning: "always", end: "2026-12-11", successor: "gpt-6.1-sol" },
  "gpt-4.1": { price: { prompt: 2, completion: 8 }, end: "2027-01-14", successor: "gpt-6-luna" },
  "gpt-4.1-mini": { price: { prompt: 0.4, completion: 1.6 }, end: "2027-01-14", successor: "gpt-6-luna" },
  "gpt-4o": { price: { prompt: 2.5, completion: 10 }, end: "2027-01-14", successor: "gpt-6-luna" },
  "gpt-4o-mini": { price: { prompt: 0.15, completion: 0.6 }, end: "2027-01-14", successor: "gpt-6-luna" },
};

/** What is known of a model; undefined where nothing is. */
export function knownModel(name: string): KnownModel | undefined {
  const entry = entryFor(KNOWN_MODELS, name);
  return entry === undefined ? undefined : KNOWN_MODELS[entry];
}

/**
 * The longest name of a table that `model` begins with, where what follows is a date, a version or a tag
 * (`gpt-4.1-2025-04-14`, `gpt-4o:tuned`), not another model's name (`gpt-4.1-turbo`). A name that ends in `*` takes
 * whatever follows.
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
