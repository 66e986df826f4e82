import type { Usage } from "./model.ts";

/** US dollars per million tokens. */
export interface Price {
  readonly prompt: number;
  readonly completion: number;
}

/** Model name, or the beginning of one → price. */
export type PriceTable = Readonly<Record<string, Price>>;

/** US dollars of one reply; null where no price is known. */
export type PriceOf = (model: string, usage: Usage) => number | null;

/** List prices of standard requests without cached tokens, as of November 2026; a user's own table wins. */
export const PRICES: PriceTable = {
  simulated: { prompt: 0, completion: 0 },
  "gpt-3.5-turbo": { prompt: 0.5, completion: 1.5 },
  "gpt-4": { prompt: 30, completion: 60 },
  "gpt-4-turbo": { prompt: 10, completion: 30 },
  "gpt-4o": { prompt: 2.5, completion: 10 },
  "gpt-4o-mini": { prompt: 0.15, completion: 0.6 },
  "gpt-4.1": { prompt: 2, completion: 8 },
  "gpt-4.1-mini": { prompt: 0.4, completion: 1.6 },
  "gpt-4.1-nano": { prompt: 0.1, completion: 0.4 },
  "gpt-5": { prompt: 1.25, completion: 10 },
  "gpt-5-mini": { prompt: 0.25, completion: 2 },
  "gpt-5-nano": { prompt: 0.05, completion: 0.4 },
  "gpt-5-pro": { prompt: 15, completion: 120 },
  "gpt-5.1": { prompt: 1.25, completion: 10 },
  "gpt-5.2": { prompt: 1.75, completion: 14 },
  "gpt-5.4": { prompt: 2.5, completion: 15 },
  "gpt-5.4-mini": { prompt: 0.75, completion: 4.5 },
  "gpt-5.4-nano": { prompt: 0.2, completion: 1.25 },
  "gpt-5.5": { prompt: 5, completion: 30 },
  o1: { prompt: 15, completion: 60 },
  "o1-mini": { prompt: 1.1, completion: 4.4 },
  o3: { prompt: 2, completion: 8 },
  "o3-mini": { prompt: 1.1, completion: 4.4 },
  "o4-mini": { prompt: 1.1, completion: 4.4 },
};

/** The first model whose replies nobody can price; undefined where all can be. */
export function unpriced(models: readonly string[], price: PriceOf): string | undefined {
  return models.find((model) => price(model, { prompt: 1, completion: 1, estimated: false }) === null);
}

/** `0.5, 1.5`: US dollars per million tokens of prompts and of replies; null for anything else. */
export function readPrice(text: string): Price | null {
  const [prompt, completion, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (prompt === undefined || completion === undefined || more.length > 0) return null;
  const isPrice = (amount: number) => Number.isFinite(amount) && amount >= 0;
  return isPrice(prompt) && isPrice(completion) ? { prompt, completion } : null;
}

/** What a table says, with `own` winning over the prices known here. */
export function priceList(own: PriceTable = {}): PriceOf {
  const table: PriceTable = { ...PRICES, ...own };
  const known = new Map<string, Price | null>();
  return (model, usage) => {
    const price = known.get(model) ?? priceOfModel(table, model);
    known.set(model, price);
    return price === null ? null : (usage.prompt * price.prompt + usage.completion * price.completion) / 1e6;
  };
}

/**
 * The entry with the longest name that `model` begins with, where what follows is a date, a version or a tag
 * (`gpt-4.1-2025-04-14`, `gpt-4o:tuned`), not another model's name (`gpt-4.1-turbo`). A name that ends in `*` takes
 * whatever follows.
 */
function priceOfModel(table: PriceTable, model: string): Price | null {
  const fits = (name: string) =>
    name.endsWith("*")
      ? model.startsWith(name.slice(0, -1))
      : model.startsWith(name) && /^($|:|[-@](\d|v\d|latest|preview))/.test(model.slice(name.length));
  const best = Object.keys(table)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
  return best === undefined ? null : table[best]!;
}
