import type { LlmNode } from "./graph.ts";
import { type RoleSection, roleSections } from "./role-marks.ts";

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
 * The messages that an `llm` node sends. A text that begins with a role (`system:`) becomes one message per role; inputs
 * that it does not name are added to the end of the last message if that is the user's. A text that names all inputs as
 * `{{name}}` is sent alone, as one user message. Any other text is the system message, and the inputs that it does not
 * name follow as delimited blocks in the user message, in the order of `inputs`; `message: "user"` puts both into one
 * user message.
 * @param text the instruction to use, in place of the node's own
 * @param inputs name and value of each input, in the order of `node.inputs`
 */
export function renderNode(
  node: LlmNode,
  text: string,
  inputs: readonly (readonly [name: string, value: string])[],
): { role: "system" | "user" | "assistant"; content: string }[] {
  const placed = new Set(placeholders(text));
  const values = new Map(inputs);
  const blocks = inputs
    .filter(([name]) => !placed.has(name))
    .map(([name, value]) => `<${name}>\n${value.replaceAll(`</${name}>`, `<\\/${name}>`)}\n</${name}>`)
    .join("\n\n");
  const sections = roleSections(text);
  if (sections) {
    const messages = sections.map(({ role, content }) => ({ role, content: render(content, values) }));
    return withBlocks(messages, blocks).filter(({ content }) => content.trim() !== "");
  }
  const instruction = render(text, values);
  if (blocks === "") return [{ role: "user", content: instruction }];
  if (instruction.trim() === "") return [{ role: "user", content: blocks }];
  if (node.message === "user") return [{ role: "user", content: `${instruction}\n\n${blocks}` }];
  return [
    { role: "system", content: instruction },
    { role: "user", content: blocks },
  ];
}

/** An answer that is left open (`assistant:` and nothing behind it) is no message, and no place for inputs. */
function withBlocks(messages: readonly RoleSection[], blocks: string): RoleSection[] {
  if (blocks === "") return [...messages];
  const last = messages.findLastIndex(({ role, content }) => role !== "assistant" || content !== "");
  const before = messages[last];
  if (before?.role !== "user") return [...messages, { role: "user", content: blocks }];
  return messages.with(last, { ...before, content: `${before.content}\n\n${blocks}`.trimStart() });
}
