// npm run bench -- language: what the editor does at a keystroke in a graph file of 2,000 nodes and more than 1 MB.

import { getLocation } from "jsonc-parser";
import { inputEdits } from "../src/graph/checks/quick-fixes.ts";
import { planRename } from "../src/graph/edits/rename.ts";
import { readGraphText } from "../src/graph/read.ts";
import { JsonDocument } from "../src/graph/syntax/document.ts";
import { outlineOf } from "../src/graph/syntax/outline.ts";
import { dependents, useAt, usesIn } from "../src/graph/syntax/symbols.ts";
import { graphFormat } from "../src/methods/registry.ts";

const NODES = 2000;
const TURNS = 15;
const nodes = Object.fromEntries(
  Array.from({ length: NODES }, (_, n) => {
    const inputs = n > 0 ? ["question", `n${n - 1}`] : ["question"];
    return [`n${n}`, { role: "one step", inputs, instruction: ["Step {{question}}.", "x".repeat(400)] }];
  }),
);
const graph = {
  version: 1,
  inputs: { question: "" },
  nodes,
  output: `n${NODES - 1}`,
  data: {},
  loss: { kind: "exact" },
};
const sound = JSON.stringify(graph, null, 2);
const broken = sound.replace('"n999": {', '"n999": { "role": "in the middle');

/** The quickest of some turns: on a machine that does other things, too, what the work itself takes. */
function best(work: () => unknown): number {
  const times = Array.from({ length: TURNS }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return Math.min(...times);
}

const parse = (text: string) => {
  const document = new JsonDocument("/g.agentgraph.json", text, { recover: true });
  return { document, outline: outlineOf(document) };
};
const parsed = parse(sound);
const uses = usesIn(parsed.document, parsed.outline);
const at = sound.indexOf('"n999": {') + 2;
const rows: Record<string, number> = {
  "once a keystroke: parse and outline": best(() => parse(sound)),
  "the same with a quote missing": best(() => parse(broken)),
  "once a keystroke: uses": best(() => usesIn(parsed.document, parsed.outline)),
  "name under the cursor": best(() => useAt(uses, at)),
  "place of a completion": best(() => getLocation(sound, sound.length - 300)),
  "names that close no circle": best(() => dependents(parsed.outline, "n0")),
  "edit that adds an input": best(() => inputEdits(parsed.document, parsed.outline, "n1999", "n5")),
  "at a pause: every check": best(() => readGraphText("/g.agentgraph.json", sound, graphFormat)),
};
const source = {
  graph: async () => parsed,
  promptOf: async () => null,
  prompt: async () => "",
  usersOf: async () => [],
  runnersOf: async () => [],
};
const started = performance.now();
await planRename(["/g.agentgraph.json"], "question", "query", source);
rows["rename through 4,000 uses"] = performance.now() - started;

console.log(JSON.stringify({ bench: "language", nodes: NODES, bytes: sound.length, milliseconds: rows }));
for (const [what, milliseconds] of Object.entries(rows)) {
  console.log(`${what.padEnd(38)} ${milliseconds.toFixed(1).padStart(7)} ms`);
}
