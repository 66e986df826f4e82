import { type Node, parseTree } from "jsonc-parser";

/** A value as JSON for each field of a row. */
export type Values = Readonly<Record<string, unknown>>;

/** The JSON text with new values in one object, and no other change. null if it is not an object. */
export function withMembers(text: string, object: Node | undefined, values: Values): string | null {
  if (object?.type !== "object") return null;
  const [start, end] = [object.offset, object.offset + object.length];
  let changed = text.slice(start, end);
  for (const [field, value] of Object.entries(values)) {
    const node = parseTree(changed);
    if (!node) return null;
    changed = withMember(changed, node, field, value);
  }
  return text.slice(0, start) + changed + text.slice(end);
}

/** The JSON text with one more element at the end of a list. */
export function withElement(text: string, list: Node, value: unknown): string {
  const children = list.children ?? [];
  const [before, last] = children.slice(-2);
  const json = JSON.stringify(value);
  if (!before) return text.slice(0, list.offset + 1) + json + text.slice(list.offset + 1);
  const end = last ?? before;
  const gap = last
    ? text.slice(before.offset + before.length, last.offset)
    : `,${text.slice(list.offset + 1, before.offset)}`;
  return insert(text, end.offset + end.length, gap + json);
}

function withMember(text: string, object: Node, field: string, value: unknown): string {
  const members = object.children ?? [];
  const known = members.findLast(({ children }) => children?.[0]?.value === field)?.children?.[1];
  const json = JSON.stringify(value);
  if (known) return text.slice(0, known.offset) + json + text.slice(known.offset + known.length);
  const [name = "", ...rest] = field.split(".");
  const inner = members.find(({ children }) => children?.[0]?.value === name)?.children?.[1];
  if (rest.length > 0 && inner?.type === "object") return withMember(text, inner, rest.join("."), value);
  const [first] = members;
  const [key, present] = first?.children ?? [];
  if (!first || !key || !present) {
    return insert(text, object.offset + 1, `${JSON.stringify(field)}: ${json}`);
  }
  // Formatted like the other members of the object.
  const colon = text.slice(key.offset + key.length, present.offset);
  const second = members[1];
  const gap = second
    ? text.slice(first.offset + first.length, second.offset)
    : `,${text.slice(object.offset + 1, first.offset) || (colon === ":" ? "" : " ")}`;
  const last = members.at(-1) ?? first;
  return insert(text, last.offset + last.length, `${gap}${JSON.stringify(field)}${colon}${json}`);
}

function insert(text: string, offset: number, what: string): string {
  return text.slice(0, offset) + what + text.slice(offset);
}
