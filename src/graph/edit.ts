import type { Node } from "jsonc-parser";
import { JsonDocument, rangeOf } from "./document.ts";
import type { TextEdit } from "./fault.ts";
import { parseJson } from "./json.ts";
import { diffLines } from "./line-diff.ts";
import { editList, lineEndOf, replaceElement } from "./list-edit.ts";
import { literalUnits } from "./literal.ts";
import { outlineOf, plainLine, plainRow } from "./outline.ts";
import type { TextSource } from "./read.ts";
import { looksLikeFrontMatter, type PromptForm, plainText, promptForm, promptText } from "./text.ts";

/** Which text is meant: that of a node in its graph file, or all of a prompt file (form `file`). */
export type TextPlace = Pick<TextSource, "node" | "form">;

/** The file no longer holds a text of this node: the node is gone, or its text stands elsewhere now. */
export class TextNotFound extends Error {
  override readonly name = "TextNotFound";
  constructor(readonly node: string) {
    super(`the file holds no text of the node ${node}`);
  }
}

/**
 * The text that a file holds now, to be compared with the one that a run saw; null where it holds none.
 * @param content of the file that holds the text: `source.path`
 */
export function currentText(content: string, { node, form }: TextPlace): string | null {
  if (form === "file") return promptText(content);
  const text = outlineOf(new JsonDocument("", content)).nodes.find(({ id }) => id === node)?.text;
  return text?.value ?? null;
}

/**
 * The smallest edits that put a new text in the place of a node's text, in the form in which it stands: in a string,
 * the part that differs; in a list of lines or a prompt file, the lines that differ. Everything else stays, and reading
 * back gives `plainText(text)`.
 * @param content of the file that holds the text: `source.path`
 * @throws TextNotFound
 */
export function replaceText(content: string, place: TextPlace, text: string): TextEdit[] {
  const wanted = plainText(text);
  const current = currentText(content, place);
  if (current === null) throw new TextNotFound(place.node);
  if (current === wanted) return [];
  return place.form === "file" ? editPrompt(content, wanted) : editGraphFile(content, place.node, wanted);
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

/** Only what differs between the old and the new string, escaped as JSON asks. */
function editLiteral(source: string, literal: Node, text: string): TextEdit[] {
  const units = literalUnits(source, rangeOf(literal));
  const shorter = Math.min(units.length, text.length);
  let start = 0;
  while (start < shorter && units[start]?.character === text[start]) start++;
  let end = 0;
  while (end < shorter - start && units[units.length - 1 - end]?.character === text[text.length - 1 - end]) end++;
  // A pair of surrogates is one character: half of it, raw, would not survive in UTF-8.
  if (/[\uD800-\uDBFF]/.test(text.charAt(start - 1))) start--;
  if (/[\uDC00-\uDFFF]/.test(text.charAt(text.length - end))) end--;
  const offset = units[start]?.offset ?? literal.offset + literal.length - 1;
  const last = units[units.length - 1 - end];
  const length = units.length - end > start && last ? last.offset + last.length - offset : 0;
  return [{ offset, length, text: JSON.stringify(text.slice(start, text.length - end)).slice(1, -1) }];
}

function editLines(source: string, list: Node, lines: readonly string[]): TextEdit[] {
  const pieces = (list.children ?? []).map((line) => plainLine(line).split("\n"));
  const changes = diffLines(pieces, lines).map((hunk) => ({ ...hunk, insert: hunk.lines.map(quoted) }));
  return editList(source, list, changes, (line, json) =>
    line.type === "string" ? editLiteral(source, line, String(JSON.parse(json))) : replaceElement(line, json),
  );
}

function editRows(source: string, list: Node, lines: readonly string[]): TextEdit[] {
  const pieces = (list.children ?? []).map((row) => [plainRow(row)]);
  return editList(
    source,
    list,
    diffLines(pieces, lines).map((hunk) => ({ ...hunk, insert: hunk.lines })),
  );
}

/** Rows that are no rows any more: the same lines as a text. */
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

/** Only the lines that differ, where the file's line ends allow that; its final one stays as it is. */
function editPrompt(content: string, text: string): TextEdit[] {
  const form = promptForm(content);
  const { start, end } = form;
  // Where CR alone ends some lines and LF others, the end of one and the begin of another could become one CRLF.
  const isMixed = /\r(?!\n)/.test(content) && content.includes("\n");
  const lineEnd = isMixed ? "\r\n" : form.lineEnd;
  const lines = text.split("\n");
  const edits = isMixed ? [span(start, end, lines.join(lineEnd))] : editPromptLines(content, form, lines);
  // Without a final line end of its own, the file would lose the text's last empty line.
  if (end === content.length && text.endsWith("\n")) edits.push(span(end, end, lineEnd));
  // Front matter may end with the file.
  if (start > 1 && start === content.length && !/[\r\n]$/.test(content)) edits.unshift(span(start, start, lineEnd));
  // A text that looks like front matter would be taken for it.
  if (start <= 1 && looksLikeFrontMatter(text)) edits.unshift(span(start, start, `---${lineEnd}---${lineEnd}`));
  return edits;
}

function editPromptLines(content: string, { start, end, lineEnd }: PromptForm, lines: readonly string[]): TextEdit[] {
  const spans = lineSpans(content, start, end);
  const pieces = spans.map((span) => [plainText(content.slice(span.start, span.end))]);
  return diffLines(pieces, lines).map(({ from, to, lines }): TextEdit => {
    const [first, next, previous] = [spans[from], spans[to], spans[from - 1]];
    const last = spans[to - 1];
    const joined = lines.join(lineEnd);
    if (first && last && to > from && lines.length > 0) return span(first.start, last.end, joined);
    if (lines.length > 0)
      return next ? span(next.start, next.start, joined + lineEnd) : span(end, end, lineEnd + joined);
    return next && first ? span(first.start, next.start, "") : span(previous?.end ?? start, end, "");
  });
}

function span(start: number, end: number, text: string): TextEdit {
  return { offset: start, length: end - start, text };
}

/** The lines between two offsets, without their ends; always at least one. */
function lineSpans(content: string, start: number, end: number): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  let from = start;
  for (const match of content.slice(start, end).matchAll(/\r\n|\r|\n/g)) {
    spans.push({ start: from, end: start + match.index });
    from = start + match.index + match[0].length;
  }
  return [...spans, { start: from, end }];
}

function isRow(line: string): boolean {
  const row = parseJson(line)?.value;
  return typeof row === "object" && row !== null && !Array.isArray(row) && JSON.stringify(row) === line;
}

function quoted(line: string): string {
  return JSON.stringify(line);
}
