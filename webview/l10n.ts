/** Translations by their English texts, as the host passed them; empty in English. */
const translated = translationsOf(typeof document === "undefined" ? undefined : document.body?.dataset.words);

/**
 * A text in the editor's language. As with `vscode.l10n.t` the English text is the key, a literal, and `{0}` stands for
 * the first value; a text with no translation stays English.
 */
export function t(text: string, ...values: readonly (string | number)[]): string {
  return (translated.get(text) ?? text).replace(/\{(\d)\}/g, (place, index) => String(values[Number(index)] ?? place));
}

/** The texts of a JSON object; other values are ignored. */
export function translationsOf(json: string | undefined): ReadonlyMap<string, string> {
  if (!json) return new Map();
  try {
    const known: unknown = JSON.parse(json);
    if (typeof known !== "object" || known === null || Array.isArray(known)) return new Map();
    const pairs: [string, unknown][] = Object.entries(known);
    return new Map(pairs.filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== ""));
  } catch {
    return new Map();
  }
}
