/** Elements of one kind in the document, each in the form in which it was drawn last. */
export class DrawnInParts<T, F> {
  #forms: ReadonlyMap<string, F> = new Map();
  #room: number;

  /** @param most maximum number of elements that one task draws anew */
  constructor(
    private readonly most: number,
    private readonly keyOf: (item: T) => string,
  ) {
    this.#room = most;
  }

  /** Starts a new task. */
  refill(): void {
    this.#room = this.most;
  }

  /** Takes what this task still draws. @param formOf current form of an element */
  next(all: readonly T[], formOf: (item: T) => F): DrawnPart<T> {
    const candidates = all.map((item): Candidate<T, F> => {
      const key = this.keyOf(item);
      return { key, item, form: formOf(item), former: this.#forms.get(key) };
    });
    const { items, isPartial, isFresh } = nextPart(
      candidates,
      this.#room,
      ({ form, former }) => former === form,
      ({ former }) => former !== undefined,
    );
    const forms = new Map<string, F>();
    const changed = new Set<T>();
    for (const one of items) {
      const { key, item, form, former } = one;
      const isChanged = former !== form && isFresh(one);
      if (isChanged) changed.add(item);
      forms.set(key, isChanged ? form : (former ?? form));
    }
    this.#forms = forms;
    this.#room -= changed.size;
    return { items: items.map(({ item }) => item), changed, isPartial };
  }

  /** The form of an element in the document. */
  form(item: T): F | undefined {
    return this.#forms.get(this.keyOf(item));
  }
}

interface Candidate<T, F> {
  readonly key: string;
  readonly item: T;
  readonly form: F;
  /** Form in which it is in the document. undefined if it is not there. */
  readonly former: F | undefined;
}

/** Elements that are in the document after this task. */
interface DrawnPart<T> {
  readonly items: readonly T[];
  /** Those that this task draws anew. */
  readonly changed: ReadonlySet<T>;
  /** Whether further elements are left for the next tasks. */
  readonly isPartial: boolean;
}

/** Elements of a list that are in the document after this task. */
interface Part<T> {
  readonly items: readonly T[];
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
  isKept: (item: T) => boolean,
): Part<T> {
  const fresh = new Set<T>();
  let left = 0;
  for (const item of all) {
    if (isDrawn(item)) continue;
    if (fresh.size < most) fresh.add(item);
    else left += 1;
  }
  if (left === 0) return { items: all, isPartial: false, isFresh: () => true };
  return {
    items: all.filter((item) => fresh.has(item) || isDrawn(item) || isKept(item)),
    isPartial: true,
    isFresh: (item) => fresh.has(item) || isDrawn(item),
  };
}
