import { entryFor, KNOWN_MODELS, type Price } from "./known-models.ts";
import type { Usage } from "./model.ts";

/** Model name, or the beginning of one → price. */
export type PriceTable = Readonly<Record<string, Price>>;

/** US dollars of one reply; null where no price is known. */
export type PriceOf = (model: string, usage: Usage) => number | null;

/** As published; a user's own table wins. */
const PRICES: PriceTable = Object.fromEntries(Object.entries(KNOWN_MODELS).map(([name, { price }]) => [name, price]));

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

function priceOfModel(table: PriceTable, model: string): Price | null {
  const entry = entryFor(table, model);
  return entry === undefined ? null : table[entry]!;
}
