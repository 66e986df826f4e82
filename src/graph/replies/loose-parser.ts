import { type Decoded, decodeString } from "./escapes.ts";

/** A JSON value as a model wrote it. */
export interface Parsed {
  readonly value: unknown;
  /** Where the text behind the value starts. */
  readonly end: number;
  /** Some string of it has line breaks that are not escaped. */
  readonly hasBreaks: boolean;
  /** What may also have been meant otherwise; empty: the value is read as it was meant. */
  readonly doubts: readonly string[];
}

/** A number whose digits JavaScript can't represent: `1.50`, or 19 digits. */
export class WrittenNumber {
  constructor(readonly text: string) {}
  toJSON(): number {
    return Number(this.text);
  }
}

/** Levels that are read: what compares or writes a value calls itself for each. */
const DEEPEST = 100;

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const BARE_KEY = /[\p{L}_$][\p{L}\p{N}_$-]*(?=\s*:)/uy;
const NUMBER = /[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])/y;
const WORD = /(true|false|null|True|False|None|undefined|NaN)(?!\w)/y;
const WORDS: Readonly<Record<string, unknown>> = { true: true, True: true, false: false, False: false };

/** Marks that open a string, longest first, with those that close it. */
export const QUOTES: readonly (readonly [open: string, close: string])[] = [
  ['"""', '"""'],
  ["'''", "'''"],
  ['"', '"'],
  ["'", "'"],
  ["“", "”"],
  ["„", "“"],
  ["`", "`"],
];

/**
 * Reads one value as is: JSON, and what models write in its place — trailing commas, comments, single or
 * typographic quotes, Python's words, keys without quotes, line breaks inside a string. A string ends at the first of its
 * quotes that no backslash precedes; whatever fits no value there makes the whole unreadable.
 * @param options `written`: numbers that lose a digit come as `WrittenNumber`. `partly`: of an object or a list that is
 *   cut by the end of the source, the entries before that.
 * @returns null if no value starts at `start`
 */
export function parseLoose(source: string, start: number, { written = false, partly = false } = {}): Parsed | null {
  const doubts = new Set<string>();
  let at = start;
  let hasBreaks = false;
  const value = readValue(0);
  return value === null ? null : { value: value.value, end: at, hasBreaks, doubts: [...doubts] };

  function readValue(depth: number): { readonly value: unknown } | null {
    skipBlank();
    const character = source[at];
    if (character === "{" || character === "[") {
      if (depth >= DEEPEST) return null;
      return character === "{" ? readObject(depth + 1) : readList(depth + 1);
    }
    const text = readString();
    if (text) return { value: text.text };
    const number = match(NUMBER);
    if (number) return { value: numberOf(number[0].replaceAll("_", ""), written) };
    const word = match(WORD);
    return word ? { value: WORDS[word[0]] ?? null } : null;
  }

  function readObject(depth: number): { readonly value: unknown } | null {
    at += 1;
    const entries: [string, unknown][] = [];
    for (;;) {
      skipBlank();
      if (take("}") || isCut()) break;
      const key = readString()?.text ?? match(BARE_KEY)?.[0];
      skipBlank();
      if (key === undefined || !take(":")) {
        if (isCut()) break;
        return null;
      }
      const value = readValue(depth);
      if (!value && isCut()) break;
      if (!value) return null;
      if (entries.some(([other]) => other === key)) doubts.add(`two values for "${key}"`);
      entries.push([key, value.value]);
      skipBlank();
      if (!take(",") && source[at] !== "}" && !isCut()) return null;
    }
    return { value: Object.fromEntries(entries) };
  }

  function readList(depth: number): { readonly value: unknown } | null {
    at += 1;
    const items: unknown[] = [];
    for (;;) {
      skipBlank();
      if (take("]") || isCut()) break;
      const item = readValue(depth);
      if (!item && isCut()) break;
      if (!item) return null;
      items.push(item.value);
      skipBlank();
      if (!take(",") && source[at] !== "]" && !isCut()) return null;
    }
    return { value: items };
  }

  function readString(): Decoded | null {
    const marks = QUOTES.find(([open]) => source.startsWith(open, at));
    if (!marks) return null;
    const [open, close] = marks;
    const from = at + open.length;
    const end = closingQuote(source, from, close);
    if (end < 0) {
      if (partly) at = source.length;
      return null;
    }
    at = end + close.length;
    hasBreaks ||= source.slice(from, end).includes("\n");
    const decoded = decodeBetween(source.slice(from, end), marks);
    for (const doubt of decoded.doubts) doubts.add(doubt);
    return decoded;
  }

  function isCut(): boolean {
    return partly && at >= source.length;
  }

  function skipBlank(): void {
    match(BLANK);
  }

  function take(character: string): boolean {
    if (source[at] !== character) return false;
    at += 1;
    return true;
  }

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (found) at = pattern.lastIndex;
    return found;
  }
}

/**
 * The content between two quotes. Typographic ones say that others of the text may have been made so, too; of those that
 * JSON does not know, whether a backslash before a quote or another one was meant for the reader or for the text.
 */
export function decodeBetween(raw: string, [open, close]: readonly [open: string, close: string]): Decoded {
  const { text, doubts } = decodeString(raw, close);
  const more: string[] = [];
  if (/[“„]/.test(open) && /[“”„‘’]/.test(raw)) more.push("typographic quotes");
  if (/^(?:`|"""|''')$/.test(open) && raw.includes("\\")) more.push("a backslash in an unusual string");
  if (open === "'" && /(?<!\\)(?:\\\\)*\\"/.test(raw)) more.push('a backslash before "');
  return { text, doubts: [...doubts, ...more] };
}

/** Where the first closing quote is that no backslash precedes; −1 if there is none. */
function closingQuote(source: string, from: number, close: string): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at += 1;
    else if (source.startsWith(close, at)) return at;
  }
  return -1;
}

function numberOf(text: string, written: boolean): unknown {
  const number = Number(text);
  return !written || String(number) === text ? number : new WrittenNumber(text);
}
