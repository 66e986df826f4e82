/** The JSON value in a model's reply: the whole reply, a fenced block, or the last object or array in the prose. */
export function findJson(reply: string): { value: unknown } | null {
  const whole = parseJson(reply);
  if (whole) return whole;
  const fences = Array.from(reply.matchAll(/```[a-z]*[ \t]*\r?\n([\s\S]*?)```/gi), (fence) => fence[1] ?? "");
  for (const fence of fences.reverse()) {
    const value = parseJson(fence);
    if (value) return value;
  }
  return lastBracketed(reply);
}

/** null when `text` is no JSON; the value is wrapped, since it may itself be null. */
export function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
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
  for (const [start, end] of spans.reverse()) {
    const value = parseJson(text.slice(start, end));
    if (value) return value;
  }
  return null;
}
