/** Places in a reply that are tried, from its end: a hostile one is made of places that hold nothing. */
const TRIES = 100;

/** The JSON value in a model's reply: the whole reply, a fenced block, or the last object or array in the prose. */
export function findJson(reply: string): { value: unknown } | null {
  const whole = parseJson(reply);
  if (whole) return whole;
  const fences = Array.from(reply.matchAll(/```[a-z]*[ \t]*\r?\n([\s\S]*?)```/gi), (fence) => fence[1] ?? "");
  for (const fence of fences.slice(-TRIES).reverse()) {
    const value = parseJson(fence);
    if (value) return value;
  }
  return lastBracketed(reply);
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

/** Levels: no row and no reply needs them. What compares or writes a value calls itself for each, and the stack ends at some thousand. */
const DEEPEST = 500;

/** Whether the brackets of a JSON text stand deeper in each other than a value may be nested. */
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

/** Where a string's closing quote stands; the end of the text where it has none. */
export function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x5c) at++;
    else if (character === QUOTE) return at;
  }
  return text.length;
}

/** Tries from each closing bracket of the outermost level back to its opening one. */
function lastBracketed(text: string): { value: unknown } | null {
  const spans: (readonly [number, number])[] = [];
  const open: number[] = [];
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inText) {
      if (character === "\\") at++;
      else if (character === '"') inText = false;
    } else if (character === '"' && open.length > 0) inText = true;
    else if (character === "{" || character === "[") open.push(at);
    else if ((character === "}" || character === "]") && open.length > 0) {
      const start = open.pop() ?? 0;
      if (open.length === 0) spans.push([start, at + 1]);
    }
  }
  for (const [start, end] of spans.slice(-TRIES).reverse()) {
    const value = parseJson(text.slice(start, end));
    if (value) return value;
  }
  return null;
}
