import * as z from "zod";

/** How a method declares an option: with its default, minimum and example, all of which the JSON Schema shows. */

/** A whole number. */
export function wholeNumber(description: string, limits: { least: number; byDefault: number; example: number }) {
  const { least, byDefault, example } = limits;
  const meta = { description: `${description} Default ${byDefault}.`, examples: [example] };
  return z.int().min(least).default(byDefault).meta(meta);
}

/** A number. */
export function decimal(
  description: string,
  limits: { least: number; most?: number; byDefault: number; example: number },
) {
  const { least, most = Number.MAX_VALUE, byDefault, example } = limits;
  const meta = { description: `${description} Default ${byDefault}.`, examples: [example] };
  return z.number().min(least).max(most).default(byDefault).meta(meta);
}

export function flag(description: string, byDefault: boolean) {
  return z
    .boolean()
    .default(byDefault)
    .meta({ description: `${description} Default ${byDefault}.`, examples: [!byDefault] });
}

/** One of several words. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  description: string,
  words: T,
  byDefault: T[number],
) {
  const meta = { description: `${description} Default \`${byDefault}\`.`, examples: [words[words.length - 1]] };
  return z
    .enum(words)
    .default(byDefault as never)
    .meta(meta);
}

/** Any number of texts. */
export function texts(description: string, example: string) {
  return z
    .array(z.string().min(1))
    .default([])
    .meta({ description: `${description} Default none.`, examples: [[example]] });
}
