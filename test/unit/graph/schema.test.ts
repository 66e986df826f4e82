import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { graphFileSchema, jsonSchema } from "../../../src/graph/schema.ts";
import { DEFAULTS } from "../../../src/graph/schema-run.ts";
import { invalid, valid } from "./fixtures.ts";

const shipped: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../media/agentgraph.schema.json"), "utf8"),
);

describe("the shipped JSON Schema", () => {
  it("is the one that its source gives (node scripts/schema.mjs)", () => {
    expect(shipped).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
  });

  it("describes every property", () => {
    expect(undescribed(shipped, "")).toEqual([]);
  });

  const validator = z.fromJSONSchema(jsonSchema());
  it.each(valid)("accepts $name", ({ text }) => {
    expect(validator.safeParse(parse(text)).error).toBeUndefined();
  });

  it.each(invalid.filter(({ schema }) => schema !== "skip"))("$schema $name", ({ text, schema }) => {
    expect(validator.safeParse(parse(text)).success).toBe(schema === "accepts");
  });
});

describe("defaults", () => {
  it("are those of the table", () => {
    const smallest = valid.find(({ name }) => name === "smallest");
    const { optimize } = graphFileSchema.parse(parse(smallest?.text ?? ""));
    expect(optimize).toEqual(DEFAULTS);
  });
});

/** Paths of properties without a description, of their own or of what they refer to. */
function undescribed(schema: unknown, path: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== "properties") return undescribed(value, `${path}/${key}`);
    return Object.entries(value).flatMap(([name, property]) => [
      ...(typeof property === "object" && property !== null && "description" in property ? [] : [`${path}/${name}`]),
      ...undescribed(property, `${path}/${name}`),
    ]);
  });
}
