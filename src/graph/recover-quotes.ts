import { type ParseError, printParseErrorCode } from "jsonc-parser";

/**
 * A text in which a quote is missing, as the parser reads it best: the text that is not closed ends with the name it
 * starts with, or before what closes its line, and not with the line. As long as the text itself, since the line's end
 * gives way to the quote: offsets in other lines stay what they are. null if no quote is missing.
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
