import type { LlmNode } from "../graph.ts";
import { type RoleSection, roleSections } from "./role-marks.ts";
import { inputsNamedIn, looseAmong, placeholders, render, valuesFor } from "./templating.ts";

/** Stands for a node's instruction in its frame. */
export const INSTRUCTION = "instruction";

/**
 * The messages that an `llm` node sends. A text that starts with a role (`system:`) becomes one message per role; inputs
 * that it does not name are added to the end of the last message if that is the user's. A text that names all inputs as
 * `{{name}}` is sent alone, as one user message. Any other text is the system message, and the inputs that it does not
 * name follow as delimited blocks in the user message, in the order of `inputs`; `message: "user"` puts both into one
 * user message. A node with a `frame` sends that, with its instruction at `{{instruction}}`.
 * @param text the instruction to use, in place of the node's own
 * @param inputs name and value of each input, in the order of `node.inputs`
 */
export function renderNode(
  node: LlmNode,
  text: string,
  inputs: readonly (readonly [name: string, value: string])[],
): { role: "system" | "user" | "assistant"; content: string }[] {
  const { frame, templating, variables } = node;
  const { placed, sections } = partsOf(node, text);
  const values = valuesFor(inputs, variables);
  const blocks = inputs
    .filter(([name]) => !placed.has(name))
    .map(([name, value]) => `<${name}>\n${value.replaceAll(`</${name}>`, `<\\/${name}>`)}\n</${name}>`)
    .join("\n\n");
  const fill = (part: string) =>
    frame === undefined
      ? render(part, values, templating)
      : render(part, new Map([...values, [INSTRUCTION, render(text, values, templating)]]));
  if (sections) {
    const messages = sections.map(({ role, content }) => ({ role, content: fill(content) }));
    return withBlocks(messages, blocks).filter(({ content }) => content.trim() !== "");
  }
  const instruction = fill(frame ?? text);
  if (blocks === "") return [{ role: "user", content: instruction }];
  if (instruction.trim() === "") return [{ role: "user", content: blocks }];
  if (node.message === "user") return [{ role: "user", content: `${instruction}\n\n${blocks}` }];
  return [
    { role: "system", content: instruction },
    { role: "user", content: blocks },
  ];
}

interface Parts {
  readonly placed: ReadonlySet<string>;
  readonly sections: readonly RoleSection[] | null;
}

/** What the text of a node says of its messages, by node and text: thousands of samples are sent the same few texts. */
const parts = new WeakMap<LlmNode, Map<string, Parts>>();
const MOST_TEXTS = 20;

function partsOf(node: LlmNode, text: string): Parts {
  const known = parts.get(node) ?? new Map<string, Parts>();
  parts.set(node, known);
  const earlier = known.get(text);
  if (earlier) return earlier;
  const made = { placed: placedInputs(node, text), sections: roleSections(node.frame ?? text) };
  if (known.size >= MOST_TEXTS) known.clear();
  known.set(text, made);
  return made;
}

/** Inputs that have a place in the text of a node or in its frame: the others are added as blocks. */
export function placedInputs(node: LlmNode, text: string): ReadonlySet<string> {
  return new Set([...inputsNamedIn(text, node), ...namedInFrame(node.frame ?? "", node.inputs)]);
}

/** Names in a frame, which has the language of the graph file. @param inputs of the node */
export function namedInFrame(frame: string, inputs: readonly string[]): string[] {
  return placeholders(frame, { looseNames: looseAmong(inputs) });
}

/** An empty answer (`assistant:` with nothing after it) is not a message and takes no inputs. */
function withBlocks(messages: readonly RoleSection[], blocks: string): RoleSection[] {
  if (blocks === "") return [...messages];
  const last = messages.findLastIndex(({ role, content }) => role !== "assistant" || content !== "");
  const before = messages[last];
  if (before?.role !== "user") return [...messages, { role: "user", content: blocks }];
  return messages.with(last, { ...before, content: `${before.content}\n\n${blocks}`.trimStart() });
}
