import type { Texts } from "../../graph/graph.ts";
import type { Attempted } from "../events.ts";

/** θ′: a new text for one parameter that may be put before the gate. */
export type Candidate = Attempted & { readonly invalid: null };

/** Θ with the candidates' texts in place of its own. */
export function withTexts(texts: Texts, candidates: readonly Pick<Candidate, "node" | "text">[]): Texts {
  return { ...texts, ...Object.fromEntries(candidates.map(({ node, text }) => [node, text])) };
}
