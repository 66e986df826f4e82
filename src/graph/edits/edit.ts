import type { Node } from "jsonc-parser";
import { inputsText, namesIn, nodeOfInputs } from "../edges.ts";
import type { TextEdit } from "../fault.ts";
import { editLiteral } from "../places/json-literal.ts";
import { placedText } from "../places/place.ts";
import { isPlaced } from "../places/placed-text.ts";
import type { TextSource } from "../reading.ts";
import { parseJson } from "../replies/json.ts";
import { JsonDocument } from "../syntax/document.ts";
import { outlineOf, plainRow } from "../syntax/outline.ts";
import { diffLines } from "../text/line-diff.ts";
import { plainText } from "../text/text.ts";
import { editLines } from "./lines-edit.ts";
import { addMember, editList, type ListChange, lineEndOf } from "./list-edit.ts";

/** Location of a text: a node in its graph file, or (form `file`) a prompt file or a part of one. */
export type TextPlace = Pick<TextSource, "node" | "form" | "part">;

/** The file no longer contains a text of this node: the node is gone, or its text has moved. */
export class TextNotFound extends Error {
  override readonly name = "TextNotFound";
  constructor(readonly node: string) {
    super(`the file holds no text of the node ${node}`);
  }
}

/**
 * The current text in a file, to compare with the one in a run; null if there is none.
 * @param content of the file that contains the text: `source.path`
 */
export function currentText(content: string, { node, form, part }: TextPlace): string | null {
  if (form === "file") {
    const found = placedText(content, part);
    return isPlaced(found) ? found.text : null;
  }
  const { nodes } = outlineOf(new JsonDocument("", content));
  if (form === "inputs") {
    const found = nodes.find(({ id }) => id === nodeOfInputs(node));
    return found ? inputsText(found.inputs.map(({ name }) => name)) : null;
  }
  return nodes.find(({ id }) => id === node)?.text?.value ?? null;
}

/**
 * The smallest edits that replace a node's text and keep its form: in a string, the part that differs; in a list of
 * lines or a prompt file, the lines that differ. Reading the result returns `plainText(text)`; in a part of a file,
 * trailing line ends don't belong to the text.
 * @param content of the file that contains the text: `source.path`
 * @throws TextNotFound, TextUnfit
 */
export function replaceText(content: string, place: TextPlace, text: string): readonly TextEdit[] {
  const wanted = plainText(text);
  if (place.form === "file") {
    const found = placedText(content, place.part);
    if (!isPlaced(found)) throw new TextNotFound(place.node);
    return found.text === wanted ? [] : keepingLineEnds(content, found.edits(wanted));
  }
  const current = currentText(content, place);
  if (current === null) throw new TextNotFound(place.node);
  if (current === wanted) return [];
  return place.form === "inputs" ? editInputs(content, place.node, wanted) : editGraphFile(content, place.node, wanted);
}

/**
 * The same edits, but no line that stays gets another line end: one that follows the last line of a text would else end it
 * in the way of the file, and one before a removed line like the removed one.
 */
function keepingLineEnds(content: string, edits: readonly TextEdit[]): readonly TextEdit[] {
  return edits.map((edit) => {
    const { offset, length, text } = edit;
    const after = lineEndAt(content, offset + length);
    const [first, rest] = length === 0 ? [lineEndAt(text, 0), text] : [lineEndAt(content, offset), ""];
    if (after === "" || first === "" || after === first || (length > 0 && text !== "")) return edit;
    return length === 0
      ? { ...edit, text: after + rest.slice(first.length) }
      : { offset: offset + first.length, length: length - first.length + after.length, text };
  });
}

/** The line end at an offset; empty if there is none. */
function lineEndAt(text: string, offset: number): string {
  return /^(?:\r\n|\r|\n)/.exec(text.slice(offset, offset + 2))?.[0] ?? "";
}

/** Edits the inputs of a node: unchanged names keep their place, and new ones are last. */
function editInputs(content: string, place: string, text: string): TextEdit[] {
  const document = new JsonDocument("", content);
  const id = nodeOfInputs(place) ?? "";
  const node = document.at(["nodes", id]);
  if (!node) throw new TextNotFound(id);
  const names = namesIn(text);
  const list = document.at(["nodes", id, "inputs"]);
  if (list?.type !== "array") return addMember(content, node, "inputs", JSON.stringify(names));
  const present = (list.children ?? []).map(({ value }) => String(value));
  const dropped = present.flatMap((name, at) => (names.includes(name) ? [] : [{ from: at, to: at + 1, insert: [] }]));
  const added = names.filter((name) => !present.includes(name)).map(quoted);
  const changes = merged(dropped);
  const last = changes.at(-1);
  // Adjacent changes are merged.
  if (last?.to === present.length) return editList(content, list, changes.with(-1, { ...last, insert: added }));
  const end = present.length;
  return editList(content, list, added.length > 0 ? [...changes, { from: end, to: end, insert: added }] : changes);
}

function merged(changes: readonly ListChange[]): ListChange[] {
  const result: ListChange[] = [];
  for (const change of changes) {
    const before = result.at(-1);
    if (before?.to === change.from) result.splice(-1, 1, { ...before, to: change.to });
    else result.push(change);
  }
  return result;
}

function editGraphFile(content: string, id: string, text: string): TextEdit[] {
  const document = new JsonDocument("", content);
  const found = outlineOf(document).nodes.find((node) => node.id === id)?.text;
  const value = found && document.at(["nodes", id, found.key, ...(found.key === "examples" ? ["rows"] : [])]);
  if (!value) throw new TextNotFound(id);
  const lines = text.split("\n");
  if (found.form === "string") return editLiteral(content, value, text);
  if (found.form === "lines") return editLines(content, value, lines);
  return lines.every(isRow) ? editRows(content, value, lines) : examplesToLines(document, id, lines);
}

function editRows(source: string, list: Node, lines: readonly string[]): TextEdit[] {
  const pieces = (list.children ?? []).map((row) => [plainRow(row)]);
  return editList(
    source,
    list,
    diffLines(pieces, lines).map((hunk) => ({ ...hunk, insert: hunk.lines })),
  );
}

/** Converts rows to lines, if the new text is not rows any more. */
function examplesToLines(document: JsonDocument, id: string, lines: readonly string[]): TextEdit[] {
  const key = document.keyAt(["nodes", id, "examples"]);
  const value = document.at(["nodes", id, "examples"]);
  if (!key || !value) throw new TextNotFound(id);
  const start = key.offset;
  const indentation = /(?:^|[\r\n])([ \t]*)$/.exec(document.text.slice(0, start))?.[1] ?? "";
  const lineEnd = lineEndOf(document.text);
  const list = lines.map((line) => `${lineEnd}${indentation}  ${quoted(line)}`).join(",");
  const text = `"text": [${list}${lineEnd}${indentation}]`;
  return [{ offset: start, length: value.offset + value.length - start, text }];
}

function isRow(line: string): boolean {
  const row = parseJson(line)?.value;
  return typeof row === "object" && row !== null && !Array.isArray(row) && JSON.stringify(row) === line;
}

function quoted(line: string): string {
  return JSON.stringify(line);
}
