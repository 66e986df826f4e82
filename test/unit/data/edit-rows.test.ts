import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRow, editRow, RowsUneditable } from "../../../src/data/edit-rows.ts";
import { formatOf } from "../../../src/data/rows.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";

const rowsOf = async (name: string, text: string) =>
  (await formatOf(name)?.(text, { name, locale: ENGLISH, yieldNow: async () => {} }))?.rows.map(({ fields }) => fields);

describe("a row", () => {
  it.each<[string, string, string, string]>([
    [
      "of JSON Lines",
      "a.jsonl",
      '\uFEFF{"q":"1","answer":"x"}\r\n{"q": "2", "answer": 1.50}\r\n',
      '\uFEFF{"q":"1","answer":"x"}\r\n{"q": "2", "answer": "new, \\"one\\""}\r\n',
    ],
    ["of a table", "a.csv", 'q,answer\n1,"x ""y"""\n2,z', 'q,answer\n1,"x ""y"""\n2,"new, ""one"""'],
    [
      "of a table with semicolons",
      "a.csv",
      "\uFEFFq;answer\r\n1;x\r\n\r\n2;z\r\n",
      '\uFEFFq;answer\r\n1;x\r\n\r\n2;"new, ""one"""\r\n',
    ],
    [
      "of a table that names its delimiter",
      "a.csv",
      "sep=;\nq;answer\n1;x\n2;z\n",
      'sep=;\nq;answer\n1;x\n2;"new, ""one"""\n',
    ],
    [
      "of a table with a column that is named like a delimiter",
      "a.csv",
      "sep=a,answer\n1,x\n2,z\n",
      'sep=a,answer\n1,x\n2,"new, ""one"""\n',
    ],
    [
      "of JSON",
      "a.json",
      '[\n  { "q": "1" },\n  { "q": "2", "answer": null }\n]\n',
      '[\n  { "q": "1" },\n  { "q": "2", "answer": "new, \\"one\\"" }\n]\n',
    ],
  ])("%s changes in that value alone", async (_, name, text, after) => {
    const number = name === "a.jsonl" ? 2 : 2;
    expect(await editRow({ name, text }, number, { answer: 'new, "one"' })).toBe(after);
  });

  it("gets a field that it lacks, as its neighbors are written", async () => {
    const lines = '{"q": "1", "a": "x"}\n{"q": "2", "a": "y"}\n';
    expect(await editRow({ name: "a.jsonl", text: lines }, 1, { feedback: "too long" })).toBe(
      '{"q": "1", "a": "x", "feedback": "too long"}\n{"q": "2", "a": "y"}\n',
    );
    expect(await editRow({ name: "a.csv", text: "q,a\r\n1,x\r\n2,y\r\n" }, 2, { feedback: "too long" })).toBe(
      "q,a,feedback\r\n1,x,\r\n2,y,too long\r\n",
    );
    const nested = '{"problem":{"text":"1"},"q":"1"}';
    expect(await editRow({ name: "a.jsonl", text: nested }, 1, { "problem.answer": "x" })).toBe(
      '{"problem":{"text":"1","answer":"x"},"q":"1"}',
    );
  });

  it("is added at the end, as the file is written", async () => {
    const row = { q: "3", a: "z; z" };
    expect(await addRow({ name: "a.csv", text: "q;a\r\n1;x" }, row)).toBe('q;a\r\n1;x\r\n3;"z; z"');
    expect(await addRow({ name: "a.jsonl", text: '{"q":"1","a":"x"}\n' }, row)).toBe(
      '{"q":"1","a":"x"}\n{"q":"3","a":"z; z"}\n',
    );
    expect(await addRow({ name: "a.json", text: '{ "rows": [\n  {"q": "1"}\n] }' }, row)).toBe(
      '{ "rows": [\n  {"q": "1"},\n  {"q":"3","a":"z; z"}\n] }',
    );
    expect(await addRow({ name: "a.csv", text: "q,constructor,__proto__\n1,x,y\n" }, { q: "3" })).toBe(
      "q,constructor,__proto__\n1,x,y\n3,,\n",
    );
    await expect(addRow({ name: "a.csv", text: "q,a\n1,x\n" }, { ...row, more: "1" })).rejects.toThrow(RowsUneditable);
  });

  it.each([
    ["a row that there is not", "a.csv", "q,a\n1,x\n", 3],
    ["quotes of another dialect", "a.csv", 'q,a\n1,"x \\", y"\n2,"z"\n', 1],
    ["a file with a broken row", "a.jsonl", '{"q":"1"}\n{"q"\n', 1],
  ])("is left as it is in %s", async (_, name, text, number) => {
    await expect(editRow({ name, text }, number, { a: "new" })).rejects.toThrow(RowsUneditable);
  });
});

const cell = fc.stringMatching(/^[a-z "',;\n]{0,8}$/).filter((text) => text === text.trim());

it("only that value differs, whatever the table", async () => {
  const table = fc.record({
    rows: fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }),
    by: fc.constantFrom(",", ";", "\t"),
    end: fc.constantFrom("\n", "\r\n"),
    isEnded: fc.boolean(),
    pick: fc.nat(),
    value: cell,
    field: fc.constantFrom("answer", "feedback"),
  });
  await fc.assert(
    fc.asyncProperty(table, async ({ rows, by, end, isEnded, pick, value, field }) => {
      const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
      const lines = [`id${by}q${by}answer`, ...rows.map(([q, a], at) => [String(at), quoted(q), quoted(a)].join(by))];
      const text = lines.join(end) + (isEnded ? end : "");
      const number = (pick % rows.length) + 1;
      const before = await rowsOf("a.csv", text).catch(() => undefined);
      if (!before) return;
      const changed = await editRow({ name: "a.csv", text }, number, { [field]: value });
      const after = await rowsOf("a.csv", changed);
      const wanted = before.map((row, at) => {
        const own = field === "feedback" ? { ...row, feedback: "" } : row;
        return at === number - 1 ? { ...own, [field]: value } : own;
      });
      expect(after).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

it("only that value differs, whatever the JSON", async () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const row = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), value, { minKeys: 0, maxKeys: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.constantFrom(0, 2),
      fc.string(),
      async (rows, pick, indent, text) => {
        const number = (pick % rows.length) + 1;
        const lines = rows.map((one) => JSON.stringify(one)).join("\n");
        const list = JSON.stringify(rows, null, indent);
        for (const [name, before] of [
          ["a.jsonl", lines],
          ["a.json", list],
        ] as const) {
          const after = await editRow({ name, text: before }, number, { answer: text });
          const read = name === "a.json" ? JSON.parse(after) : after.split("\n").map((line) => JSON.parse(line));
          expect(read).toEqual(
            JSON.parse(JSON.stringify(rows)).map((one: object, at: number) =>
              at === number - 1 ? { ...one, answer: text } : one,
            ),
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});
