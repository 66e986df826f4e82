import { expect, it } from "vitest";
import { toolArguments } from "../../../../src/editor/language/tool-arguments.ts";

it("reads what a tool takes from the schema of its input, required arguments first", () => {
  const schema = {
    type: "object",
    properties: {
      sort: { enum: ["date", "name"] },
      deep: { type: "boolean" },
      query: { type: "string", description: "what to look for" },
    },
    required: ["query"],
  };
  expect(toolArguments(schema)).toEqual([
    { name: "query", description: "string · what to look for", isRequired: true, values: [] },
    { name: "sort", description: "", isRequired: false, values: ['"date"', '"name"'] },
    { name: "deep", description: "boolean", isRequired: false, values: ["true", "false"] },
  ]);
});

it("has none for a schema that is not one", () => {
  for (const schema of [undefined, null, 5, [], { properties: [] }, { properties: null }, { required: 5 }]) {
    expect(toolArguments(schema)).toEqual([]);
  }
  expect(toolArguments({ properties: { a: null, b: 5 } }).map(({ name }) => name)).toEqual(["a", "b"]);
});
