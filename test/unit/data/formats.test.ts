import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { stringify as json } from "lossless-json";
import Papa from "papaparse";
import { describe, expect, it, test } from "vitest";
import { DataUnreadable } from "../../../src/data/row.ts";
import { formatOf } from "../../../src/data/rows.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";

async function read(name: string, text: string, names: string[] = []) {
  const format = formatOf(name);
  if (!format) throw new Error(`no format for ${name}`);
  const { rows, broken, ...rest } = await format(text, { name, locale: ENGLISH, yieldNow: async () => {}, names });
  return { rows: rows.map(({ fields }) => JSON.parse(json(fields) ?? "")), broken, ...rest };
}

const rowsOf = async (name: string, text: string, names?: string[]) => (await read(name, text, names)).rows;
const refusal = async (name: string, text: string) => {
  const error = await read(name, text).catch((thrown: unknown) => thrown);
  if (!(error instanceof DataUnreadable)) throw new Error(`not refused: ${JSON.stringify(error)}`);
  return [error.message, error.remedy];
};

describe("tables", () => {
  const two = [
    { q: "a", t: "1" },
    { q: "b", t: "2" },
  ];

  it.each([
    ["x.csv", "sep=;\r\nq;t\r\na;1\r\nb;2\r\n"],
    ["x.csv", '"sep=|"\nq|t\na|1\nb|2\n'],
    ["x.csv", "q|t\na|1\nb|2\n"],
    ["x.csv", "q,t\na,1\nb,2\n,\n,\n"],
    ["x.csv", "q,t,,\na,1,,\nb,2,,\n,,,\n"],
    ["x.csv", "q,t\na,1,\nb,2,\n"],
    ["x.csv", 'q, t\n"a", "1"\n"b", "2"\n'],
    ["x.csv", "q,t\ra,1\rb,2\r"],
    ["x.csv", ",q,t\n0,a,1\n1,b,2\n"],
    ["x.tsv", "q\tt\na\t1\nb\t2\n"],
    ["x.tsv", "q,t\na,1\nb,2\n"],
    ["x.tab", "q\tt\na\t1\nb\t2"],
  ])("of %s: %j", async (name, text) => {
    expect(await rowsOf(name, text)).toEqual(two);
  });

  it("of tabs can contain quotes that are not in pairs", async () => {
    expect(await rowsOf("x.tsv", 'q\tt\n"When did he\t1\nsay" it?\t2\n5" pipe\t3\n')).toEqual([
      { q: '"When did he', t: "1" },
      { q: 'say" it?', t: "2" },
      { q: '5" pipe', t: "3" },
    ]);
    expect(await rowsOf("x.tsv", 'q\tt\n"one\ttwo\t\nthree"\t1\n')).toEqual([{ q: "one\ttwo\t\nthree", t: "1" }]);
  });

  it("can contain JSON in cells without quotes, and quotes after backslashes", async () => {
    expect(await rowsOf("x.csv", 'q,t\n{"a":1},1\n')).toEqual([{ q: '{"a":1}', t: "1" }]);
    expect(await rowsOf("x.csv", 'q,t\n"say \\"no\\"",1\n')).toEqual([{ q: 'say "no"', t: "1" }]);
  });

  it("take the delimiter by which all rows have as many cells as the header", async () => {
    expect(await rowsOf("x.csv", "q (a,b);t\n1,5;2\n3;4\n")).toEqual([
      { "q (a,b)": "1,5", t: "2" },
      { "q (a,b)": "3", t: "4" },
    ]);
    expect(await refusal("x.csv", "a,b;c\n1,2;3\n")).toEqual([
      "The columns of x.csv can be separated by any of these: commas, semicolons.",
      "Add a first line that names the delimiter: sep=,",
    ]);
    expect(await rowsOf("x.csv", "sep=,\na,b;c\n1,2;3\n")).toEqual([{ a: "1", "b;c": "2;3" }]);
  });

  it("say which row has too few or too many cells, and which quote is never closed", async () => {
    const { broken } = await read("x.csv", "q,t\na,1\nb\nc,1,2,3\n");
    expect(broken).toEqual([
      { number: 2, reason: "it has 1 cell, but the header has 2 columns" },
      { number: 3, reason: "it has 4 cells, but the header has 2 columns" },
    ]);
    expect((await read("x.csv", 'q,t\na,1\n"b,2\nc,3\n')).broken).toEqual([
      { number: 2, reason: "a quote is never closed" },
    ]);
  });

  it("have columns without invisible characters around their names", async () => {
    expect(await rowsOf("x.csv", "\u200Bq\u00A0,t\u200B\na,1\n")).toEqual([{ q: "a", t: "1" }]);
  });

  it("say which columns are twice", async () => {
    expect(await read("x.csv", "q,t,q\n1,2,3\n")).toMatchObject({ broken: [], repeated: ["q"] });
  });
});

describe("JSON files", () => {
  it("keep the digits of numbers", async () => {
    const format = formatOf("x.jsonl");
    const { rows } = (await format?.('{"id":9007199254740993,"x":1.50,"big":1e400}', {
      name: "x.jsonl",
      locale: ENGLISH,
      yieldNow: async () => {},
    })) ?? { rows: [] };
    expect(Object.values(rows[0]?.fields ?? {}).map(String)).toEqual(["9007199254740993", "1.50", "1e400"]);
  });

  it.each([
    ["JSON Lines under .json", "x.json", '{"a":"1"}\n{"a":"2"}\n'],
    ["a list under .jsonl", "x.jsonl", '[\n  {"a":"1"},\n  {"a":"2"}\n]\n'],
    ["a list within objects", "x.json", '{"info":{"n":2},"data":{"rows":[{"a":"1"},{"a":"2"}],"tags":["x"]}}'],
    [
      "the rows API",
      "x.json",
      '{"features":[{"name":"a"}],"rows":[{"row_idx":0,"row":{"a":"1"},"truncated_cells":[]},{"row_idx":1,"row":{"a":"2"},"truncated_cells":[]}]}',
    ],
    ["columns", "x.json", '{"a":["1","2"]}'],
    ["columns with an index", "x.json", '{"a":{"0":"1","1":"2"}}'],
    ["columns and data", "x.json", '{"columns":["a"],"index":[0,1],"data":[["1"],["2"]]}'],
  ])("can contain %s", async (_, name, text) => {
    expect(await rowsOf(name, text)).toEqual([{ a: "1" }, { a: "2" }]);
  });

  it("with several lists: that of the set's name, else the user is asked", async () => {
    const text = '{"train":[{"a":"1"}],"dev":[{"a":"2"}],"test":[{"a":"3"}]}';
    expect(await rowsOf("x.json", text, ["validation", "dev"])).toEqual([{ a: "2" }]);
    expect(await refusal("x.json", text)).toEqual([
      'x.json has several lists: "train" (1 row), "dev" (1 row), "test" (1 row).',
      'Name one: { "file": "…", "list": "train" }.',
    ]);
  });

  it("of the rows API say what is missing", async () => {
    const rows = '{"num_rows_total":1319,"rows":[{"row":{"a":"1"},"truncated_cells":[]}]}';
    expect(await read("x.json", rows)).toMatchObject({ note: "x.json has only 1 of the data set's 1,319 rows." });
    expect(await refusal("x.json", rows.replace("[]", '["a"]'))).toEqual([
      "x.json has truncated cells, the first in row 1.",
      "Download the full data set instead of its preview.",
    ]);
  });

  it("say what is no JSON, and where", async () => {
    const reasons = async (text: string, name = "x.jsonl") =>
      (await read(name, text)).broken.map(({ reason }) => reason);
    expect(await reasons('{"a":1,"b":2,"a":3}')).toEqual(['it has the key "a" twice, with different values']);
    expect(await reasons('{"a":NaN}')).toEqual(["it is not JSON (NaN is not a JSON value)"]);
    expect(await reasons("{'a':1}")).toEqual(["it is not JSON (JSON requires double quotes)"]);
    expect(await reasons('[\n{"a":1},\n{"a":None}\n]', "x.json")).toEqual([
      "it is not JSON (None is not a JSON value, in line 3)",
    ]);
  });
});

describe("JSON Lines", () => {
  it("can start any line with a byte order mark, as files put together do", async () => {
    expect(await rowsOf("x.jsonl", '\uFEFF{"a":1}\n\uFEFF{"a":2}\n')).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it.each([
    ["over several lines", '{\n  "a": "}{"\n}\n{\n  "a": 2\n}\n'],
    ["on one line", '{"a":1}{"a":2}\n'],
    ["with line ends of old Macs", '{"a":1}\r{"a":2}\r'],
  ])("of objects %s say how to write them", async (_, text) => {
    for (const name of ["x.jsonl", "x.json"])
      expect(await refusal(name, text)).toEqual([
        `${name} has several JSON objects that are not on lines of their own.`,
        "Write each object on a line of its own, for example with jq -c .",
      ]);
  });

  it("with one damaged line are not taken for that", async () => {
    expect((await read("x.jsonl", '{"a":1\n{"a":2}\n')).broken).toHaveLength(1);
    expect((await read("x.jsonl", '{"a":1},\n{"a":2},\n')).broken).toHaveLength(2);
  });
});

describe("what is not a data at all is reported by name", () => {
  it.each([
    [
      "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
      "is a Git LFS pointer, not the data.",
    ],
    ["<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page, not data."],
    ["q,t\n<<<<<<< HEAD\na,1\n=======\na,2\n>>>>>>> other\n", "has a merge conflict at line 2."],
  ])("%j", async (text, problem) => {
    for (const name of ["x.csv", "x.jsonl", "x.json", "x.tsv"])
      expect((await refusal(name, text))[0]).toBe(`${name} ${problem}`);
  });
});

describe("loadTask", () => {
  async function faultsOf(data: object, files: Record<string, string>, loss: object = { kind: "exact" }) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "agentgraph-formats-")));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, ".git"));
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data/real.jsonl"), '{"q":"linked","t":"1"}\n');
    symlinkSync(join(folder, "data/real.jsonl"), join(folder, "link.jsonl"));
    symlinkSync(join(folder, "data"), join(folder, "folder"));
    const path = join(folder, "g.agentgraph.json");
    const graph = { version: 1, inputs: ["q"], nodes: { s: { inputs: ["q"], instruction: "Solve." } }, output: "s" };
    const text = JSON.stringify({ ...graph, data: { target: "t", ...data }, loss, models: { forward: "any" } });
    writeFileSync(path, text.replaceAll('"@1.50"', "1.50").replaceAll('"@9007199254740993"', "9007199254740993"));
    const { task, faults } = await loadTask(path, nodeDeps());
    rmSync(folder, { recursive: true });
    return { data: task?.data, faults: faults.map(({ code, message, remedy }) => `${code}: ${message} ${remedy}`) };
  }
  const validation = [{ q: "v", t: "1" }];

  it("keeps 64-bit ids apart, and the digits of inputs and targets", async () => {
    const { data, faults } = await faultsOf(
      { train: "a.jsonl", validation: [{ q: "@1.50", t: "@9007199254740993", n: "v" }], id: "n" },
      { "a.jsonl": '{"q":1.50,"t":2.0,"n":9007199254740992}\n{"q":1.5,"t":2,"n":9007199254740993}\n' },
    );
    expect(faults).toEqual([expect.stringContaining('overlap: "train" and "validation" share a sample: row 1')]);
    const apart = await faultsOf(
      { train: "a.jsonl", validation: [{ q: "x", t: "@9007199254740993", n: "v" }], id: "n" },
      { "a.jsonl": '{"q":1.50,"t":2.0,"n":9007199254740992}\n{"q":1.5,"t":2,"n":9007199254740993}\n' },
    );
    expect([data, apart.faults]).toEqual([undefined, []]);
    expect(apart.data?.train.map(({ id, inputs, targets }) => [id, inputs.q, targets[0]])).toEqual([
      ["9007199254740992", "1.50", "2.0"],
      ["9007199254740993", "1.5", "2"],
    ]);
    expect(apart.data?.validation[0]?.targets).toEqual(["9007199254740993"]);
  });

  it("reads nested fields, and lists of them", async () => {
    const { data, faults } = await faultsOf(
      { train: "a.jsonl", validation: [{ p: { q: "v" }, t: { text: ["1"] } }], fields: { q: "p.q" }, target: "t.text" },
      { "a.jsonl": '{"p":{"q":"a"},"t":[{"text":"x"},{"text":"y"}]}\n{"p.q":"own","t.text":"z"}\n' },
    );
    expect(faults).toEqual([]);
    expect(data?.train.map(({ inputs, targets }) => [inputs.q, targets])).toEqual([
      ["a", ["x", "y"]],
      ["own", ["z"]],
    ]);
  });

  it("takes a list as one answer if the loss compares sets", async () => {
    const files = { "a.jsonl": '{"q":"a","t":["x","y"]}\n{"q":"b","t":"x, z"}\n{"q":"c","t":[]}\n' };
    const { data, faults } = await faultsOf({ train: "a.jsonl", validation }, files, { kind: "set" });
    expect(faults).toEqual([]);
    expect(data?.train.map(({ targets }) => targets)).toEqual([['["x","y"]'], ["x, z"], ["[]"]]);
  });

  it("refuses objects as targets if the loss compares texts", async () => {
    const { faults } = await faultsOf(
      { train: "a.jsonl", validation },
      { "a.jsonl": '{"q":"a","t":{"text":"x","start":5}}' },
    );
    expect(faults[0]).toBe(
      'unfit-target: In "a.jsonl", the target of row 1 is an object. Name the field inside it, such as "target": "t.text", or use the loss "json".',
    );
  });

  it("names the fields that a row has in place of the missing one", async () => {
    const { faults } = await faultsOf({ train: "a.jsonl", validation }, { "a.jsonl": '{"question":"a","t":"x"}' });
    expect(faults[0]).toBe(
      'missing-field: In "a.jsonl", row 1 has no field "q". Add the field, or name another in "data". The row has "question", "t".',
    );
  });

  it("warns of samples in two sets that differ in case, spacing and punctuation alone", async () => {
    const near = {
      train: [{ q: "What is  the Sum of 1.5 and 2?", t: "1" }],
      validation: [{ q: "what is the sum of 1.5 and 2", t: "1" }],
    };
    expect((await faultsOf(near, {})).faults).toEqual([
      'near-overlap: "train" and "validation" share a sample except for case, spacing or punctuation: row 1 of the rows of "data.train" and row 1 of the rows of "data.validation". Remove it from one of them.',
    ]);
    for (const [a, b] of [
      ["1.5 - 2", "15 - 2"],
      ["1 + 2", "1 - 2"],
      ["[ ( {", "[ ( ["],
      ["1 2", "12"],
    ])
      expect((await faultsOf({ train: [{ q: a, t: "1" }], validation: [{ q: b, t: "1" }] }, {})).faults).toEqual([]);
  });

  it("minds a repeated column only if it is used", async () => {
    const unused = await faultsOf({ train: "a.csv", validation }, { "a.csv": "q,t,note,note\na,1,x,y\n" });
    expect(unused.faults).toEqual([]);
    const used = await faultsOf({ train: "a.csv", validation }, { "a.csv": "q,t,q\na,1,b\n" });
    expect(used.faults).toEqual([
      'repeated-column: In "a.csv", the header names the column "q" more than once. Rename all but one.',
    ]);
  });

  it("follows links that stay inside the repository", async () => {
    const { data, faults } = await faultsOf({ train: "link.jsonl", validation }, {});
    expect([faults, data?.train[0]?.inputs.q]).toEqual([[], "linked"]);
    expect((await faultsOf({ train: "folder/real.jsonl", validation }, {})).faults).toEqual([]);
  });

  it("reads the list that is named, and says which there are", async () => {
    const files = { "a.json": '{"x":[{"q":"a","t":"1"}],"y":[{"q":"b","t":"1"}]}' };
    const named = await faultsOf({ train: { file: "a.json", list: "y" }, validation }, files);
    expect([named.faults, named.data?.train[0]?.inputs.q]).toEqual([[], "b"]);
    const wrong = await faultsOf({ train: { file: "a.json", list: "z" }, validation }, files);
    expect(wrong.faults[0]).toBe('unreadable-file: "a.json" has no list at "z". Name one of its lists: x, y.');
  });
});

describe("tables that other libraries write", () => {
  const name = fc.stringMatching(/^[A-Za-z]\w{0,8}$/).filter((one) => !(one in {}));
  const cell = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      '"',
      "'",
      ",",
      ";",
      "|",
      "a, b",
      "two\nlines",
      "a\r\nb",
      "\t",
      "ß😀",
      '"quoted"',
      " x ",
      '{"a":1}',
      "1,5",
      "\\",
      'a"b',
    ),
  );
  const table = fc.uniqueArray(name, { minLength: 2, maxLength: 5 }).chain((names) =>
    fc.record({
      names: fc.constant(names),
      rows: fc.array(
        fc.tuple(...names.map(() => cell)).filter((cells) => cells.some((one) => one.trim() !== "")),
        { minLength: 1, maxLength: 8 },
      ),
    }),
  );
  const objects = (names: readonly string[], rows: readonly (readonly string[])[]) =>
    rows.map((cells) => Object.fromEntries(names.map((one, at) => [one, cells[at] ?? ""])));

  test("are read back as they were", async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(",", ";", "\t", "|"),
        fc.constantFrom("papaparse", "papaparse quoted", "csv-stringify", "csv-stringify sep"),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        async ({ names, rows }, delimiter, writer, newline, bom) => {
          const data = [names, ...rows];
          const text = writer.startsWith("papaparse")
            ? Papa.unparse(data as string[][], { delimiter, newline, quotes: writer.endsWith("quoted") })
            : stringify(data as string[][], { delimiter, record_delimiter: newline });
          // A first line says what no reader could know: that "a,b;c" has two columns.
          const own = delimiter === "\t" ? "" : `sep=${delimiter}${newline}`;
          const file = delimiter === "\t" ? "x.tsv" : "x.csv";
          expect(await rowsOf(file, (bom ? "\uFEFF" : "") + own + text)).toEqual(objects(names, rows));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("of tabs without quoting are read back, whatever quotes are in their cells", async () => {
    const bare = fc.string({ maxLength: 12 }).filter((one) => !/[\t\r\n]/.test(one));
    const odd = fc.constantFrom('"open', 'close"', 'a "b" c', '5"', '"');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.oneof(bare, odd), odd), { minLength: 1, maxLength: 8 }), async (rows) => {
        const text = ["q\tt", ...rows.map((cells) => cells.join("\t"))].join("\n");
        expect(await rowsOf("x.tsv", text)).toEqual(objects(["q", "t"], rows));
      }),
      { numRuns: 100 },
    );
  });
});
