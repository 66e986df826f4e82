import { randomLcg, shuffler } from "d3";
import type { DataSpec } from "../graph/schema/schema.ts";
import { SPLITS, type Split } from "./sample.ts";

export type Shares = Readonly<Record<Split, number>>;

/**
 * Divides rows at random, by shares of their number. Same seed and same rows: same sets, each in the rows' own order.
 * @param shares 0 … 1 each, together at most 1; what they leave is in no set
 */
export function splitRows<T>(rows: readonly T[], shares: Shares, seed: number): Record<Split, T[]> {
  const order = shuffler(randomLcg(seed))(Array.from({ length: rows.length }, (_, index) => index));
  const splitOf: (Split | undefined)[] = Array.from({ length: rows.length });
  let share = 0;
  let from = 0;
  for (const split of SPLITS) {
    share += shares[split];
    const to = Math.round(share * rows.length);
    for (const index of order.slice(from, to)) splitOf[index] = split;
    from = to;
  }
  const sets: Record<Split, T[]> = { train: [], validation: [], test: [] };
  // One look at each row: sorting the numbers of 100,000 rows, and a slice for each, take ten times as long.
  for (const [index, row] of rows.entries()) {
    const split = splitOf[index];
    if (split !== undefined) sets[split].push(row);
  }
  return sets;
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
