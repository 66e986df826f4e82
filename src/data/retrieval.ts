import MiniSearch from "minisearch";
import type { Passage } from "./passage.ts";

/** Index of each list of passages. */
const indexes = new WeakMap<readonly Passage[], MiniSearch>();

/**
 * The passages that fit a query best, by BM25+ over their words and the words of their paths. Equal scores keep the order
 * of the corpus.
 */
export function search(passages: readonly Passage[], query: string, top: number): Passage[] {
  const known = indexes.get(passages) ?? indexOf(passages);
  indexes.set(passages, known);
  const found = known.search(query).sort((a, b) => b.score - a.score || Number(a.id) - Number(b.id));
  return found.slice(0, top).flatMap(({ id }) => passages[Number(id)] ?? []);
}

function indexOf(passages: readonly Passage[]): MiniSearch {
  const index = new MiniSearch({
    fields: ["text", "path"],
    searchOptions: { boost: { path: 0.5 }, combineWith: "OR" },
  });
  index.addAll(passages.map(({ path, text }, id) => ({ id, text, path })));
  return index;
}
