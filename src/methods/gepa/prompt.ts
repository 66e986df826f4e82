import type { GradientContext } from "../../engine/batch-gradients.ts";
import { caseBlock, newTextRules } from "../../engine/optimizer-prompt.ts";
import { placesOf } from "../../engine/place.ts";
import { fill, inert, verbatimBlock } from "../../engine/prompt.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { Message } from "../../models/model.ts";
import materialTemplate from "./prompts/material.md";
import reflectTemplate from "./prompts/reflect.md";

/** What GEPA tells ϕ: the present text, and one run a sample with feedback on the final answer. */
export function createPrompt(graph: Graph) {
  const placeOf = placesOf(graph);

  return (node: GraphNode, base: string, runs: readonly GradientContext[]): Message[] => [
    { role: "system", content: fill(reflectTemplate, { rules: newTextRules(node, base) }) },
    {
      role: "user",
      content: fill(materialTemplate, {
        purpose: inert(graph.description || graph.name),
        place: inert(placeOf(node)),
        text: verbatimBlock("current_text", base),
        cases: runs.map((run) => caseBlock("case", run, { feedback: true, expected: false })).join("\n\n"),
      }),
    },
  ];
}
