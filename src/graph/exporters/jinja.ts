import type { LlmNode } from "../graph.ts";
import { placeholderOf } from "../text/templating.ts";
import { type CompiledMessage, compiledMessages, type Parts } from "./compiled.ts";

export interface JinjaMessage {
  readonly role: CompiledMessage["role"];
  readonly content: string;
}

/** Names that Jinja and Nunjucks can have, by the names of inputs: `order-id` → `order_id`. */
export function jinjaNames(inputs: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    inputs.map((input) => {
      const base = input
        .replace(/[^\p{L}\p{M}\p{N}_]+/gu, "_")
        .replace(/_+$/, "")
        .replace(/^(?=\p{N})/u, "_");
      let name = base;
      for (let count = 2; taken.has(name); count++) name = `${base}_${count}`;
      taken.add(name);
      return [input, name] as const;
    }),
  );
}

/** The messages of a node as Jinja templates. @param write what stands for the value of an input */
export function jinjaMessages(node: LlmNode, write: (input: string) => string): JinjaMessage[] {
  return compiledMessages(node).map(({ role, parts }) => ({ role, content: jinjaText(parts, write) }));
}

/** Braces that would begin a template. Nunjucks can't read all that Jinja takes between `{% raw %}` and `{% endraw %}`. */
function escaped(text: string): string {
  return text.replace(/\{(?=[{%#])/g, "{{ '{' }}");
}

export function jinjaText(parts: Parts, write: (input: string) => string): string {
  return parts
    .map((part) => (typeof part === "string" ? escaped(part) : write("value" in part ? part.value : part.block)))
    .join("");
}

/** A sentence about the inputs that have other names; null if there are none. */
export function renamedSentence(names: ReadonlyMap<string, string>): string | null {
  const changed = [...names].filter(([input, name]) => input !== name).map(([input, name]) => `"${input}" is ${name}`);
  return changed.length === 0 ? null : `Inputs have other names in these templates: ${changed.join(", ")}.`;
}

export function jinjaPlaceholder(name: string): string {
  return placeholderOf(name, "jinja");
}
