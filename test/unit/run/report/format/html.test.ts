import { describe, expect, it } from "vitest";
import { ENGLISH } from "../../../../../src/i18n/locale.ts";
import { table } from "../../../../../src/run/report/format/html.ts";
import type { Table } from "../../../../../src/run/report/format/table.ts";

describe("a table of a report", () => {
  const rows: Table = {
    head: ["", "calls", "share", "cost", "score", "node"],
    rows: [
      ["forward", "1,204", "9%", "≈ $0.12", "0.84 (n = 20)", "1"],
      ["backward", "88", "–", "", "0.90", "solve"],
    ],
    left: 0,
  };

  it("ends columns of figures at one edge, and no other column", () => {
    const page = table(rows, ENGLISH).text;
    const heads = [...page.matchAll(/<th scope="col"( class="figure")?>(\w+)/g)].map(([, kind, name]) => [
      name,
      !!kind,
    ]);
    expect(Object.fromEntries(heads)).toEqual({ calls: true, share: true, cost: true, score: false, node: false });
    expect(page.match(/<td[^>]* class="figure">/g)).toHaveLength(6);
  });
});
