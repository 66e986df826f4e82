import { ToolFault, ToolMissing } from "../../deps.ts";
import type { ToolNode } from "../../graph/graph.ts";
import { structureIn } from "../../graph/replies/json.ts";
import { valuesFor } from "../../graph/text/templating.ts";
import { fillArguments } from "../../graph/tool-arguments.ts";
import { shortHash } from "../theta.ts";
import { inCode, inputsAndOutput, type NodeBehavior, type Value } from "./node-behavior.ts";

/**
 * Calls a tool on one of the user's servers. The result is stored like a reply: the same input asks the server once,
 * even across a resume. Input that the tool rejects is a format error, never a wrong answer.
 */
export const tool: NodeBehavior<ToolNode> = {
  calls: 0,
  prompt: () => [],
  async run(node, { inputs, given, local: { tools, recall } }) {
    if (!tools) throw new ToolMissing(node.tool, [], "Tools can't be called here.");
    const input = fillArguments(
      node.arguments,
      { ...given, ...inCode(node, given) },
      valuesFor(inputs, node.variables),
    );
    const key = `tool ${shortHash([await tools.identify(node.tool), input])}`;
    try {
      const text = await recall(key, () => tools.call(node.tool, input));
      const json = structureIn(text);
      return { text, formatError: false, tokens: 0, key, ...(json !== undefined && { json }) };
    } catch (error) {
      if (!(error instanceof ToolFault)) throw error;
      const failure: Value["failure"] = { node: node.id, problem: error.message };
      return { text: "", formatError: true, tokens: 0, failure };
    }
  },
  context: inputsAndOutput,
};
