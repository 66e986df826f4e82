import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Fault } from "../../../src/graph/fault.ts";
import { Locale } from "../../../src/i18n/locale.ts";
import { makeLoss } from "../../../src/loss/make.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";

/** Marks what went through `t`. */
const marking = new Locale(
  (text, ...values) => `⟦${text.replace(/\{(\d)\}/g, (hole, index) => String(values[Number(index)] ?? hole))}⟧`,
  "de",
);

const node = { inputs: ["q"], instruction: "Answer {{q}}." };
const data = { train: [{ q: "a", t: "1" }], validation: [{ q: "b", t: "1" }], target: "t" };
const sound = { version: 1, inputs: ["q"], nodes: { n: node }, output: "n", data, loss: { kind: "exact" } };

async function faultsOf(graph: object | string, files: Record<string, string> = {}): Promise<readonly Fault[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "agentgraph-language-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, ".git"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const path = join(folder, "g.agentgraph.json");
  writeFileSync(path, typeof graph === "string" ? graph : JSON.stringify(graph));
  return (await loadTask(path, nodeDeps(), { locale: marking })).faults;
}

describe("faults are in the reader's language", () => {
  it.each([
    ["syntax", "{ nodes: }"],
    ["nesting", "[".repeat(200)],
    ["an empty file", ""],
    ["a newer version", { ...sound, version: 9 }],
    ["missing keys", { version: 1 }],
    ["wrong types", { ...sound, name: 3, nodes: { n: { ...node, keep: "x", maxWords: 0 } }, optimize: { seed: -1 } }],
    ["unknown names", { ...sound, output: "m", nodes: { n: { ...node, inputs: ["q", "r", "r"], extra: 1 } } }],
    ["a cycle", { ...sound, nodes: { n: { ...node, inputs: ["n"] } } }],
    ["other templates", { ...sound, nodes: { n: { ...node, instruction: "{% if x %} {{z}} {q}" } } }],
    ["prompt files", { ...sound, nodes: { n: { ...node, instruction: { file: "../x.md" } } } }],
    ["a kind that is not run", { ...sound, nodes: { n: { kind: "tool" } } }],
    ["an unknown loss", { ...sound, loss: { kind: "exakt" } }],
    ["a pattern", { ...sound, loss: { kind: "regex", pattern: "(" } }],
    ["a schema", { ...sound, loss: { kind: "json", schema: { pattern: "x" } } }],
    ["two ways to name data", { ...sound, data: { ...data, file: "x.jsonl" } }],
    ["rows", { ...sound, data: { ...data, train: [{ q: "b", t: "1" }, { q: "c" }] } }],
    ["targets", { ...sound, loss: { kind: "number" }, data: { ...data, train: [{ q: "c", t: "12:30" }] } }],
    ["a method", { ...sound, optimize: { method: "guess" } }],
    ["data files", { ...sound, data: { ...data, train: "a.csv", validation: "b.jsonl", test: "c.xlsx" } }],
  ])("%s", async (_, graph) => {
    const faults = await faultsOf(graph, { "a.csv": 'q,t\n1\n"2,3', "b.jsonl": "{'q':1}\nversion\n" });
    expect(faults).not.toEqual([]);
    for (const { code, message, remedy } of faults) {
      expect(message, code).toMatch(/^⟦.*⟧/su);
      expect(remedy, code).toMatch(/^⟦.*⟧$/su);
    }
    for (const { title } of faults.flatMap(({ fixes }) => fixes?.() ?? [])) expect(title).toMatch(/^⟦.*⟧$/su);
  });

  it("and so are the descriptions of losses, but not the criticism, which a model reads", async () => {
    for (const kind of ["exact", "contains", "number", "choice", "regex", "f1", "set", "json"]) {
      const loss = makeLoss(graphFormat.schema.shape.loss.parse({ kind }));
      expect(loss.describe(marking), kind).toMatch(/^⟦.*⟧$/su);
      const { criticism } = await loss.score({ id: "1", inputs: {}, targets: ["8"], feedback: null }, "no");
      expect(criticism).toContain("The right answer is");
      expect(criticism).not.toContain("⟦");
    }
  });
});
