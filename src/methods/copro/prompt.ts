import { nodeDescriptions } from "../../engine/backward/node-description.ts";
import { block, escapeTags, fill, verbatimBlock } from "../../engine/forward/prompt.ts";
import { newTextRules } from "../../engine/propose/optimizer-prompt.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { Message } from "../../models/model.ts";
import firstTemplate from "./prompts/first.md";
import materialTemplate from "./prompts/material.md";
import nextTemplate from "./prompts/next.md";

/** A scored text. */
export interface Attempt {
  readonly text: string;
  /** Mean of 1 − loss over the training samples that could be scored. */
  readonly score: number;
}

/**
 * COPRO's requests to ϕ: the first round shows the current text, later ones the attempts so far. They contain
 * neither data nor feedback.
 * @param attempts in the order in which they are shown
 */
export function createPrompt(graph: Graph) {
  const placeOf = nodeDescriptions(graph);

  return (node: GraphNode, base: string, attempts: readonly Attempt[]): Message[] => {
    const template = attempts.length > 0 ? nextTemplate : firstTemplate;
    const shown = attempts.map(({ text, score }) => block("attempt", text, { score: (100 * score).toFixed(1) }));
    const material = fill(materialTemplate, {
      purpose: escapeTags(graph.description || graph.name),
      place: escapeTags(placeOf(node)),
      text: attempts.length > 0 ? "" : verbatimBlock("current_text", base),
      attempts: shown.join("\n\n"),
    });
    return [
      { role: "system", content: fill(template, { rules: newTextRules(node, base) }) },
      { role: "user", content: material },
    ];
  };
}
