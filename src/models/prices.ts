import { entryFor, KNOWN_MODELS, type Price, TIER_PRICE } from "./known-models.ts";
import type { Usage } from "./model.ts";

/** Model name, or the beginning of one → price. */
export type PriceTable = Readonly<Record<string, Price>>;

/** Cost of one reply in US dollars; null if no price is known. */
export type PriceOf = (model: string, usage: Usage) => number | null;

function publishedPrices(now: number): PriceTable {
  const today = new Date(now).toISOString().slice(0, 10);
  return Object.fromEntries(
    Object.entries(KNOWN_MODELS).map(([name, { price, later }]) => [
      name,
      later && later.from <= today ? later.price : price,
    ]),
  );
}

/** The first model without a known price; undefined if all have one. */
export function unpriced(models: readonly string[], price: PriceOf): string | undefined {
  return models.find((model) => price(model, { prompt: 1, completion: 1, estimated: false }) === null);
}

/**
 * `0.5, 1.5` or `0.5, 1.5, 0.05`: US dollars per million tokens of prompts, of replies, and of the cached part of
 * prompts; null for anything else.
 */
export function readPrice(text: string): Price | null {
  const amounts = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [prompt, completion, cached, ...more] = amounts;
  if (prompt === undefined || completion === undefined || more.length > 0) return null;
  if (!amounts.every((amount) => Number.isFinite(amount) && amount >= 0)) return null;
  return { prompt, completion, ...(cached !== undefined && { cached }) };
}

/**
 * Prices from the user's table, else the published ones.
 * @param now milliseconds since the epoch; default: 0, before any announced change of a price
 */
export function priceList(own: PriceTable = {}, now = 0): PriceOf {
  const table: PriceTable = { ...publishedPrices(now), ...own };
  const known = new Map<string, Price | null>();
  return (model, usage) => {
    const price = known.get(model) ?? priceOfModel(table, model);
    known.set(model, price);
    return price === null ? null : costOf(price, usage);
  };
}

function costOf(price: Price, { prompt, completion, cached = 0, written = 0, tier }: Usage): number {
  const plain = Math.max(0, prompt - cached - written);
  const read =
    plain * price.prompt + cached * (price.cached ?? price.prompt) + written * (price.written ?? price.prompt);
  const long = price.long && prompt > price.long.above ? price.long : { prompt: 1, completion: 1 };
  const whole = (read * long.prompt + completion * price.completion * long.completion) / 1e6;
  return tier === undefined ? whole : whole * TIER_PRICE;
}

function priceOfModel(table: PriceTable, model: string): Price | null {
  const entry = entryFor(table, model);
  return entry === undefined ? null : table[entry]!;
}
