import { createScanner, type Node } from "jsonc-parser";
import type { TextEdit } from "../fault.ts";

/** Replaces elements `from` to `to`, exclusive, with `insert`. */
export interface ListChange {
  readonly from: number;
  readonly to: number;
  /** JSON of the new elements. */
  readonly insert: readonly string[];
}

/** Edits that turn one element into another, if that is smaller than replacing all of it. */
type ReplaceElement = (element: Node, json: string) => TextEdit[];

/**
 * Edits that change elements of a JSON list and nothing else: other elements, comments, indentation, line ends, and
 * a trailing comma stay.
 * @param changes ascending; between two of them at least one element is unchanged
 */
export function editList(
  source: string,
  list: Node,
  changes: readonly ListChange[],
  replace: ReplaceElement = replaceElement,
): TextEdit[] {
  const elements = list.children ?? [];
  if (elements.length === 0)
    return fillEmpty(
      source,
      list,
      changes.flatMap(({ insert }) => insert),
    );
  const commas = commasAfter(source, list);
  const edits = changes.flatMap(({ from, to, insert }) => {
    const pairs = Math.min(to - from, insert.length);
    const replaced = insert.slice(0, pairs).flatMap((json, index) => {
      const element = elements[from + index];
      return element ? replace(element, json) : [];
    });
    const added = insert.slice(pairs);
    if (added.length > 0) return [...replaced, insertBefore(source, elements, to, added)];
    return [...replaced, ...removeElements(source, elements, commas, from + pairs, to)];
  });
  return edits.sort((a, b) => a.offset - b.offset);
}

export function replaceElement(element: Node, json: string): TextEdit[] {
  return [{ offset: element.offset, length: element.length, text: json }];
}

function insertBefore(source: string, elements: readonly Node[], at: number, added: readonly string[]): TextEdit {
  const next = elements[at];
  const last = elements.at(-1);
  if (next) {
    const separator = separatorBefore(source, next);
    return { offset: next.offset, length: 0, text: added.map((json) => `${json},${separator}`).join("") };
  }
  const separator = last ? separatorBefore(source, last) : " ";
  const text = added.map((json) => `,${separator}${json}`).join("");
  return { offset: last ? last.offset + last.length : 0, length: 0, text };
}

/** Removes neighbouring elements with their commas, and lines that become empty. */
function removeElements(
  source: string,
  elements: readonly Node[],
  commas: readonly (number | null)[],
  from: number,
  to: number,
): TextEdit[] {
  if (from >= to) return [];
  const edits = elements.slice(from, to).map((element, index) => {
    const comma = commas[from + index] ?? null;
    const end = element.offset + element.length;
    const closing = comma !== null && source.slice(end, comma).trim() === "" ? comma + 1 : end;
    return { removal: withEmptyLine(source, element.offset, closing), comma: closing === end ? comma : null };
  });
  const before = from > 0 ? (commas[from - 1] ?? null) : null;
  const loose = edits.flatMap(({ comma }) => comma ?? []);
  // The previous element becomes the last one: it gets no comma that the last one did not have.
  if (to === elements.length && commas[to - 1] === null && before !== null) loose.push(before);
  return [...edits.map(({ removal }) => removal), ...loose.map((offset) => ({ offset, length: 1, text: "" }))];
}

function withEmptyLine(source: string, start: number, end: number): TextEdit {
  let first = start;
  while (first > 0 && /[ \t]/.test(source.charAt(first - 1))) first--;
  let last = end;
  while (/[ \t]/.test(source.charAt(last)) && last < source.length) last++;
  const lineEnd = /^(\r\n|\r|\n)/.exec(source.slice(last, last + 2))?.[0].length ?? 0;
  const startsLine = first === 0 || /[\r\n]/.test(source.charAt(first - 1));
  if (startsLine && lineEnd > 0) return { offset: first, length: last + lineEnd - first, text: "" };
  // On a shared line one side's spaces go: those after a comma, else those before.
  const afterComma = source.charAt(end - 1) === ",";
  return afterComma && !startsLine
    ? { offset: start, length: last - start, text: "" }
    : { offset: startsLine ? start : first, length: end - (startsLine ? start : first), text: "" };
}

/** Adds a member at the end of an object, formatted like the last one. */
export function addMember(source: string, object: Node, key: string, json: string): TextEdit[] {
  const member = `${JSON.stringify(key)}: ${json}`;
  if (object.children?.length) return [insertBefore(source, object.children, object.children.length, [member])];
  return [{ offset: object.offset + 1, length: 0, text: ` ${member} ` }];
}

/** The text between two elements: a space, or a line end with the indentation of `element`. */
function separatorBefore(source: string, element: Node): string {
  const indentation = /(?:^|[\r\n])([ \t]*)$/.exec(source.slice(0, element.offset))?.[1];
  return indentation === undefined ? " " : lineEndOf(source) + indentation;
}

function fillEmpty(source: string, list: Node, added: readonly string[]): TextEdit[] {
  const base = /[ \t]*/.exec(source.slice(source.lastIndexOf("\n", list.offset) + 1))?.[0] ?? "";
  const unit = base.startsWith("\t") ? "\t" : "  ";
  const lineEnd = lineEndOf(source);
  const lines = added.join(`,${lineEnd}${base}${unit}`);
  const text = `${lineEnd}${base}${unit}${lines}${lineEnd}${base}`;
  return [{ offset: list.offset + 1, length: 0, text }];
}

export function lineEndOf(source: string): "\n" | "\r\n" {
  return /\r\n|\n/.exec(source)?.[0] === "\r\n" ? "\r\n" : "\n";
}

/** Position of the comma after each element; comments in between can contain commas. */
function commasAfter(source: string, list: Node): (number | null)[] {
  const elements = list.children ?? [];
  const end = list.offset + list.length - 1;
  return elements.map((element, index) => {
    const from = element.offset + element.length;
    const gap = source.slice(from, elements[index + 1]?.offset ?? end);
    const scanner = createScanner(gap, false);
    // Token kinds: 5 a comma, 17 the end.
    for (let token: number = scanner.scan(); token !== 17; token = scanner.scan()) {
      if (token === 5) return from + scanner.getTokenOffset();
    }
    return null;
  });
}
