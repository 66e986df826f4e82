import type { GraphNode, LlmNode } from "../graph.ts";
import { placedInputs, renderNode } from "../text/template.ts";
import { render, valuesFor } from "../text/templating.ts";

/**
 * A text with places for values: strings, and names of inputs; `block` is between tags of its name, which its value
 * can't close.
 */
export type Parts = readonly (string | { readonly value: string } | { readonly block: string })[];

export interface CompiledMessage {
  readonly role: "system" | "user" | "assistant";
  readonly parts: Parts;
}

/** The messages of a node with places for the values of its inputs: what `renderNode` sends, for any values. */
export function compiledMessages(node: LlmNode): CompiledMessage[] {
  const placed = placedInputs(node, node.text);
  const marks = marksFor(node);
  const messages = renderNode(
    node,
    node.text,
    node.inputs.map((name, at) => [name, marks[at] ?? ""]),
  );
  return messages.map(({ role, content }) => ({ role, parts: partsOf(content, node.inputs, marks, placed) }));
}

/** The value of a text node with places for the values of its inputs. */
export function compiledText(node: GraphNode): Parts {
  const marks = marksFor(node);
  const inputs = node.inputs.map((name, at) => [name, marks[at] ?? ""] as const);
  const values = valuesFor(inputs, node.variables);
  const text = node.inputs.length > 0 ? render(node.text, values, node.templating) : node.text;
  return partsOf(text, node.inputs, marks, new Set(node.inputs));
}

/** Unique marks that stand for values, because they occur in no text of the node. */
function marksFor({ text, inputs }: GraphNode): string[] {
  let mark = "\uE000";
  while (text.includes(mark)) mark += "\uE000";
  return inputs.map((_, at) => `${mark}${at}\uE001`);
}

function partsOf(text: string, names: readonly string[], marks: readonly string[], named: ReadonlySet<string>): Parts {
  const pieces = text.split(new RegExp(`(${marks.join("|") || "(?!)"})`));
  return pieces.flatMap((piece): Parts[number][] => {
    const name = names[marks.indexOf(piece)];
    if (name === undefined) return piece === "" ? [] : [piece];
    return [named.has(name) ? { value: name } : { block: name }];
  });
}
