import { property } from "../../models/property.ts";

export interface ToolArgument {
  readonly name: string;
  /** Its type and what it is; empty if the tool does not say. */
  readonly description: string;
  readonly isRequired: boolean;
  /** The values that it can have, as JSON; empty: any. */
  readonly values: readonly string[];
}

/** The arguments that a tool takes, by the JSON Schema of its input, required ones first. A schema that can't be read has none. */
export function toolArguments(schema: unknown): ToolArgument[] {
  const required = property(schema, "required");
  const members = property(schema, "properties");
  if (typeof members !== "object" || members === null || Array.isArray(members)) return [];
  return Object.entries(members)
    .map(([name, one]) => ({
      name,
      description: [property(one, "type"), property(one, "description")].filter(isText).join(" · "),
      isRequired: Array.isArray(required) && required.includes(name),
      values: valuesOf(one).map((value) => JSON.stringify(value)),
    }))
    .sort((a, b) => Number(b.isRequired) - Number(a.isRequired));
}

function valuesOf(schema: unknown): unknown[] {
  const listed = property(schema, "enum");
  if (Array.isArray(listed)) return listed;
  return property(schema, "type") === "boolean" ? [true, false] : [];
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
