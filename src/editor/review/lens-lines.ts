/** Number of lines from the top within which the first change is visible together with the lenses above line 1. */
const IN_SIGHT = 12;

/** VS Code's settings `diffEditor.hideUnchangedRegions.*`: in a list of diffs, unchanged lines are always hidden. */
export interface HiddenRegions {
  /** Lines that stay visible around a change. */
  readonly contextLineCount: number;
  /** The fewest lines that are hidden. */
  readonly minimumLineCount: number;
}

/**
 * The lines, from 0, that have the lenses of a proposal above them, so that at least one is visible beside the first change.
 * @param first line of the first change, from 0
 */
export function lensLines(first: number, { contextLineCount, minimumLineCount }: HiddenRegions): number[] {
  if (first >= IN_SIGHT) return [0, first];
  const isTopHidden = first >= contextLineCount + minimumLineCount;
  return [isTopHidden ? first - contextLineCount : 0];
}
