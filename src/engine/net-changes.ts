import type { Graph, Texts } from "../graph/graph.ts";
import type { Proposal, Verdict } from "./events.ts";
import type { Entry, History } from "./history.ts";
import { proposalId } from "./theta.ts";

/**
 * What the user reviews (method.md, "What a proposal is"): per changed node the way from the file's text to the text
 * that the run ended with, with one verdict. A node whose attempts all failed shows its best rejected one.
 */
export function netProposals(
  graph: Graph,
  start: Texts,
  end: Texts,
  net: Verdict,
  contributes: ReadonlyMap<string, boolean>,
  history: History,
): Proposal[] {
  return graph.nodes.flatMap(({ id: node, text }) => {
    const entries = history.of(node);
    const attempts = entries.map(({ attempt }) => attempt.id);
    const base = start[node] ?? text;
    const final = end[node] ?? text;
    if (final !== base) {
      const hypothesis =
        entries.findLast(({ attempt }) => attempt.text === final && !attempt.invalid)?.attempt.hypothesis ?? "";
      const id = proposalId(node, base, final);
      const earned = contributes.get(node);
      const left = earned === undefined ? {} : { contributes: earned };
      return [{ id, node, base, text: final, hypothesis, verdict: net, ...left, attempts }];
    }
    const best = bestOf(entries);
    if (!best?.verdict) return [];
    const { attempt, verdict } = best;
    const { id, hypothesis } = attempt;
    return [{ id, node, base: attempt.base, text: attempt.text, hypothesis, verdict, attempts }];
  });
}

/** The attempt with the largest drop of the loss, of those that were scored if any was; of equals the last. */
function bestOf(entries: readonly Entry[]): Entry | null {
  const gain = ({ verdict }: Entry) => (verdict ? (verdict.lossBefore - verdict.lossAfter) * verdict.scored : 0);
  const judged = entries.filter(({ verdict }) => verdict !== null);
  const scored = judged.filter(({ verdict }) => verdict && verdict.scored > 0);
  return (scored.length > 0 ? scored : judged).reduce<Entry | null>(
    (best, entry) => (best === null || gain(entry) >= gain(best) ? entry : best),
    null,
  );
}
