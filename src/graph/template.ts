import type { LlmNode } from "./graph.ts";

/**
 * One pass over a text: `{{name}}`, or a backslash before what would else be read as a template: `\{{`, `\{%`, `\{#`, and
 * `\{name}` or `\${name}` with the name of an input.
 */
const MARK = /\\(\{(?=[%#])|\{\{|\$?\{([A-Za-z][A-Za-z0-9_-]*)\})|\{\{ *([A-Za-z][A-Za-z0-9_-]*) *\}\}/g;

export interface Placeholder {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** Every `{{name}}` of a text that is not a literal, in its order, with its place. */
export function findPlaceholders(text: string): Placeholder[] {
  return Array.from(text.matchAll(MARK)).flatMap((match) =>
    match[3] === undefined ? [] : [{ name: match[3], offset: match.index, length: match[0].length }],
  );
}

/** Names of the placeholders of a text, each once, in the order of the text. */
export function placeholders(text: string): string[] {
  return [...new Set(findPlaceholders(text).map(({ name }) => name))];
}

/**
 * Puts values in the place of `{{name}}`, in one pass: what stands in a value is never expanded. A name without a value
 * stays as it is; `\{{` becomes `{{`, and so on.
 */
export function render(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(MARK, (mark, literal?: string, braced?: string, name?: string) => {
    if (name !== undefined) return values.get(name) ?? mark;
    return literal !== undefined && (braced === undefined || values.has(braced)) ? literal : mark;
  });
}

/**
 * What an `llm` node is sent. All its inputs stand in the text as `{{name}}`: the rendered text alone, as one user
 * message. Otherwise the text is the system message, and the inputs that do not stand in it follow as delimited blocks
 * in the user message, in the order of `inputs`; with `message: "user"` both are one user message.
 * @param text the instruction to use, in place of the node's own
 * @param inputs name and value of each input, in the order of `node.inputs`
 */
export function renderNode(
  node: LlmNode,
  text: string,
  inputs: readonly (readonly [name: string, value: string])[],
): { role: "system" | "user"; content: string }[] {
  const placed = new Set(placeholders(text));
  const instruction = render(text, new Map(inputs));
  const blocks = inputs
    .filter(([name]) => !placed.has(name))
    .map(([name, value]) => `<${name}>\n${value.replaceAll(`</${name}>`, `<\\/${name}>`)}\n</${name}>`)
    .join("\n\n");
  if (blocks === "") return [{ role: "user", content: instruction }];
  if (instruction.trim() === "") return [{ role: "user", content: blocks }];
  if (node.message === "user") return [{ role: "user", content: `${instruction}\n\n${blocks}` }];
  return [
    { role: "system", content: instruction },
    { role: "user", content: blocks },
  ];
}
