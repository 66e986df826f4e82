import { diffWordsWithSpace } from "diff";

export interface Part {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Below this share of common words, the two texts are shown one after the other. */
const REWRITE = 0.2;
/** Minimum number of words of a text that can count as rewritten. */
const LONG = 6;
/** Maximum number of changes, so that a text of a megabyte does not take long. */
const MOST = 1_500;

/** Differences between two texts, word by word; the old text and then the new one if almost nothing is common. */
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
