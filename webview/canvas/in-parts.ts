/** Elements of a list that are in the document after this task. */
export interface Part<T> {
  readonly items: readonly T[];
  /** Number of those that this task draws anew. */
  readonly added: number;
  /** Whether further elements are left for the next tasks. */
  readonly isPartial: boolean;
  /** Whether an element is, or now becomes, drawn in its current form. */
  readonly isFresh: (item: T) => boolean;
}

/**
 * Draws at most `most` new elements in one task: elements that are drawn already always stay, in the order of the list.
 * @param isDrawn whether an element is in the document in its current form
 * @param isKept whether an element that is not drawn in its current form is in the document, and stays until its turn
 */
export function nextPart<T>(
  all: readonly T[],
  most: number,
  isDrawn: (item: T) => boolean,
  isKept: (item: T) => boolean = () => false,
): Part<T> {
  const fresh = new Set<T>();
  let left = 0;
  for (const item of all) {
    if (isDrawn(item)) continue;
    if (fresh.size < most) fresh.add(item);
    else left += 1;
  }
  const added = fresh.size;
  if (left === 0) return { items: all, isPartial: false, added, isFresh: () => true };
  return {
    items: all.filter((item) => fresh.has(item) || isDrawn(item) || isKept(item)),
    isPartial: true,
    added,
    isFresh: (item) => fresh.has(item) || isDrawn(item),
  };
}
