import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FILE_KINDS } from "../../../../src/graph/node-kinds.ts";
import { readGraphText } from "../../../../src/graph/read.ts";
import { LOSS_KINDS } from "../../../../src/graph/schema/schema-run.ts";
import { graphFormat } from "../../../../src/methods/registry.ts";

const text = readFileSync(join(import.meta.dirname, "../../../../docs/format.md"), "utf8");
const examples = Array.from(text.matchAll(/^```json\n([\s\S]*?)^```$/gm), (match) => JSON.parse(match[1] ?? ""));
const [whole] = examples;

it.each(examples.map((part) => [JSON.stringify(part).slice(0, 80), part]))("reads %s", (_, part) => {
  const inputs =
    part.inputs && !part.nodes ? { nodes: { solve: { inputs: Object.keys(part.inputs), instruction: "Solve." } } } : {};
  const file = JSON.stringify({ ...whole, ...inputs, ...part });
  const { faults } = readGraphText("/g.agentgraph.json", file, graphFormat);
  expect(faults.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
});

it("shows every kind of node", () => {
  const kinds = examples.flatMap(({ nodes = {} }) =>
    Object.values<{ kind?: string }>(nodes).map(({ kind = "llm" }) => kind),
  );
  expect([...new Set(kinds)].toSorted()).toEqual(FILE_KINDS.toSorted());
});

it("shows every loss and every part of a file", () => {
  expect(examples.flatMap(({ loss }) => (loss ? [loss.kind] : [])).toSorted()).toEqual(
    expect.arrayContaining([...LOSS_KINDS]),
  );
  expect(Object.keys(whole)).toEqual(
    expect.arrayContaining(["inputs", "nodes", "output", "data", "loss", "models", "optimize"]),
  );
});
