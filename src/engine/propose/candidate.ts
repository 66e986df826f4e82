import type { Texts } from "../../graph/graph.ts";
import type { Attempted } from "../events.ts";

/** θ′: a valid new text for one parameter, which the gate can judge. */
export type Candidate = Attempted & { readonly invalid: null };

/** Θ with the texts of the candidates. */
export function withTexts(texts: Texts, candidates: readonly Pick<Candidate, "node" | "text">[]): Texts {
  return { ...texts, ...Object.fromEntries(candidates.map(({ node, text }) => [node, text])) };
}
