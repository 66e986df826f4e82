import type { JoinNode } from "../../graph/graph.ts";
import { shortHash } from "../theta.ts";
import { listIn, textOf } from "./elements.ts";
import { inputsAndOutput, type NodeBehavior } from "./node-behavior.ts";

/** The end of a map over several nodes: the values of the last node for each element, in order. */
export const join: NodeBehavior<JoinNode> = {
  calls: 0,
  prompt: () => [],
  async run({ id, join: between }, { inputs, given, local }) {
    const [name = ""] = inputs.map(([input]) => input);
    const list = listIn(given[name]) ?? [];
    const text = between === null ? JSON.stringify(list) : list.map(textOf).join(between);
    const key = `join ${shortHash([id, text])}`;
    await local.keep(key, text);
    return { text, formatError: false, tokens: 0, key, ...(between === null && { json: list }) };
  },
  context: inputsAndOutput,
  computes: ({ inputs: [last = ""], join: between }) =>
    between === null
      ? `The list of the values of ${last}, one for each element.`
      : `The values of ${last}, one for each element, joined with ${JSON.stringify(between)}.`,
};
