import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { stringify } from "lossless-json";
import { describe, expect, it, test } from "vitest";
import { DataUnreadable } from "../../../src/data/row.ts";
import { formatOf } from "../../../src/data/rows.ts";
import { type Data, SPLITS } from "../../../src/data/sample.ts";
import { splitRows } from "../../../src/data/split.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";

const nothing = { rows: [], broken: [] };
const rowsOf = async (name: string, text: string, yieldNow = async () => {}) => {
  const { rows, broken } = (await formatOf(name)?.(text, { name, locale: ENGLISH, yieldNow })) ?? nothing;
  return {
    rows: rows.map(({ number, fields }) => [number, JSON.parse(stringify(fields) ?? "")]),
    broken: broken.map(({ number }) => number),
  };
};

describe("rows", () => {
  it("of JSONL are lines, blank ones left out", async () => {
    expect(await rowsOf("x.jsonl", '\uFEFF{"a":1}\r\n\r\n{"a":\n[1]\n{"a":"\u2028"}')).toEqual({
      rows: [
        [1, { a: 1 }],
        [5, { a: "\u2028" }],
      ],
      broken: [3, 4],
    });
  });

  it("of JSON are a list, or the only list in an object", async () => {
    expect(await rowsOf("x.json", '[{"a":1}, 2, {"a":3}]')).toEqual({
      rows: [
        [1, { a: 1 }],
        [3, { a: 3 }],
      ],
      broken: [2],
    });
    expect((await rowsOf("x.json", '{"canary":"x","examples":[{"a":1}]}')).rows).toEqual([[1, { a: 1 }]]);
    await expect(rowsOf("x.json", '{"a":1}')).rejects.toMatchObject({ message: "x.json has no list of objects." });
  });

  it("of CSV and TSV are what follows the header, quoted fields over several lines too", async () => {
    expect(await rowsOf("x.csv", '\uFEFFa,b\r\n1,"x\r\ny, z"\r\n3\r\n4,"say ""no"""\r\n')).toEqual({
      rows: [
        [1, { a: "1", b: "x\r\ny, z" }],
        [3, { a: "4", b: 'say "no"' }],
      ],
      broken: [2],
    });
    expect((await rowsOf("X.TSV", "a\tb\n1\t2,3\n")).rows).toEqual([[1, { a: "1", b: "2,3" }]]);
    expect((await rowsOf("x.csv", "")).rows).toEqual([]);
  });

  it("of CSV can be parted by semicolons or tabs, as spreadsheets write them", async () => {
    expect((await rowsOf("x.csv", '\uFEFFq;a\r\n"x;\r\ny, ""z""";"1,5"\r\n')).rows).toEqual([
      [1, { q: 'x;\r\ny, "z"', a: "1,5" }],
    ]);
    expect((await rowsOf("x.csv", "q\ta\n1\t2\n")).rows).toEqual([[1, { q: "1", a: "2" }]]);
    expect((await rowsOf("x.csv", '"a;b;c",d\n1,2\n')).rows).toEqual([[1, { "a;b;c": "1", d: "2" }]]);
    expect((await rowsOf("x.csv", "q\na;b\n")).rows).toEqual([[1, { q: "a;b" }]]);
  });

  it("of CSV have columns without spaces around their names, each once", async () => {
    expect((await rowsOf("x.csv", "q , a\n1, 2\n")).rows).toEqual([[1, { q: "1", a: " 2" }]]);
  });

  it("can be large: a cell of a megabyte is a cell", async () => {
    const cell = 'x "y",\n'.repeat(150_000);
    const row = (await rowsOf("x.csv", `q,a\n"${cell.replaceAll('"', '""')}",1\n`)).rows[0];
    expect(row).toEqual([1, { q: cell, a: "1" }]);
    const [line] = (await rowsOf("x.jsonl", `${JSON.stringify({ q: cell })}\n`)).rows;
    expect(line).toEqual([1, { q: cell }]);
  });

  it("let others have a turn between two of them, and are the same however the bytes are parted", async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({ q: `${"ß😀".repeat(index % 31)} ${index}`, a: "1" }));
    const files = {
      "x.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
      "x.csv": ["q,a", ...rows.map(({ q, a }) => `${q},${a}`)].join("\n"),
    };
    for (const [name, text] of Object.entries(files)) {
      let turns = 0;
      const read = await rowsOf(name, text, async () => void turns++);
      expect(read.rows.map(([, fields]) => fields)).toEqual(rows);
      expect(turns).toBeGreaterThanOrEqual(rows.length);
    }
  });

  it("are read by the ending of the name alone", () => {
    expect([formatOf("x.xlsx"), formatOf("jsonl")]).toEqual([null, null]);
  });

  test("no text makes a reader throw anything but what it says of the file", async () => {
    const piece = fc.constantFrom('{"a":1}', '"', ",", "\n", "\r", "[", "]", "\uFEFF", "a", "\u2028", "\\", "{");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((all) => all.join("")),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("x.jsonl", "x.json", "x.csv", "x.tsv"), text, async (name, content) => {
        const read = await rowsOf(name, content).catch((error: unknown) => error);
        if (read instanceof Error) expect(read).toBeInstanceOf(DataUnreadable);
        else expect(read).toMatchObject({ rows: expect.any(Array) });
      }),
    );
  });
});

describe("splitRows", () => {
  const shares = fc.tuple(fc.nat(10), fc.nat(10), fc.nat(10)).map(([train, validation, test]) => {
    const sum = Math.max(10, train + validation + test);
    return { train: train / sum, validation: validation / sum, test: test / sum };
  });

  test("gives each row to at most one set, in shares, alike for one seed", () => {
    fc.assert(
      fc.property(fc.nat(200), shares, fc.nat(), (count, share, seed) => {
        const rows = Array.from({ length: count }, (_, index) => index);
        const sets = splitRows(rows, share, seed);
        const all = SPLITS.flatMap((split) => sets[split]);
        expect(new Set(all).size).toBe(all.length);
        for (const split of SPLITS) expect(Math.abs(sets[split].length - share[split] * count)).toBeLessThan(1.001);
        expect(splitRows(rows, share, seed)).toEqual(sets);
      }),
    );
  });

  it("looks at each row once", () => {
    let looks = 0;
    const rows = new Proxy(
      Array.from({ length: 1_000 }, (_, index) => index),
      {
        get(target, name) {
          if (/^\d+$/.test(String(name))) looks += 1;
          return Reflect.get(target, name);
        },
      },
    );
    splitRows(rows, { train: 0.3, validation: 0.5, test: 0.2 }, 1);
    expect(looks).toBe(rows.length);
  });

  it("differs by seed and does not keep the order of the file", () => {
    const rows = Array.from({ length: 100 }, (_, index) => index);
    const half = { train: 0.5, validation: 0.5, test: 0 };
    const first = splitRows(rows, half, 1).train;
    expect(first).not.toEqual(splitRows(rows, half, 2).train);
    expect(first).not.toEqual(rows.slice(0, 50));
  });
});

interface Spec {
  readonly data: object;
  readonly inputs?: readonly string[];
  readonly loss?: object;
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

async function load({ data, inputs = ["q"], loss = { kind: "exact" }, files = {} }: Spec) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agentgraph-data-")));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const path = join(folder, "g.agentgraph.json");
  const nodes = { solve: { inputs, instruction: "Solve." } };
  writeFileSync(
    path,
    JSON.stringify({ version: 1, inputs, nodes, output: "solve", data, loss, models: { forward: "any" } }),
  );
  const { task, faults } = await loadTask(path, nodeDeps());
  rmSync(folder, { recursive: true });
  return { data: task?.data ?? null, faults: faults.map(({ code, message }) => `${code}: ${message}`) };
}

const jsonl = (...rows: object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const questions = (data: Data | null, split: keyof Data) => data?.[split].map(({ inputs }) => inputs.q);

describe("loadData", () => {
  it("takes slices of one file, counted from 0, the end not included", async () => {
    const rows = jsonl(...["a", "b", "c", "d"].map((q) => ({ q, t: q })));
    const { data, faults } = await load({
      data: { train: { file: "d.jsonl", rows: [0, 2] }, validation: { file: "d.jsonl", rows: [2, 9] }, target: "t" },
      files: { "d.jsonl": rows },
    });
    expect([questions(data, "train"), questions(data, "validation"), questions(data, "test")]).toEqual([
      ["a", "b"],
      ["c", "d"],
      [],
    ]);
    expect(faults).toEqual(['rows-out-of-range: "d.jsonl" has 4 rows, so "rows" [2, 9] gives only 2 rows.']);
  });

  it("refuses overlaps, naming both rows, however the ids read", async () => {
    const { data, faults } = await load({
      data: { train: "a.jsonl", validation: "b.jsonl", test: "b.jsonl", target: "t", id: "n" },
      files: {
        "a.jsonl": jsonl({ q: "x", t: 1, n: 1 }, { q: "y", t: 2, n: 2 }),
        "b.jsonl": jsonl({ q: "z", t: 1, n: 3 }, { q: "y", t: 2, n: 4 }, { q: "w", t: 2, n: 1 }),
      },
    });
    expect(data).toBeNull();
    expect(faults).toEqual([
      'overlap: "train" and "validation" share a sample: row 2 of "a.jsonl" and row 2 of "b.jsonl". There is 1 more.',
      'overlap: "train" and "test" share a sample: row 2 of "a.jsonl" and row 2 of "b.jsonl". There is 1 more.',
      'overlap: "validation" and "test" share a sample: row 1 of "b.jsonl" and row 1 of "b.jsonl". There are 2 more.',
    ]);
  });

  it("says so where two sets share an id, not a question", async () => {
    const { faults } = await load({
      data: { train: [{ q: "a", t: 1, n: 1 }], validation: [{ q: "b", t: 1, n: 1 }], target: "t", id: "n" },
    });
    expect(faults).toEqual([
      'overlap: "train" and "validation" share the id "1": row 1 of the rows of "data.train" and row 1 of the rows of "data.validation".',
    ]);
  });

  it("reads UTF-16, and says that other encodings are not UTF-8", async () => {
    const bare = await load({
      data: { train: "marked.csv", validation: "bare.csv", target: "t" },
      files: {
        "marked.csv": Buffer.from("\uFEFFq,t\né,1\n", "utf16le"),
        "bare.csv": Buffer.from("q,t\nß,1\n", "utf16le").swap16(),
      },
    });
    expect([bare.faults, questions(bare.data, "train"), questions(bare.data, "validation")]).toEqual([
      [],
      ["é"],
      ["ß"],
    ]);
    const latin = await load({
      data: { train: "latin.csv", validation: [{ q: "a", t: "1" }], target: "t" },
      files: { "latin.csv": Buffer.from("q,t\né,1\n", "latin1") },
    });
    expect([latin.data, latin.faults]).toEqual([null, ['unreadable-file: The file "latin.csv" is not UTF-8 text.']]);
    for (const [bytes, what] of [
      [Buffer.from("fffe0000710000002c000000", "hex"), "is not UTF-8 text."],
      [gzipSync("q,t\né,1\n"), "is compressed."],
      [Buffer.from("PAR1\u0000\xff\xfePAR1", "latin1"), "is a Parquet file, not text."],
    ] as const) {
      const { faults } = await load({
        data: { train: "x.csv", validation: [{ q: "a", t: "1" }], target: "t" },
        files: { "x.csv": bytes },
      });
      expect(faults).toEqual([`unreadable-file: The file "x.csv" ${what}`]);
    }
  });

  it("removes equal questions before it divides a file, so that no two sets share one", async () => {
    const rows = Array.from({ length: 40 }, (_, at) => ({ q: `q${at % 10}`, t: at === 39 ? "odd" : `t${at % 10}` }));
    const { data, faults } = await load({
      data: { file: "d.json", split: { test: 0.2 }, target: "t" },
      files: { "d.json": JSON.stringify(rows) },
    });
    const all = SPLITS.flatMap((split) => questions(data, split) ?? []);
    expect(SPLITS.map((split) => data?.[split].length)).toEqual([4, 3, 2]);
    expect(new Set(all).size).toBe(9);
    expect(faults).toEqual([
      'duplicate-row: In "d.json", rows 1 and 11 have the same inputs. There are 28 more.',
      'conflicting-row: In "d.json", rows 10 and 40 have the same inputs but different answers.',
    ]);
  });

  it("names the row that lacks a field, and the rows that are broken", async () => {
    const { faults } = await load({
      data: { train: "d.jsonl", validation: [{ q: "v", t: null }], target: "t" },
      files: { "d.jsonl": `${jsonl({ q: "a", t: "1" }, { t: "2" })}{"q": \n` },
    });
    expect(faults[0]).toMatch(/^broken-row: In "d\.jsonl", row 3 can't be read: it is not JSON/);
    expect(faults.slice(1)).toEqual([
      'missing-field: In "d.jsonl", row 2 has no field "q".',
      'missing-field: In the rows of "data.validation", row 1 has no value for "t".',
    ]);
  });

  it("makes text of numbers, lists and objects, and takes lists of targets and criticism", async () => {
    const { data, faults } = await load({
      data: {
        train: [{ text: 7, list: ["x", "y"], t: ["1", 2, null], why: "Too long." }],
        validation: [{ text: false, list: {}, t: 3, why: "" }],
        fields: { question: "text", options: "list" },
        target: "t",
        feedback: "why",
      },
      inputs: ["question", "options"],
    });
    expect(faults).toEqual([]);
    expect(data?.train[0]).toMatchObject({
      inputs: { question: "7", options: '["x","y"]' },
      targets: ["1", "2"],
      feedback: "Too long.",
    });
    expect(data?.validation[0]).toMatchObject({
      inputs: { question: "false", options: "{}" },
      targets: ["3"],
      feedback: null,
    });
  });

  it("takes a list for one answer if the loss compares structure", async () => {
    const { data } = await load({
      data: { train: [{ q: "a", t: [1, 2] }], validation: [{ q: "b", t: { x: 1 } }], target: "t" },
      loss: { kind: "json" },
    });
    expect([data?.train[0]?.targets, data?.validation[0]?.targets]).toEqual([["[1,2]"], ['{"x":1}']]);
  });

  it("names a sample by its inputs, wherever its row is", async () => {
    const one = await load({
      data: {
        train: [
          { q: "a", t: 1 },
          { q: "b", t: 1 },
        ],
        validation: [{ q: "c", t: 1 }],
        target: "t",
      },
    });
    const two = await load({ data: { train: [{ q: "b", t: 2 }], validation: [{ q: "a", t: 1 }], target: "t" } });
    expect(one.data?.train[0]?.id).toBe(two.data?.validation[0]?.id);
    expect(one.data?.train[1]?.id).toBe(two.data?.train[0]?.id);
    expect(one.data?.train[0]?.id).not.toBe(one.data?.train[1]?.id);
  });

  it("does not take what objects inherit for a field", async () => {
    const { faults } = await load({
      data: { train: [{ t: 1 }], validation: [{ t: 1 }], target: "t" },
      inputs: ["constructor"],
    });
    expect(faults[0]).toBe('missing-field: In the rows of "data.train", row 1 has no field "constructor".');
  });

  it("reads 10,000 rows in one go", async () => {
    const rows = jsonl(
      ...Array.from({ length: 10_000 }, (_, at) => ({ q: `question ${at} ${"x".repeat(300)}`, t: at })),
    );
    const { data, faults } = await load({
      data: { file: "d.jsonl", split: {}, target: "t" },
      files: { "d.jsonl": rows },
    });
    expect(faults).toEqual([]);
    expect(SPLITS.map((split) => data?.[split].length)).toEqual([4000, 3000, 3000]);
  });
});

/** Real rows stand beside the project, never in it. */
const shared = join(import.meta.dirname, "../../../../shared/data");
describe.skipIf(!existsSync(shared))(`real rows (skipped where ${shared} is absent)`, () => {
  const inFolder = async (data: object, loss: object, inputs = ["question"]) => {
    const folder = join(shared);
    const nodes = { solve: { inputs, instruction: "Solve." } };
    const text = JSON.stringify({ version: 1, inputs, nodes, output: "solve", data, loss, models: { forward: "any" } });
    const disk = nodeFiles();
    const files = {
      ...disk,
      read: async (path: string) => (path.endsWith(".agentgraph.json") ? Buffer.from(text) : disk.read(path)),
      stat: async (path: string) =>
        path.endsWith(".agentgraph.json")
          ? { kind: "file" as const, bytes: text.length, modified: 0 }
          : disk.stat(path),
    };
    const { task, faults } = await loadTask(join(folder, "g.agentgraph.json"), { ...nodeDeps(), files });
    return { data: task?.data, codes: faults.map(({ code }) => code), messages: faults.map(({ message }) => message) };
  };

  it("of GSM8K score right against themselves, thousands commas included", async () => {
    const { data, codes } = await inFolder(
      {
        train: { file: "gsm8k/train.jsonl", rows: [0, 200] },
        validation: { file: "gsm8k/train.jsonl", rows: [200, 400] },
        test: "gsm8k/test.jsonl",
        target: "answer",
        id: "id",
      },
      { kind: "number" },
    );
    expect(codes).toEqual([]);
    expect(data?.test.length).toBe(1022);
  });

  it("of MMLU: equal rows are kept once", async () => {
    const { codes, messages } = await inFolder(
      { file: "mmlu/college_physics_test.jsonl", split: {}, target: "answer", id: "id" },
      { kind: "choice" },
      ["question", "choices"],
    );
    expect(codes).toEqual(["duplicate-row"]);
    expect(messages[0]).toMatch(/There are 9 more/);
  });

  it("of BIG-Bench Hard: the same question with opposite answers is reported", async () => {
    const { codes } = await inFolder(
      { file: "bbh/causal_judgement.jsonl", split: {}, target: "answer" },
      { kind: "choice" },
    );
    expect(codes).toContain("conflicting-row");
  });

  it("of LIAR: statements in both train and test are found", async () => {
    const { codes, messages } = await inFolder(
      {
        train: { file: "liar/train.jsonl", rows: [0, 2700] },
        validation: { file: "liar/train.jsonl", rows: [2700, 2707] },
        test: "liar/test.jsonl",
        target: "answer",
        id: "id",
      },
      { kind: "choice" },
      ["statement"],
    );
    expect(codes).toContain("overlap");
    expect(messages.find((message) => message.includes('"train" and "test"'))).toMatch(/There are 2 more/);
  });
});
