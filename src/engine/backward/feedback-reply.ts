import { withoutNoChange } from "../forward/prompt.ts";
import type { Contributions } from "./backpropagation.ts";

/** Formats keys for a prompt. */
export function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(", ");
}

/** JSON Schema of an object with a string under each key. */
export function schemaOf(keys: readonly string[]): Record<string, unknown> {
  return {
    type: "object",
    properties: Object.fromEntries(keys.map((key) => [key, { type: "string" }])),
    required: keys,
    additionalProperties: false,
  };
}

/**
 * Accepts the object as requested, nested one level deeper, or as a list of `{ id, gradient }`; null when no key is
 * known.
 */
export function readContributions(
  value: unknown,
  shown: readonly string[],
  own: string | null,
  otherwise = "",
): Contributions<string> | null {
  const entries = new Map(entriesOf(value).map(([key, text]) => [key, withoutNoChange(text)]));
  if (![...shown, own].some((key) => key !== null && entries.has(key))) return null;
  return {
    to: new Map(shown.map((name) => [name, entries.get(name) || otherwise])),
    own: (own !== null && entries.get(own)) || (own === null ? "" : otherwise),
  };
}

function entriesOf(value: unknown): [string, string][] {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => {
      if (typeof item !== "object" || item === null) return [];
      const [id, ...texts] = Object.values(item).filter((one) => typeof one === "string");
      return id !== undefined && texts.length > 0 ? [[id, texts.join("\n")] as [string, string]] : entriesOf(item);
    });
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [string, string][] =>
    typeof inner === "string" ? [[key, inner]] : inner === null ? [[key, ""]] : entriesOf(inner),
  );
}

/** 𝒜_v: lists the gradients from all successors. */
export function joinGradients(parts: readonly { readonly from: string; readonly gradient: string }[]): string {
  const said = parts.filter(({ gradient }) => gradient !== "");
  if (said.length < 2) return said[0]?.gradient ?? "";
  return said.map(({ from, gradient }) => (from ? `From the step ${from}: ${gradient}` : gradient)).join("\n");
}
