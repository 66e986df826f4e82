import { randomLcg, shuffler } from "d3";
import { normalizedKey } from "../../data/samples.ts";
import type { ExampleRows, Row } from "./example.ts";

/** Disjoint sets from one shuffled list; equal rows count once. What is left is the test set. */
export function split(
  rows: readonly Row[],
  sizes: { readonly train: number; readonly validation: number },
  key = "question",
): ExampleRows {
  const shuffled = shuffle(distinct(rows, key));
  const from = sizes.train + sizes.validation;
  return {
    train: shuffled.slice(0, sizes.train),
    validation: shuffled.slice(sizes.train, from),
    test: shuffled.slice(from),
  };
}

/** Shuffles rows with a fixed seed. */
export function shuffle<T>(rows: readonly T[]): T[] {
  const random = randomLcg(0.5);
  return shuffler(random)([...rows]);
}

/** Upstream repeats rows, and a row in two of the sets is an error. */
export function distinct(rows: readonly Row[], key = "question", seen = new Set<string>()): Row[] {
  return rows.filter((row) => {
    const text = plainOf(row[key]);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/**
 * Text of a value as the check for overlaps compares it: without case, and without spaces and punctuation between
 * words.
 */
export function plainOf(value: unknown): string {
  return normalizedKey({ id: "", inputs: { question: String(value) }, targets: [], feedback: null });
}

/** Number at the end of a row's id, where it has one, else its position. */
export function positionOf(row: Row, index: number): number {
  const number = /(\d+)$/.exec(String(row.id ?? ""))?.[1];
  return number === undefined ? index : Number(number);
}
