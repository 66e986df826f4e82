import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fieldsOf } from "../../../src/data/fields.ts";
import { findRoot } from "../../../src/graph/containment.ts";
import { nodeFiles } from "../../../src/platform/files.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "agf-"));
  const rows = Array.from({ length: 9000 }, (_, n) => JSON.stringify({ question: `what is ${n}?`, answer: n }));
  writeFileSync(join(folder, "long.jsonl"), `${rows.join("\n")}\n${JSON.stringify({ late: 1 })}\n`);
  writeFileSync(join(folder, "table.csv"), "question,label\n1,2\n");
  writeFileSync(join(folder, "list.json"), '{ "rows": [{ "a": 1 }, { "b": 2 }] }');
  writeFileSync(join(folder, "broken.jsonl"), '{ "good": 1 }\n{ "bad\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

const fields = async (...references: string[]) => {
  const files = nodeFiles();
  return fieldsOf(references, await findRoot(join(folder, "g.agentgraph.json"), files), files);
};

it("are those of the first rows, in their order, whatever the format", async () => {
  expect(await fields("long.jsonl")).toEqual(["question", "answer"]);
  expect(await fields("table.csv", "list.json", "broken.jsonl")).toEqual(["question", "label", "a", "b", "good"]);
});

it("are none of what is not a data, is not there, or may not be read", async () => {
  expect(await fields("prompt.md", "none.jsonl", "../../etc/passwd.json", "/etc/x.csv")).toEqual([]);
});
