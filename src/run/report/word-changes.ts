import { diffWordsWithSpace } from "diff";

export interface Part {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Below this share of words kept, words of both in turn would be harder to read than one text after the other. */
const REWRITE = 0.2;
/** Words from which on a text can count as rewritten. */
const LONG = 6;
/** Changes that are looked for at most: a text of a megabyte must not hold anybody up. */
const MOST = 1_500;

/** What changed from one text to the other, word by word; the old one and then the new where almost nothing was kept. */
export function wordChanges(before: string, after: string): Part[] {
  const changes = diffWordsWithSpace(before, after, { maxEditLength: MOST });
  const kept = changes?.filter(({ added, removed }) => !added && !removed).map(({ value }) => value) ?? [];
  if (!changes || (tokenize(before) > LONG && tokenize(kept.join("")) < REWRITE * tokenize(before))) {
    return [
      { kind: "removed", text: before },
      { kind: "added", text: `\n${after}` },
    ];
  }
  return changes.map(({ added, removed, value }) => ({
    kind: added ? "added" : removed ? "removed" : "same",
    text: value,
  }));
}

function tokenize(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
