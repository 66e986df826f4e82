import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchema } from "../../../../src/graph/schema/schema.ts";
import { DEFAULTS } from "../../../../src/graph/schema/schema-run.ts";
import { graphFormat, methodOptions, methods } from "../../../../src/methods/registry.ts";
import { invalid, valid } from "../fixtures.ts";

const shipped: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../../media/agentgraph.schema.json"), "utf8"),
);

describe("the shipped JSON Schema", () => {
  it("is the one that its source gives (node scripts/schema.mjs)", () => {
    expect(shipped).toEqual(JSON.parse(JSON.stringify(jsonSchema(methodOptions))));
  });

  it("describes every property", () => {
    expect(undescribed(shipped, "")).toEqual([]);
  });

  const validator = z.fromJSONSchema(jsonSchema(methodOptions));
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
    const { optimize } = graphFormat.schema.parse(parse(smallest?.text ?? ""));
    const own = Object.entries(methods).map(([name, { options }]) => [name, options.parse({})]);
    expect(optimize).toEqual({ ...DEFAULTS, methods: Object.fromEntries(own) });
  });

  const optimizeOf = (optimize: unknown) => {
    const smallest = valid.find(({ name }) => name === "smallest");
    return graphFormat.schema.safeParse({ ...parse(smallest?.text ?? ""), optimize });
  };

  it("are overridden under the method's name, or beside the common options as files up to 0.1 have them", () => {
    for (const optimize of [
      { semantic: { batch: 3, update: "one" } },
      { batch: 3, update: "one" },
      { batch: 3, semantic: { update: "one" } },
    ]) {
      expect(optimizeOf(optimize).data?.optimize.methods.semantic).toMatchObject({
        batch: 3,
        update: "one",
        patience: 3,
      });
    }
  });

  it("are never overridden twice", () => {
    const { error } = optimizeOf({ batch: 3, semantic: { batch: 4 } });
    expect(error?.issues).toMatchObject([{ path: ["optimize", "batch"], code: "custom" }]);
  });

  it("of every method are in the JSON Schema, with a description and an example", () => {
    const properties = Reflect.get(
      Reflect.get(jsonSchema(methodOptions), "properties") as object,
      "optimize",
    ).properties;
    for (const [name, { options }] of Object.entries(methods)) {
      for (const [key, value] of Object.entries(options.parse({}))) {
        expect(properties[name].properties[key]).toMatchObject({
          default: value,
          description: expect.any(String),
          examples: [expect.anything()],
        });
      }
    }
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
