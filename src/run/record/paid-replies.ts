import type { Called } from "../../engine/events.ts";
import { KeyTable } from "./key-table.ts";

/** Only the key matters. */
const SETTLED = { start: 0, end: 1 };

/** Tracks which calls of a log were paid for: each reply once, even if a crash lost the record of its call. */
export class PaidReplies {
  readonly #settled = new KeyTable();

  /** Whether a reply is already recorded. */
  has(key: string): boolean {
    return this.#settled.get(key) !== undefined;
  }

  /** Records a call. @returns whether it was paid for: not if another run paid for the reply */
  take({ key, source, error }: Pick<Called, "key" | "source" | "error">): boolean {
    const isKnown = this.has(key);
    if (error === null && !isKnown) this.#settled.set(key, SETTLED);
    return source === "provider" || (source === "replayed" && !isKnown);
  }
}
