import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { optionsTable } from "../../../src/graph/options-table.ts";
import { commonOptions } from "../../../src/graph/schema-run.ts";
import { methodOptions } from "../../../src/methods/registry.ts";

const table = optionsTable(methodOptions);
const rows = table.split("\n").slice(2);

describe("the options in README", () => {
  it("are those of the schemas (node scripts/schema.mjs)", () => {
    const readme = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");
    expect(/<!-- options -->\n([\s\S]*?)\n<!-- \/options -->/.exec(readme)?.[1]).toBe(table);
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
      const prefix = name && `${name}.`;
      for (const row of rows.filter((one) => one.startsWith(`| \`${prefix}`))) {
        const [, option = "", byDefault, , example = ""] = row.split("|").map((cell) => cell.trim());
        const path = option.slice(1 + prefix.length, -1).split(".");
        if (!(path[0]! in options.shape)) continue;
        const json = example.slice(1, -1);
        const value = /^(-?[\d.]+|true|false|null|\[.*\])$/.test(json) ? JSON.parse(json) : json;
        const given = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
        expect(options.safeParse(given).error, row).toBeUndefined();
        if (option !== "`method`") expect(example, row).not.toBe(byDefault);
      }
    }
  });
});
