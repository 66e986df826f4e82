import { parseLoose } from "./replies/loose-parser.ts";
import { readReply } from "./replies/read-reply.ts";

/** The JSON value in a model's reply: the whole reply, or the last value in fences or prose, read as it was meant. */
export function findJson(reply: string): { value: unknown } | null {
  const whole = parseLoose(reply.trim(), 0);
  if (whole && whole.end === reply.trim().length) return { value: whole.value };
  return readReply(reply, { keys: [], read: (value) => ({ value }) })?.value ?? null;
}

/** null when `text` is no JSON, or nested too deep; the value is wrapped, since it may itself be null. */
export function parseJson(text: string): { value: unknown } | null {
  if (isNestedTooDeep(text)) return null;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** What an object or a list has under a key of its own; undefined if it has none, as a text or a number. */
export function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Levels: no row and no reply needs them. What compares or writes a value calls itself for each, and the stack ends at some thousand. */
const DEEPEST = 500;

/** Whether a JSON text is nested more deeply than a value may be. */
export function isNestedTooDeep(text: string): boolean {
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

/** Where a string's closing quote is; the end of the text where it has none. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x5c) at++;
    else if (character === QUOTE) return at;
  }
  return text.length;
}

/** The list or object that a text is the JSON of; undefined for any other text. */
export function structureIn(text: string): unknown {
  const value = parseJson(text)?.value;
  return typeof value === "object" && value !== null ? value : undefined;
}
