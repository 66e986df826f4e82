import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { optionTables } from "../../../../src/graph/schema/options-table.ts";
import { commonOptions } from "../../../../src/graph/schema/schema-run.ts";
import { methodOptions, methods } from "../../../../src/methods/registry.ts";

const tables = optionTables(methods);
/** Method, empty for every method → the rows of its table. */
const rowsOf = new Map(
  tables.split(/^## /m).map((section): [string, string[]] => {
    const name = /^`(.+)`\n/.exec(section)?.[1] ?? "";
    return [name, section.split("\n").filter((line) => line.startsWith("| `"))];
  }),
);
const rows = [...rowsOf.values()].flat();

describe("the options in docs/options.md", () => {
  it("are those of the schemas (node scripts/schema.mjs)", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../../docs/options.md"), "utf8");
    expect(/<!-- options -->\n([\s\S]*?)\n<!-- \/options -->/.exec(page)?.[1]).toBe(tables);
    expect([...rowsOf.keys()].filter(Boolean)).toEqual(Object.keys(methods));
  });

  it("each say what is allowed, an example and a meaning, and a default unless there is no bound", () => {
    for (const row of rows) {
      const [, option, byDefault, allowed, example, meaning] = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
      expect(
        [option, allowed, example, meaning].filter((cell) => !cell),
        row,
      ).toEqual([]);
      expect(byDefault === "none", row).toBe(/`budget\.(tokens|usd)`/.test(option ?? ""));
    }
  });

  it("have examples that the schema accepts and that differ from the default, but for the only method", () => {
    for (const [name, options] of [["", commonOptions], ...Object.entries(methodOptions)] as const) {
      for (const row of rowsOf.get(name) ?? []) {
        const [, option = "", byDefault, , example = ""] = row.split("|").map((cell) => cell.trim());
        const path = option.slice(1, -1).split(".");
        expect(Object.keys(options.shape), row).toContain(path[0]);
        const json = example.slice(1, -1);
        const value = /^(-?[\d.]+|true|false|null|\[.*\]|\{.*\})$/.test(json) ? JSON.parse(json) : json;
        const given = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
        expect(options.safeParse(given).error, row).toBeUndefined();
        if (option !== "`method`") expect(example, row).not.toBe(byDefault);
      }
    }
  });
});
