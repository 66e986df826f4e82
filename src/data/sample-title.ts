import type { Sample } from "./sample.ts";

/** Data URL of an image, with its media type (RFC 2397). */
const IMAGE = /^\s*data:(image\/[\w.+-]+)[;,]/i;

/** The inputs of a sample in one text, for lists and titles: images by their type, such as `image/png`. The id if it has none. */
export function titleOf({ id, inputs }: Pick<Sample, "id" | "inputs">): string {
  return Object.values(inputs).map(inputTitle).join(" · ") || id;
}

export function inputTitle(value: string): string {
  return IMAGE.exec(value)?.[1] ?? value;
}
