type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The file's JSON Schema for completion and hover alone: the same properties, values and descriptions, and nothing that
 * finds a fault. The reader reports each fault once, with a better sentence and a quick fix.
 * @param schema of `jsonSchema()`: draft 7
 */
export function editorSchema(schema: JsonSchema): Record<string, unknown> {
  const { $id: _, $schema, title, allowComments, allowTrailingCommas, ...rest } = schema;
  return { $schema, title, allowComments, allowTrailingCommas, ...hints(rest) };
}

function hints(schema: unknown): Record<string, unknown> {
  if (!isSchema(schema)) return {};
  const about = {
    ...(schema.description !== undefined && { markdownDescription: schema.description }),
    ...("default" in schema && { default: schema.default }),
  };
  if (Array.isArray(schema.oneOf)) return { ...about, ...byKind(schema.oneOf.filter(isSchema)) };
  if (Array.isArray(schema.anyOf)) return { ...about, anyOf: schema.anyOf.map(hints) };
  const parts = {
    ...(isSchema(schema.properties) && { properties: each(schema.properties) }),
    ...(isSchema(schema.additionalProperties) && { additionalProperties: hints(schema.additionalProperties) }),
    ...(schema.items !== undefined && {
      items: Array.isArray(schema.items) ? schema.items.map(hints) : hints(schema.items),
    }),
  };
  if (Object.keys(parts).length > 0) return { ...about, ...parts };
  // A value that fits the first is completed by it; every other one fits the second.
  const values = ["type", "enum", "const"].filter((key) => key in schema).map((key) => [key, schema[key]]);
  return values.length > 0 ? { ...about, anyOf: [Object.fromEntries(values), {}] } : about;
}

/** Alternatives told apart by `kind`: each counts only where its kind is written, or may be left out. */
function byKind(alternatives: readonly JsonSchema[]): Record<string, unknown> {
  const kinds = alternatives.map((alternative) => {
    const kind = isSchema(alternative.properties) ? alternative.properties.kind : undefined;
    return isSchema(kind) ? { const: kind.const, markdownDescription: kind.description } : {};
  });
  const branches = alternatives.map((alternative, index) => {
    const isWritten = Array.isArray(alternative.required) && alternative.required.includes("kind");
    const kind = { properties: { kind: { const: kinds[index]?.const } }, ...(isWritten && { required: ["kind"] }) };
    const { kind: _, ...properties } = isSchema(alternative.properties) ? alternative.properties : {};
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    return { if: kind, then: hints({ ...alternative, properties }) };
  });
  return { properties: { kind: { anyOf: [...kinds, {}] } }, allOf: branches };
}

function each(properties: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, hints(schema)]));
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
