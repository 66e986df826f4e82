import { expect, it } from "vitest";
import { readGraph, readGraphText, readGraphTextInTurns } from "../../../src/graph/read.ts";
import { graphFormat } from "../../../src/methods/registry.ts";
import { nodeDeps } from "../../../src/platform/node.ts";

const ids = Array.from({ length: 200 }, (_, index) => `n${index}`);
const text = JSON.stringify({
  version: 1,
  name: "Large",
  inputs: { question: "a question" },
  nodes: Object.fromEntries(
    ids.map((id, index) => [
      id,
      { role: "step", inputs: [index === 0 ? "question" : `n${index - 1}`], instruction: `Do {missing} ${id}.` },
    ]),
  ),
  output: "n199",
});

it("other work has a turn at each node of a large graph, and what is read is the same as at once", async () => {
  const { files } = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  let turns = 0;
  const yieldNow = async () => {
    turns += 1;
  };
  const inTurns = await readGraph("/large.agentgraph.json", text, files, graphFormat, { yieldNow });
  const atOnce = readGraphText("/large.agentgraph.json", text, graphFormat);
  // Each node is looked at twice: by itself, and with the files that it names.
  expect(turns).toBeGreaterThanOrEqual(2 * ids.length);
  expect(inTurns.faults.map(({ message }) => message)).toEqual(atOnce.faults.map(({ message }) => message));
  expect(inTurns.faults.length).toBeGreaterThan(0);
  turns = 0;
  const alone = await readGraphTextInTurns("/large.agentgraph.json", text, graphFormat, { yieldNow });
  expect(turns).toBeGreaterThanOrEqual(ids.length);
  expect(alone.faults).toEqual(atOnce.faults.map((fault) => ({ ...fault, fixes: expect.any(Function) })));
});
