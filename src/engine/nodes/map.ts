import type { LlmNode, MapNode } from "../../graph/graph.ts";
import { extract } from "../../graph/replies/extract.ts";
import { structureIn } from "../../graph/replies/json.ts";
import { renderNode } from "../../graph/text/template.ts";
import { shortHash } from "../theta.ts";
import { failure, listIn, MOST, textOf, USUAL } from "./elements.ts";
import { type InputValues, inputsAndOutput, type NodeBehavior } from "./node-behavior.ts";

/** The same call of a language model for each element of a list, all at once; the values are joined in their order. */
export const map: NodeBehavior<MapNode> = {
  calls: USUAL,
  most: MOST,
  prompt(node, text, inputs) {
    const list = listIn(inputs.find(([name]) => name === node.over)?.[1]);
    const [first] = list ?? [];
    return renderNode(asLlm(node), text, first === undefined ? inputs : withElement(node, inputs, first));
  },
  async run(node, { text, inputs, given, patterns, ask, local }) {
    const { id, over, each, join } = node;
    const list = listIn(given[over]);
    if (!list) return failure(id, `its input ${over} is not a JSON list`);
    if (list.length > MOST)
      return failure(id, `its input ${over} has ${list.length} elements; at most ${MOST} are allowed`);
    const values = await Promise.all(
      list.map(async (element) => {
        const reply = await ask(node.model, renderNode(asLlm(node), text, withElement(node, inputs, element)));
        const { value, formatError } = await extract(reply.text, each, patterns);
        const json = each?.kind === "json" && !formatError ? structureIn(value) : undefined;
        return { value, formatError, json, tokens: reply.usage.prompt + reply.usage.completion };
      }),
    );
    const json = values.map((one) => one.json ?? one.value);
    const whole = join === null ? JSON.stringify(json) : values.map(({ value }) => value).join(join);
    const key = `map ${shortHash([id, whole])}`;
    await local.keep(key, whole);
    return {
      text: whole,
      formatError: values.some(({ formatError }) => formatError),
      tokens: values.reduce((sum, { tokens }) => sum + tokens, 0),
      key,
      ...(join === null && { json }),
    };
  },
  context: inputsAndOutput,
};

function asLlm({ each, ...node }: MapNode): LlmNode {
  return { ...node, kind: "llm", output: each };
}

function withElement({ over }: MapNode, inputs: InputValues, element: unknown): InputValues {
  return inputs.map(([name, value]) => [name, name === over ? textOf(element) : value]);
}
