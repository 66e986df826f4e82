import { randomLcg, shuffler } from "d3";
import type { DataSpec } from "../graph/schema/schema.ts";
import { SPLITS, type Split } from "./sample.ts";

export type Shares = Readonly<Record<Split, number>>;

/**
 * Divides rows at random, by shares of their number. Same seed and same rows: same sets, each in the rows' own order.
 * @param shares 0 … 1 each, together at most 1; what they leave is in no set
 */
export function splitRows<T>(rows: readonly T[], shares: Shares, seed: number): Record<Split, T[]> {
  const order = shuffler(randomLcg(seed))(rows.map((_, index) => index));
  let share = 0;
  let from = 0;
  const take = (split: Split): T[] => {
    share += shares[split];
    const to = Math.round(share * rows.length);
    const chosen = order.slice(from, to).sort((a, b) => a - b);
    from = to;
    return chosen.flatMap((index) => rows.slice(index, index + 1));
  };
  const [train, validation, test] = SPLITS.map(take);
  return { train: train ?? [], validation: validation ?? [], test: test ?? [] };
}

/** How the rows of one file are divided; undefined: each set names its own. With folds, no row is set aside. */
export function divisionOf({ split, folds }: DataSpec): (Shares & { readonly seed: number }) | undefined {
  return folds === undefined ? split : { train: 0.5, validation: 0.5, test: 0, seed: 1 };
}

/** The sets that a graph file gives samples to. */
export function namedSets(spec: DataSpec): Split[] {
  const division = divisionOf(spec);
  return SPLITS.filter((split) => (division ? division[split] > 0 : spec[split] !== undefined));
}
