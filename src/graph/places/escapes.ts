import type { Range } from "../fault.ts";

/** How a scalar's source writes characters. */
export type Escapes = "backslash" | "doubled quote" | "none";

/**
 * Where a part of a scalar's value is in its source, by counting everything but white space: folding changes white space
 * alone. null if they do not agree.
 * @param source between `start` and `end` of the content: without quotes and header
 */
export function rangeBySigns(
  content: string,
  { start, end }: Range,
  escapes: Escapes,
  value: string,
  offset: number,
  length: number,
): Range | null {
  const units = signsIn(content.slice(start, end), escapes);
  const signs = value.replace(/\s/g, "").length;
  if (units.length !== signs) return null;
  const before = value.slice(0, offset).replace(/\s/g, "").length;
  const within = value.slice(offset, offset + length).replace(/\s/g, "").length;
  const [first, last] = [units[before], units[before + Math.max(within, 1) - 1]];
  return first && last ? { start: start + first.start, end: start + last.end } : null;
}

/** The places of characters (UTF-16 units) that are not white space. */
function signsIn(source: string, escapes: Escapes): Range[] {
  const units: Range[] = [];
  for (let at = 0; at < source.length; ) {
    const length = escapes === "none" ? 1 : unitLength(source, at, escapes);
    const raw = source.slice(at, at + length);
    const decoded = escapes === "backslash" && length > 1 ? decode(raw) : raw.charAt(0);
    for (const character of decoded.split("")) if (/\S/.test(character)) units.push({ start: at, end: at + length });
    at += length;
  }
  return units;
}

function unitLength(source: string, at: number, escapes: Escapes): number {
  if (escapes === "doubled quote") return source.startsWith("''", at) ? 2 : 1;
  if (source[at] !== "\\") return 1;
  return 2 + ({ x: 2, u: 4, U: 8 }[source.charAt(at + 1)] ?? 0);
}

function decode(raw: string): string {
  const sign = raw.charAt(1);
  if (raw.length > 2) return String.fromCodePoint(Math.min(Number.parseInt(raw.slice(2), 16) || 0xfffd, 0x10ffff));
  return "0abtnvfreNLP_ \t\r\n".includes(sign) ? (SPECIAL[sign] ?? " ") : sign;
}

/** Escapes of YAML and TOML that stand for something else than white space. */
const SPECIAL: Readonly<Record<string, string>> = { "0": "\0", a: "\u0007", b: "\b", e: "\u001b" };

/** In double quotes, as JSON, YAML and TOML read it: whatever programs may take for a line end is escaped, too. */
export function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Characters that a text can't contain unescaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
export const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
