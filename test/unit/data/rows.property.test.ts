import fc from "fast-check";
import { stringify } from "lossless-json";
import { expect, test } from "vitest";
import { formatOf } from "../../../src/data/rows.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";

const name = fc.stringMatching(/^[A-Za-z]\w{0,8}$/).filter((one) => !(one in {}));
const cell = fc.oneof(
  fc.string(),
  fc.constantFrom('"', ",", ";", "a,b", "two\nlines", "\t", "'", "ß😀", "\u2028", '"quoted"', " x "),
);
/** Rows without any content are left out. */
const hasContent = (cells: readonly string[]) => cells.some((one) => one.trim() !== "");
const table = fc
  .uniqueArray(name, { minLength: 2, maxLength: 4 })
  .chain((names) =>
    fc.tuple(
      fc.constant(names),
      fc.array(fc.tuple(...names.map(() => cell)).filter(hasContent), { minLength: 1, maxLength: 6 }),
    ),
  );
const mark = fc.constantFrom("", "\uFEFF");
const lineEnd = fc.constantFrom("\n", "\r\n");

async function fieldsOf(file: string, text: string) {
  const read = await formatOf(file)?.(text, { name: file, locale: ENGLISH, yieldNow: async () => {} });
  expect(read?.broken).toEqual([]);
  return read?.rows.map(({ fields }) => JSON.parse(stringify(fields) ?? ""));
}

test("JSON and JSONL are read back as they were written", async () => {
  const row = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      mark,
      lineEnd,
      fc.constantFrom(0, 2),
      async (rows, bom, end, indent) => {
        const wanted = JSON.parse(JSON.stringify(rows));
        expect(await fieldsOf("x.json", bom + JSON.stringify(rows, null, indent).replaceAll("\n", end))).toEqual(
          wanted,
        );
        expect(await fieldsOf("x.jsonl", bom + rows.map((one) => JSON.stringify(one)).join(end))).toEqual(wanted);
      },
    ),
  );
});

test("CSV and TSV are read back as they were written, whatever is in a cell", async () => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      table,
      mark,
      lineEnd,
      fc.constantFrom(",", ";", "\t"),
      async ([names, rows], bom, end, delimiter) => {
        const lines = [names.join(delimiter), ...rows.map((cells) => cells.map(quoted).join(delimiter))];
        const wanted = rows.map((cells) => Object.fromEntries(names.map((one, index) => [one, cells[index]])));
        const file = delimiter === "\t" ? "x.tsv" : "x.csv";
        expect(await fieldsOf(file, `${bom}${lines.join(end)}${end}`)).toEqual(wanted);
      },
    ),
  );
});
