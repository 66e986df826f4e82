import pMap from "p-map";
import type { Data, Sample } from "../data/sample.ts";
import type { Graph, Texts } from "../graph/graph.ts";
import { traitsOf } from "../graph/node-kinds.ts";
import { BudgetReached } from "../models/errors.ts";
import type { Baseline, BaselineScore } from "./events.ts";
import type { Forward, Scored } from "./forward/forward.ts";
import { meanScore } from "./gate/statistics.ts";
import { textsOf, thetaOf } from "./theta.ts";

/** Name of the only baseline besides the untouched graph. */
export const CHAIN_OF_THOUGHT = "chain-of-thought";

/** Kojima et al. 2022 (arXiv 2205.11916). */
const SUFFIX = "Let's think step by step.";

/** Θ of the chain-of-thought baseline: the step-by-step suffix on every LLM node, and nothing else changed (docs/methods.md). */
export function chainOfThought(graph: Graph): Texts {
  const own = textsOf(graph);
  const asking = graph.nodes.filter((node) => traitsOf(node).asksModel);
  return { ...own, ...Object.fromEntries(asking.map(({ id }) => [id, `${own[id]?.trimEnd()}\n\n${SUFFIX}`])) };
}

/** The graph with that suffix. */
export function stepByStep(graph: Graph): Graph {
  const texts = chainOfThought(graph);
  return { ...graph, nodes: graph.nodes.map((node) => ({ ...node, text: texts[node.id] ?? node.text })) };
}

/**
 * Scores the baseline on the validation and the test set. A set is null if the budget doesn't cover it or if none of
 * its samples could be scored: a missing comparison doesn't end the run.
 * @param splits sets to score, in this order
 * @param priority of the calls
 */
export async function scoreBaseline(
  graph: Graph,
  data: Data,
  splits: readonly ("validation" | "test")[],
  forward: Forward,
  priority: number,
): Promise<Baseline> {
  const texts = chainOfThought(graph);
  const scoreOn = async (split: "validation" | "test"): Promise<BaselineScore | null> => {
    const scoreOne = (sample: Sample) => forward(texts, sample, { split, priority }).score;
    const scores: (Scored | null)[] = await pMap(data[split], scoreOne, forward.atOnce).catch((error: unknown) => {
      if (!(error instanceof BudgetReached)) throw error;
      return [];
    });
    const score = meanScore(scores);
    return score === null ? null : { n: scores.filter((one) => one !== null).length, score };
  };
  const found: { validation: BaselineScore | null; test: BaselineScore | null } = { validation: null, test: null };
  for (const split of splits) found[split] = await scoreOn(split);
  return { type: "baseline", method: CHAIN_OF_THOUGHT, theta: thetaOf(texts), texts, ...found };
}
