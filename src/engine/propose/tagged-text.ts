import type { GraphNode } from "../../graph/graph.ts";
import type { Draft, OptimizerCall, TaggedForm } from "../method.ts";
import { readProposal } from "./optimizer-prompt.ts";

/**
 * Form of a reply with a parameter's new text between tags. An ambiguous text is requested again.
 * @param base the text that it replaces
 */
export function taggedText(
  tag: string,
  node: GraphNode,
  base: string,
): Required<Pick<OptimizerCall<Draft, TaggedForm<Draft>>, "form" | "unreadable">> {
  const read = (parts: Readonly<Record<string, string>>) => {
    const draft = readProposal({ text: parts[tag] ?? "" }, node, base);
    return draft && draft.doubts.length === 0 ? draft : null;
  };
  return { form: { tags: [tag], read }, unreadable: (doubts) => ({ text: "", hypothesis: "", doubts }) };
}
