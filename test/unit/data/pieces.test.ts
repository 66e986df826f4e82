import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { stringify } from "lossless-json";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { DataUnreadable, type Rows } from "../../../src/data/row.ts";
import { formatOf } from "../../../src/data/rows.ts";
import { type DataText, decoded } from "../../../src/data/text.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";

const context = (name: string) => ({ name, locale: ENGLISH, yieldNow: async () => {} });

/** A file of which each part has so many bytes. */
function inParts(bytes: Uint8Array, size: number): DataText {
  async function* parts() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return decoded(parts, () => new Error("not text"));
}

async function outcome(name: string, text: string | DataText) {
  try {
    const read: Rows | undefined = await formatOf(name)?.(text, context(name));
    return stringify(read);
  } catch (error) {
    if (!(error instanceof DataUnreadable)) throw error;
    return `${error.message} ${error.remedy}`;
  }
}

const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ["x.jsonl", '{"q":"ä😀","t":1}\n\n{"q":"b\u2028","t":1.50}\r\n{"q":"c"\nno JSON\n{"q":"d","t":"x"}'],
  ["x.jsonl", '[\n {"q":"a"},\n {"q":"b"}\n]\n'],
  ["x.jsonl", '{"q":"a"}\n<<<<<<< ours\n{"q":"b"}\n=======\n{"q":"c"}\n>>>>>>> theirs\n'],
  ["x.json", `[{"q":${JSON.stringify('long \\ "'.repeat(20))},"list":[[1,{"a":null}],"😀"]} , {"q":"b"}]\n`],
  ["x.json", '{"a":{"train":[{"q":"a"}]},"b":[{"q":"b"},{"q":"c"}]}'],
  ["x.json", '[{"q":"a"},{"q":}]'],
  ["x.json", '{"q":"a"}\n{"q":"b"}\n'],
  ["x.csv", '\uFEFFq,t\n"a, ""b""\nc",1\nä😀,2\n"never closed,3\n'],
  ["x.csv", "sep=;\nq;t\na;1\nb;2\n"],
  ["x.csv", 'q,t\n"a \\"b\\"",1\nc,2\n'],
  ["x.tsv", 'q\tt\nsay "a\t1\nb\t2\n'],
  ["x.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n"],
  ["x.json", "<!DOCTYPE html><html></html>"],
];

it.each(TEXTS)("%s is read in parts as it is read from memory: %j", async (name, text) => {
  const wanted = await outcome(name, text);
  const bytes = new TextEncoder().encode(text);
  // The encoding is told from the first four bytes.
  for (const size of [4, 5, 7, 64, 4096]) expect(await outcome(name, inParts(bytes, size))).toBe(wanted);
  const wide = Buffer.from(`\uFEFF${text.replace(/^\uFEFF/, "")}`, "utf16le");
  for (const size of [5, 4096]) expect(await outcome(name, inParts(wide, size))).toBe(wanted);
});

test("rows are read in parts of any size as from memory", async () => {
  const row = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue({ maxDepth: 2 }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 4, max: 40 }),
      fc.constantFrom(0, 1),
      async (rows, size, indent) => {
        const texts: Record<string, string> = {
          "x.json": JSON.stringify(rows, null, indent),
          "x.jsonl": rows.map((one) => JSON.stringify(one)).join("\n"),
        };
        for (const [name, text] of Object.entries(texts)) {
          const bytes = new TextEncoder().encode(text);
          expect(await outcome(name, inParts(bytes, size))).toBe(await outcome(name, text));
        }
      },
    ),
    { numRuns: 100 },
  );
});

const folder = join(mkdtempSync(join(tmpdir(), "agentgraph-pieces-")), "repository");
beforeAll(() => mkdirSync(join(folder, ".git"), { recursive: true }));
afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const TABLES: Readonly<Record<string, (rows: number) => string>> = {
  "rows.jsonl": (rows) => Array.from({ length: rows }, (_, at) => `{"q":"question ${at}","t":"${at}"}`).join("\n"),
  "rows.json": (rows) => JSON.stringify(Array.from({ length: rows }, (_, at) => ({ q: `question ${at}`, t: `${at}` }))),
  "rows.csv": (rows) => ["q,t", ...Array.from({ length: rows }, (_, at) => `question ${at},${at}`)].join("\n"),
};

async function load(name: string, contents: string | Uint8Array) {
  const path = join(folder, "a.agentgraph.json");
  const data = { test: name, target: "t" };
  const node = { role: "r", inputs: ["q"], instruction: "Answer." };
  const graph = { version: 1, name: "A", inputs: { q: "a question" }, nodes: { a: node }, output: "a", data };
  writeFileSync(path, JSON.stringify({ ...graph, loss: { kind: "exact" } }));
  writeFileSync(join(folder, name), contents);
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const whole: string[] = [];
  const files: typeof deps.files = {
    ...deps.files,
    read: (file) => {
      whole.push(file);
      return deps.files.read(file);
    },
  };
  const choice = { model: "m", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const loaded = await loadTask(path, { ...deps, files }, { models, needs: ["test"] });
  return { loaded, isWhole: whole.some((file) => file.endsWith(name)) };
}

it.each(Object.keys(TABLES))("%s is never held as a whole", async (name) => {
  const { loaded, isWhole } = await load(name, TABLES[name]?.(20_000) ?? "");
  expect(loaded.faults.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(loaded.task?.data.test).toHaveLength(20_000);
  expect(loaded.task?.data.test.at(-1)?.inputs.q).toBe("question 19999");
  expect(isWhole).toBe(false);
});

it.each(Object.keys(TABLES))("%s with bytes that are no text, far behind its start, is refused", async (name) => {
  const text = Buffer.from(TABLES[name]?.(20_000) ?? "");
  text[text.length - 20] = 0xff;
  const { loaded } = await load(name, text);
  expect(loaded.faults.map(({ message }) => message)).toContain(`The file "${name}" is not UTF-8 text.`);
});
