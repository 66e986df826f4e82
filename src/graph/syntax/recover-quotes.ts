import { type ParseError, printParseErrorCode } from "jsonc-parser";

/**
 * Repairs a text with a missing quote so that the parser can read it: the unclosed string ends after the name that
 * it starts with, or before the bracket or comma that ends its line. The length stays the same, since the quote
 * replaces the line end, so offsets in other lines are unchanged. null if no quote is missing.
 */
export function recoverQuotes(json: string, errors: readonly ParseError[]): string | null {
  const open = errors.filter(({ error }) => printParseErrorCode(error) === "UnexpectedEndOfString");
  if (open.length === 0) return null;
  let recovered = "";
  let at = 0;
  for (const { offset, length } of open) {
    const end = offset + length;
    const line = json.slice(offset, end);
    const name = /^"[A-Za-z0-9_-]*(?=[\s\]},:]|$)/.exec(line)?.[0];
    const closing = offset + (name ?? line.replace(/[\s\]},]*$/, "")).length;
    recovered += `${json.slice(at, closing)}"${json.slice(closing, end)}`;
    at = end + 1;
  }
  return recovered + json.slice(at);
}
