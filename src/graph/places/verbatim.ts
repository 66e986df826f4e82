import type { Range, TextEdit } from "../fault.ts";
import { diffLines } from "../text/line-diff.ts";
import { plainText } from "../text/text.ts";

/** A piece of a file, as lines. */
export interface Span extends Range {
  /** LF, CRLF or CR, for lines that are added. */
  readonly lineEnd: string;
}

export function span(start: number, end: number, text: string): TextEdit {
  return { offset: start, length: end - start, text };
}

/** The first line end of a content; LF where there is none. */
export function lineEndIn(content: string): string {
  return /\r\n|\r|\n/.exec(content)?.[0] ?? "\n";
}

/** Where CR alone ends some lines and LF others, the end of one and the start of another could become one CRLF. */
export function isMixed(content: string): boolean {
  return /\r(?!\n)/.test(content) && content.includes("\n");
}

/** Edits of the lines that differ. @param decode what a line of the file is as a line of the text */
export function editSpan(content: string, { start, end, lineEnd }: Span, lines: readonly string[]): TextEdit[] {
  const spans = lineSpans(content, start, end);
  const pieces = spans.map((one) => [plainText(content.slice(one.start, one.end))]);
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

/** The lines between two offsets, without their ends; always at least one. */
export function lineSpans(content: string, start: number, end: number): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = [];
  let from = start;
  for (const match of content.slice(start, end).matchAll(/\r\n|\r|\n/g)) {
    spans.push({ start: from, end: start + match.index });
    from = start + match.index + match[0].length;
  }
  return [...spans, { start: from, end }];
}

/** Where a part of a text is whose characters are in the file as they are, but for line ends. */
export function verbatimRange(content: string, { start, end }: Range, offset: number, length: number): Range {
  const raw = content.slice(start, end);
  if (!/[\r\uFEFF]/.test(raw)) return { start: start + offset, end: start + offset + length };
  let plain = 0;
  let [from, to] = [start, end];
  for (let at = 0; at <= raw.length; at++) {
    if (plain === offset) from = start + at;
    if (plain === offset + length) {
      to = start + at;
      break;
    }
    const skipped = raw[at] === "\uFEFF" || (raw[at] === "\r" && raw[at + 1] === "\n");
    if (!skipped) plain++;
  }
  return { start: from, end: to };
}
