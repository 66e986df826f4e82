import type { JsonDocument } from "./document.ts";
import type { Fix, Range } from "./fault.ts";
import { addMember, editList } from "./list-edit.ts";
import type { Outline } from "./outline.ts";

/** Puts another name in the place of a string. */
export function rename({ start, end }: Range, to: string): Fix {
  return { title: `Change to "${to}"`, edits: [{ offset: start, length: end - start, text: JSON.stringify(to) }] };
}

/** Adds the output that is missing, where only one node is read by no other. */
export function addOutput(document: JsonDocument, { nodes }: Outline): Fix | undefined {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map(({ name }) => name)));
  const [last, ...others] = nodes.filter(({ id }) => !read.has(id));
  if (!last || others.length > 0 || document.root?.type !== "object") return undefined;
  const edits = addMember(document.text, document.root, "output", JSON.stringify(last.id));
  return { title: `Add "output": "${last.id}"`, edits };
}

/** Lets a node read one more input. */
export function addInput(document: JsonDocument, id: string, name: string): Fix | undefined {
  const title = `Add "${name}" to the inputs of "${id}"`;
  const node = document.at(["nodes", id]);
  const inputs = document.at(["nodes", id, "inputs"]);
  const json = JSON.stringify(name);
  if (inputs?.type === "array" && inputs.children?.length) {
    const end = inputs.children.length;
    return { title, edits: editList(document.text, inputs, [{ from: end, to: end, insert: [json] }]) };
  }
  if (inputs) return { title, edits: [{ offset: inputs.offset, length: inputs.length, text: `[${json}]` }] };
  return node && { title, edits: addMember(document.text, node, "inputs", `[${json}]`) };
}
