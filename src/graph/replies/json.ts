import { parseLoose } from "./loose-parser.ts";
import { readReply } from "./read-reply.ts";

/** The JSON value in a model's reply: the whole reply, or the last value in fences or prose, parsed leniently. */
export function findJson(reply: string): { value: unknown } | null {
  const whole = parseLoose(reply.trim(), 0);
  if (whole && whole.end === reply.trim().length) return { value: whole.value };
  return readReply(reply, { keys: [], read: (value) => ({ value }) })?.value ?? null;
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
