import type { Sample } from "../data/sample.ts";
import type { Graph, Texts } from "../graph/graph.ts";
import type { Forward } from "./forward.ts";
import type { Llm, LlmCall } from "./llm.ts";
import type { Saving } from "./task.ts";
import { thetaOf } from "./theta.ts";
import { createValidation, type Validation, type ValidationDeps } from "./validation.ts";

/**
 * The savings of method.md §6, switched off one by one: what a naive engine would ask in vain is asked here too, and
 * thrown away. So each ablation shows the same proposals and verdicts, and what the saving is worth in calls.
 */
export type Without = ReadonlySet<Saving>;

/** R1: no two equal questions share a reply. R7: one backward call for each edge into the node, instead of one in all. */
export function askWithout(without: Without, graph: Graph, ask: Llm): Llm {
  if (!without.has("R1") && !without.has("R7")) return ask;
  const asked = new Map<string, number>();
  const edges = new Map(graph.nodes.map((node) => [node.id, node.inputs.length]));

  /** Numbers equal questions through: the second of them is the same one in every run. */
  function apart(question: LlmCall): LlmCall {
    if (!without.has("R1")) return question;
    const { purpose, node, choice, messages, index = 0 } = question;
    const content = JSON.stringify([purpose, node, choice, messages, index]);
    const times = asked.get(content) ?? 0;
    asked.set(content, times + 1);
    return times === 0 ? question : { ...question, index: `${index} again ${times}` };
  }

  const wasteful = (question: LlmCall) => {
    const others = without.has("R7") && question.purpose === "backward" ? (edges.get(question.node ?? "") ?? 0) - 1 : 0;
    for (let edge = 1; edge <= others; edge++) ask(apart({ ...question, index: `edge ${edge}` })).catch(() => {});
    return ask(apart(question));
  };
  return Object.assign(wasteful, { settled: ask.settled, discredit: ask.discredit, breathe: ask.breathe });
}

/** R2: a node's call belongs to one Θ, also where another Θ gives it the very same prompt. */
export function forwardWithout(without: Without, forward: Forward): Forward {
  if (!without.has("R2")) return forward;
  return (texts, sample, options) => forward(texts, sample, { occasion: thetaOf(texts), ...options });
}

/**
 * R3: every sample is scored, whatever is decided already. R4: the samples are scored in the file's order, too, until that
 * would have decided. R6: the incumbent is scored anew for each comparison.
 */
export function validationWithout(
  without: Without,
  deps: ValidationDeps,
  again: (texts: Texts, sample: Sample, occasion: string) => Promise<unknown>,
): Validation {
  const validation = createValidation(deps);
  if (!without.has("R3") && !without.has("R4") && !without.has("R6")) return validation;
  const { samples, score } = deps;
  const unordered = createValidation(deps);
  const asInTheFile = samples.map((_, index) => index);
  let looks = 0;

  const compare: Validation["compare"] = async (before, after, rule, order) => {
    const look = `look ${++looks}`;
    if (without.has("R6")) await Promise.all(samples.map((sample) => again(before, sample, look)));
    if (without.has("R4")) await unordered.compare(before, after, rule, asInTheFile);
    const verdict = await validation.compare(before, after, rule, order);
    if (without.has("R3")) await Promise.all(samples.flatMap((one) => [score(before, one), score(after, one)]));
    return verdict;
  };
  return { ...validation, compare };
}
