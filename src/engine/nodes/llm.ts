import type { LlmNode } from "../../graph/graph.ts";
import { extract } from "../../graph/replies/extract.ts";
import { structureIn } from "../../graph/replies/json.ts";
import { renderNode } from "../../graph/text/template.ts";
import { inputsAndOutput, type NodeBehavior } from "./node-behavior.ts";

/** A call of a language model: one request, and the part of its reply that `output` names. */
export const llm: NodeBehavior<LlmNode> = {
  calls: 1,
  prompt: renderNode,
  async run(node, { text, inputs, patterns, ask }) {
    const reply = await ask(node.model, renderNode(node, text, inputs));
    const { value, formatError } = await extract(reply.text, node.output, patterns);
    const tokens = reply.usage.prompt + reply.usage.completion;
    const json = node.output?.kind === "json" && !formatError ? structureIn(value) : undefined;
    return { text: value, formatError, tokens, key: reply.key, ...(json !== undefined && { json }) };
  },
  context: inputsAndOutput,
};
