import { type Code, CodeFault } from "../../deps.ts";
import type { FunctionNode } from "../../graph/graph.ts";
import { shortHash } from "../theta.ts";
import { inCode, inputsAndOutput, type NodeBehavior, type Value } from "./node-behavior.ts";

/** Calls the code of a `function` node with its inputs. An exception is a format error, never a wrong answer. */
export const fn: NodeBehavior<FunctionNode> = {
  calls: 0,
  prompt: () => [],
  async run(node, { text, local, ...run }) {
    const given = inCode(node, run.given);
    const code: Code = { file: node.file, text };
    const key = `function ${shortHash([node.file, text, given])}`;
    const value = await computed(node.id, () => local.sandbox.call(code, given));
    await local.keep(key, value.failure?.problem ?? value.text);
    return { ...value, key };
  },
  context: inputsAndOutput,
  computes: ({ text }) => text,
};

async function computed(node: string, call: () => Promise<unknown>): Promise<Value> {
  try {
    const result = await call();
    if (typeof result === "string") return { text: result, formatError: false, tokens: 0 };
    return { text: JSON.stringify(result), json: result, formatError: false, tokens: 0 };
  } catch (error) {
    if (!(error instanceof CodeFault)) throw error;
    return { text: "", formatError: true, tokens: 0, failure: { node, problem: error.message } };
  }
}
