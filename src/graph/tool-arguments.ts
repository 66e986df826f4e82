import { namesInCode, render } from "./text/templating.ts";

/** Arguments of a tool as in the file: JSON whose strings name inputs as `{{name}}`. */
export type ToolArguments = Readonly<Record<string, unknown>>;

/**
 * Fills in the values of inputs. A string with only a placeholder becomes the value itself, so that lists and
 * objects are kept.
 * @param given by name, with lists and objects as such
 * @param texts the same as texts
 */
export function fillArguments(
  parts: ToolArguments,
  given: Readonly<Record<string, unknown>>,
  texts: ReadonlyMap<string, string>,
): Record<string, unknown> {
  const filled = (part: unknown): unknown => {
    if (typeof part === "string") {
      const name = /^\{\{\s*([^{}]+?)\s*\}\}$/.exec(part)?.[1];
      return name !== undefined && Object.hasOwn(given, name) ? given[name] : render(part, texts, "mustache");
    }
    if (Array.isArray(part)) return part.map(filled);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, filled(value)]));
  };
  return Object.fromEntries(Object.entries(parts).map(([key, value]) => [key, filled(value)]));
}

/** Default arguments: the inputs by name, or by the variable that stands for them. */
export function defaultArguments(
  inputs: readonly string[],
  variables?: Readonly<Record<string, string>>,
): ToolArguments {
  return Object.fromEntries(
    inputs.flatMap((input) => namesInCode(input, variables).map((name) => [name, `{{${input}}}`])),
  );
}
