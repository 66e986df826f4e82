import type { Called } from "../../engine/events.ts";

/** Tracks which calls of a log were paid for: each reply once, even if a crash lost the record of its call. */
export class PaidReplies {
  readonly #settled = new Set<string>();

  /** Whether a reply is already recorded. */
  has(key: string): boolean {
    return this.#settled.has(key);
  }

  /** Records a call. @returns whether it was paid for: not if another run paid for the reply */
  take({ key, source, error }: Pick<Called, "key" | "source" | "error">): boolean {
    const isKnown = this.#settled.has(key);
    if (error === null) this.#settled.add(key);
    return source === "provider" || (source === "replayed" && !isKnown);
  }
}
