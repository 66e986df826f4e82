import type { GradientContext } from "../../engine/backward/batch-gradients.ts";
import { nodeDescriptions } from "../../engine/backward/node-description.ts";
import { escapeTags, fill, verbatimBlock } from "../../engine/forward/prompt.ts";
import { caseBlock, newTextRules } from "../../engine/propose/optimizer-prompt.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { Message } from "../../models/model.ts";
import materialTemplate from "./prompts/material.md";
import reflectTemplate from "./prompts/reflect.md";

/** What the feedback is on, in a graph whose output alone is scored, and in one whose nodes have targets of their own. */
const FEEDBACK = {
  answer: { of: "the pipeline's final answer", blame: "The feedback is on the final answer." },
  nodes: {
    of: "the step's own result where a right one is known, else on the results that depend on it,",
    blame: "Feedback that names another step is on that step's result.",
  },
} as const;

/** GEPA's request to ϕ: the current text, and one run per sample with feedback on the final answer. */
export function createPrompt(graph: Graph) {
  const placeOf = nodeDescriptions(graph);
  const feedback = graph.targets ? FEEDBACK.nodes : FEEDBACK.answer;

  return (node: GraphNode, base: string, runs: readonly GradientContext[]): Message[] => [
    { role: "system", content: fill(reflectTemplate, { ...feedback, rules: newTextRules(node, base) }) },
    {
      role: "user",
      content: fill(materialTemplate, {
        purpose: escapeTags(graph.description || graph.name),
        place: escapeTags(placeOf(node)),
        text: verbatimBlock("current_text", base),
        cases: runs.map((run) => caseBlock("case", run, { feedback: true, expected: false })).join("\n\n"),
      }),
    },
  ];
}
