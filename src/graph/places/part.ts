import * as z from "zod";

/** Files with texts under keys, by the endings of their names. */
const KEYED = { yaml: /\.ya?ml$/i, json: /\.json[c5]?$/i, toml: /\.toml$/i } as const;

/** The part of a file that is a node's text, where it is not all of it. */
export const textPart = z.discriminatedUnion("kind", [
  /** `format` null: the file's name does not say how to read it. */
  z.object({ kind: z.literal("key"), key: z.string(), format: z.enum(["yaml", "json", "toml"]).nullable() }),
  z.object({ kind: z.literal("section"), section: z.string() }),
  /** `code`: escapes and line ends mean something to the program in whose source the text is. */
  z.object({ kind: z.literal("between"), start: z.string(), end: z.string(), code: z.boolean() }),
]);

export type TextPart = Readonly<z.infer<typeof textPart>>;

/** How a file of this name is read for its keys; null: not at all. */
export function keyedFormat(file: string): keyof typeof KEYED | null {
  if (KEYED.yaml.test(file)) return "yaml";
  if (KEYED.json.test(file)) return "json";
  return KEYED.toml.test(file) ? "toml" : null;
}

/** Whether a file of this name is the source of a program, and no text for people. */
export function isCode(file: string): boolean {
  return !/\.(md|mdc|mdx|markdown|txt|text|rst|adoc|prompty?|html?|xml|jinja2?|j2|hbs|mustache|tmpl)$/i.test(file);
}

/**
 * A key as the steps to its value: dots lead into objects, numbers into lists.
 * @param has the keys of the object that the steps so far lead to; a key may contain dots itself, so the longest that is
 * there counts
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
