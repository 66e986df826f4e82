/** Text for a property, by its name and the name of the nearest object around it that has one. */
export type TextFor = (name: string) => string;

/** A value that fits a JSON schema; strings come from the property's name. */
export function fill(schema: unknown, textFor: TextFor, name = "", depth = 0): unknown {
  if (!isObject(schema) || depth > 12) return "";
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ("default" in schema && !("properties" in schema)) return schema.default;
  for (const kind of ["anyOf", "oneOf", "allOf"]) {
    const choices = schema[kind];
    if (Array.isArray(choices)) return fill(choices[0], textFor, name, depth + 1);
  }
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type ?? (isObject(schema.properties) ? "object" : "string")) {
    case "object":
      return Object.fromEntries(
        Object.entries(isObject(schema.properties) ? schema.properties : {}).map(([key, inner]) => [
          key,
          fill(inner, textFor, key, depth + 1),
        ]),
      );
    case "array": {
      const least = typeof schema.minItems === "number" ? schema.minItems : 1;
      return Array.from({ length: least }, () => fill(schema.items, textFor, name, depth + 1));
    }
    case "integer":
    case "number":
      return Math.max(number(schema.minimum, 0), Math.min(number(schema.maximum, 1), 1));
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return textFor(name).slice(0, number(schema.maxLength, Number.POSITIVE_INFINITY));
  }
}

/** Names of all properties with text, outer ones first. */
export function textKeys(schema: unknown): string[] {
  if (!isObject(schema)) return [];
  const { properties } = schema;
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([key, inner]) => {
    const deeper = textKeys(inner);
    return deeper.length > 0 ? deeper : [key];
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function number(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
