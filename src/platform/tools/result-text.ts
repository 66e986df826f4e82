/** Maximum number of characters of a result. */
const LONGEST = 100_000;

/** The result of a tool as a text. @param structured the result if it has no parts */
export function resultText(parts: readonly string[], structured?: unknown): string {
  const whole = parts.length === 0 && structured !== undefined ? JSON.stringify(structured) : parts.join("\n");
  // Images of a run are between these characters: a tool must not make any.
  const text = whole.replace(/[\uE000\uE001]/g, "\uFFFD");
  if (text.length <= LONGEST) return text;
  const [first, all] = [LONGEST, text.length].map((count) => count.toLocaleString("en"));
  return `${text.slice(0, LONGEST)}\n[Only the first ${first} of ${all} characters.]`;
}
