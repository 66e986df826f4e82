import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatOf } from "../../../src/data/rows.ts";
import { Patterns } from "../../../src/graph/pattern.ts";
import { readGraphText } from "../../../src/graph/read.ts";
import { extract } from "../../../src/graph/replies/extract.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { jsonLoss } from "../../../src/loss/json.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { wordChanges } from "../../../src/run/report/tables/word-changes.ts";

/** Files of some kilobytes that would keep an editor busy, or break what reads them, as soon as they are looked at. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentgraph-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function faultsOf(loss: object, data: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [name, text] of Object.entries(data)) await writeFile(join(folder, name), text);
  const [train = "", validation = ""] = Object.keys(data);
  const graph = {
    version: 1,
    inputs: { question: "" },
    nodes: { solve: { inputs: ["question"], instruction: "Solve." } },
    output: "solve",
    data: { train, validation, target: "answer" },
    loss,
    models: { forward: "m" },
  };
  const path = join(folder, "g.agentgraph.json");
  await writeFile(path, JSON.stringify(graph));
  const { faults, task } = await loadTask(path, nodeDeps());
  expect(task).toBeNull();
  return faults.filter(({ severity }) => severity === "error").map(({ code }) => code);
}

const deep = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
const GOOD = '{"question":"v","answer":"1"}';

/** Thirty definitions, each of which names the next one twice: a thousand million parts. */
function doubling(): object {
  const names = Array.from({ length: 30 }, (_, index) => [`d${index}`, `#/$defs/d${index + 1}`] as const);
  const defs = names.map(([name, next]) => [name, { anyOf: [{ $ref: next }, { $ref: next }] }]);
  return { $defs: { ...Object.fromEntries(defs), d30: { type: "string" } }, $ref: "#/$defs/d0" };
}

describe("a schema", () => {
  it.each<[string, object]>([
    ["that doubles with each definition", doubling()],
    ["that names itself", { $defs: { a: { allOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" }],
    ["that is itself", { anyOf: [{ $ref: "#" }] }],
    ["that names what cannot be a place", { $ref: "#/%" }],
  ])("%s is a fault, and no target is held against it", async (_, schema) => {
    const faults = await faultsOf({ kind: "json", schema }, { "t.jsonl": GOOD.replace("v", "t"), "v.jsonl": GOOD });
    expect(faults).toEqual(["wrong-value"]);
  });

  it("may name the same definition in many places", () => {
    const text = { $ref: "#/$defs/text" };
    const schema = { $defs: { text: { type: "string" } }, type: "object", properties: { a: text, b: text } };
    const score = jsonLoss({ schema }).score({ id: "", inputs: {}, targets: [], feedback: null }, '{"a":"x","b":"y"}');
    expect(score).toMatchObject({ loss: 0 });
  });
});

describe("brackets in brackets, deeper than the stack", () => {
  it("are a row that can't be read", async () => {
    for (const levels of [5_000, 100_000]) {
      const row = `{"question":${deep(levels)},"answer":"1"}`;
      expect(await faultsOf({ kind: "exact" }, { "t.jsonl": row, "v.jsonl": GOOD })).toContain("broken-row");
      expect(await faultsOf({ kind: "exact" }, { "t.json": `[${row}]`, "v.jsonl": GOOD })).toContain("broken-row");
    }
  });

  it("are not answer", async () => {
    const answer = `{"a":${deep(5_000)}}`;
    const sample = { id: "", inputs: {}, targets: ['{"a":1}'], feedback: null };
    expect(jsonLoss({}).score(sample, answer)).toMatchObject({ loss: 1 });
    const read = (reply: string) => extract(reply, { kind: "json", json: "a" }, new Patterns());
    expect(await read(answer)).toMatchObject({ formatError: true });
    expect(await read(`{"a":${deep(90)}}`)).toMatchObject({ formatError: false });
  });
});

it.each([
  ["rows that are none", "t.jsonl", "x\n".repeat(1_000_000)],
  ["rows of the wrong length", "t.csv", `question,answer\n${"a,b,c\n".repeat(300_000)}`],
  ["quotes in quotes", "t.csv", '"a""'.repeat(200_000)],
])("of a million %s the first thousand are enough", async (_, name, text) => {
  const { rows, broken } = (await formatOf(name)?.(text, { name, locale: ENGLISH, yieldNow: async () => {} })) ?? {
    rows: [],
    broken: [],
  };
  expect(rows).toEqual([]);
  expect(broken.length).toBeOneOf([1_000, 1_001]);
});

it("columns by the thousand are compared with each other once", async () => {
  const names = Array.from({ length: 50_000 }, (_, index) => `c${index}`).join(",");
  const read = await formatOf("t.csv")?.(`${names},c7\n`, { name: "t.csv", locale: ENGLISH, yieldNow: async () => {} });
  expect(read?.repeated).toEqual(["c7"]);
});

it("a graph of one long line, and texts to keep by the thousand in a text of one letter, are read at once", () => {
  const graph = (nodes: object) => JSON.stringify({ version: 1, inputs: {}, nodes, output: "a" });
  const ids = Array.from({ length: 600 }, (_, index) => `n${index}`);
  const all = Object.fromEntries(ids.map((id, index) => [id, { inputs: ids.slice(0, index), instruction: "x" }]));
  expect(readGraphText("/g.agentgraph.json", graph(all), graphFormat).outline.nodes).toHaveLength(600);
  const keep = Array.from({ length: 20_000 }, (_, index) => `${"k".repeat(20)}${index}`);
  const kept = { a: { inputs: [], keep, instruction: "k".repeat(400_000) } };
  expect(readGraphText("/g.agentgraph.json", graph(kept), graphFormat).faults.length).toBeLessThan(500);
});

it("two long texts with little in common are reported apart without looking for all that they share", () => {
  const text = (word: (index: number) => number) => Array.from({ length: 50_000 }, (_, at) => `w${word(at)}`).join(" ");
  const changes = wordChanges(
    text((at) => (at * 7919) % 53),
    text((at) => (at * 104_729) % 59),
  );
  expect(changes.map(({ kind }) => kind)).toEqual(["removed", "added"]);
});
