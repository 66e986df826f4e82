import { parseLoose, WrittenNumber } from "./loose-parser.ts";
import { readReply } from "./read-reply.ts";

/**
 * The JSON value in a model's reply: the whole reply, or the last value in fences or prose, parsed leniently.
 * @returns `written`: the same value, with a `WrittenNumber` for each number that loses a digit
 */
export function findJson(reply: string): { value: unknown; written: unknown } | null {
  const whole = parseLoose(reply.trim(), 0, { written: true });
  const isWhole = whole !== null && whole.end === reply.trim().length;
  const found = isWhole
    ? { written: whole.value }
    : readReply(reply, { keys: [], written: true, read: (written) => ({ written }) })?.value;
  return found ? { ...found, value: withoutWritten(found.written, Number) } : null;
}

/** A value with other numbers in place of its `WrittenNumber`s. @param make a number from its text */
export function withoutWritten(value: unknown, make: (text: string) => unknown): unknown {
  if (value instanceof WrittenNumber) return make(value.text);
  if (Array.isArray(value)) return value.map((one) => withoutWritten(one, make));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutWritten(one, make)]));
}

/** null if `text` is not JSON or nested too deeply; the value is wrapped, since it can itself be null. */
export function parseJson(text: string): { value: unknown } | null {
  if (isNestedTooDeep(text)) return null;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** An own member of an object or a list; undefined if there is none, or for a string or number. */
export function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/**
 * Maximum depth, which no row or reply needs: recursive functions on values would exhaust the stack at a few
 * thousand levels.
 */
const DEEPEST = 500;

/** Whether a JSON text is nested more deeply than a value may be. */
export function isNestedTooDeep(text: string): boolean {
  if (text.length <= DEEPEST) return false;
  let depth = 0;
  for (let at = 0; at < text.length && depth <= DEEPEST; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === 0x5b || character === 0x7b) depth++;
    else if (character === 0x5d || character === 0x7d) depth--;
  }
  return depth > DEEPEST;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of a string's closing quote; the end of the text if it has none. */
export function endOfString(text: string, start: number): number {
  // Not character by character: most strings are long and hold no quote.
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at;
    while (first - 1 > start && text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((at - first) % 2 === 0) return at;
  }
  return text.length;
}

/** The list or object of which a text is the JSON; undefined for other texts. */
export function structureIn(text: string): unknown {
  const value = parseJson(text)?.value;
  return typeof value === "object" && value !== null ? value : undefined;
}
