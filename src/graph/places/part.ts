import * as z from "zod";

/** Files with texts under keys, by the endings of their names. */
const KEYED = { yaml: /\.ya?ml$/i, json: /\.json[c5]?$/i, toml: /\.toml$/i } as const;

/** The part of a file that is a node's text, where it is not all of it. */
export const textPart = z.discriminatedUnion("kind", [
  /** `format` null: unknown by the file's name. */
  z.object({ kind: z.literal("key"), key: z.string(), format: z.enum(["yaml", "json", "toml"]).nullable() }),
  z.object({ kind: z.literal("section"), section: z.string() }),
  /** `code`: escapes and line ends have a meaning in the source code around the text. */
  z.object({ kind: z.literal("between"), start: z.string(), end: z.string(), code: z.boolean() }),
]);

export type TextPart = Readonly<z.infer<typeof textPart>>;

/** The format of a file with keys, by its name; null: it has none. */
export function keyedFormat(file: string): keyof typeof KEYED | null {
  if (KEYED.yaml.test(file)) return "yaml";
  if (KEYED.json.test(file)) return "json";
  return KEYED.toml.test(file) ? "toml" : null;
}

/** Whether a file of this name is source code, not text for people. */
export function isCode(file: string): boolean {
  return !/\.(md|mdc|mdx|markdown|txt|text|rst|adoc|prompty?|html?|xml|jinja2?|j2|hbs|mustache|tmpl)$/i.test(file);
}

/**
 * Splits a key into steps to its value: dots separate keys of objects and indices of lists.
 * @param has whether the object at the steps so far has a key; keys can contain dots, so the longest existing one
 *   counts
 */
export function stepsTo(key: string, has: (steps: readonly string[], key: string) => boolean): string[] {
  const words = key.split(".");
  const steps: string[] = [];
  for (let at = 0; at < words.length; ) {
    let length = words.length - at;
    while (length > 1 && !has(steps, words.slice(at, at + length).join("."))) length--;
    steps.push(words.slice(at, at + length).join("."));
    at += length;
  }
  return steps;
}
