import type { GraphNode } from "../../graph/graph.ts";
import { structureIn } from "../../graph/replies/json.ts";
import type { Message } from "../../models/model.ts";
import { shortHash } from "../theta.ts";
import type { InputValues, NodeBehavior, NodeRun, Value } from "./node-behavior.ts";

/** Maximum number of elements of a list. */
export const MOST = 100;

/** Assumed number of elements of a list whose length is not known yet. */
export const USUAL = 5;

export function listIn(value: unknown): readonly unknown[] | null {
  const list = typeof value === "string" ? structureIn(value) : value;
  return Array.isArray(list) ? list : null;
}

/** An element as text. */
export function textOf(element: unknown): string {
  return typeof element === "string" ? element : JSON.stringify(element);
}

export function failure(node: string, problem: string): Value {
  return { text: "", formatError: true, tokens: 0, failure: { node, problem } };
}

/** Runs a node once for each element of the lists that it reads, all at once. Its value is the list of its values. */
export async function runPerElement(node: GraphNode, behavior: NodeBehavior, run: NodeRun): Promise<Value> {
  const { perElement = [], id } = node;
  const lists = perElement.map((name) => [name, listIn(run.given[name])] as const);
  const [none] = lists.find(([, list]) => list === null) ?? [];
  if (none !== undefined) return failure(id, `its input ${none} is not a JSON list`);
  const length = Math.max(0, ...lists.map(([, list]) => list?.length ?? 0));
  const [other] = lists.find(([, list]) => list?.length !== length) ?? [];
  if (other !== undefined) return failure(id, `its input ${other} has fewer than ${length} elements`);
  if (length > MOST) return failure(id, `it would run for ${length} elements; at most ${MOST} are allowed`);
  const values = await Promise.all(
    Array.from({ length }, (_, at) => {
      const elements = new Map(lists.map(([name, list]) => [name, list?.[at]]));
      const inputs = run.inputs.map(
        ([name, text]) => [name, elements.has(name) ? textOf(elements.get(name)) : text] as const,
      );
      return behavior.run(node, { ...run, inputs, given: { ...run.given, ...Object.fromEntries(elements) } });
    }),
  );
  const at = values.findIndex((value) => value.failure);
  const failed = values[at]?.failure;
  const tokens = values.reduce((sum, value) => sum + value.tokens, 0);
  if (failed) return { ...failure(failed.node, `element ${at + 1}: ${failed.problem}`), tokens };
  const json = values.map((value) => value.json ?? value.text);
  const text = JSON.stringify(json);
  const key = `each ${shortHash([id, text])}`;
  await run.local.keep(key, text);
  return { text, json, formatError: values.some(({ formatError }) => formatError), tokens, key };
}

/** The messages for the first element. */
export function promptPerElement(node: GraphNode, behavior: NodeBehavior, inputs: InputValues): readonly Message[] {
  const { perElement = [] } = node;
  const first = inputs.map(([name, value]) => {
    const [element] = (perElement.includes(name) ? listIn(value) : null) ?? [];
    return [name, element === undefined ? value : textOf(element)] as const;
  });
  return behavior.prompt(node, node.text, first);
}
