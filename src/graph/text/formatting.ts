import { createScanner } from "jsonc-parser";
import { diffLines } from "./line-diff.ts";
import { plainText } from "./text.ts";

/**
 * Whether two texts differ only in what editors change on save: whitespace at line ends, empty lines at the end,
 * kinds of line ends. Whitespace inside a line, indentation and other empty lines count as text.
 */
export function isSameButSpacing(one: string, other: string): boolean {
  return one === other || withoutSpacing(one) === withoutSpacing(other);
}

/** The same for the content of two files; in JSON, whitespace between tokens is ignored. */
export function isSameButFormatting(one: string, other: string, isJson: boolean): boolean {
  if (isSameButSpacing(one, other)) return true;
  return isJson && jsonTokens(one) === jsonTokens(other);
}

/** The lines that differ: removed ones with `−` and added ones with `+`; spacing at line ends is ignored. */
export function changedLines(before: string, after: string): string[] {
  const [old, now] = [before, after].map((text) => withoutSpacing(text).split("\n"));
  if (!old || !now) return [];
  const hunks = diffLines(
    old.map((line) => [line]),
    now,
  );
  return hunks.flatMap(({ from, to, lines }) => [
    ...old.slice(from, to).map((line) => `− ${line}`),
    ...lines.map((line) => `+ ${line}`),
  ]);
}

function withoutSpacing(text: string): string {
  const lines = plainText(text).split("\n");
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trimEnd();
}

/** Tokens of JSON, including comments and unreadable text, so that no text is ignored. */
function jsonTokens(text: string): string {
  const scanner = createScanner(text, false);
  const tokens: string[] = [];
  // Token kinds: 14 a line end, 15 other white space, 17 the end.
  for (let token: number = scanner.scan(); token !== 17; token = scanner.scan()) {
    if (token === 14 || token === 15) continue;
    const start = scanner.getTokenOffset();
    tokens.push(withoutSpacing(text.slice(start, start + scanner.getTokenLength())));
  }
  return tokens.join("\n");
}
