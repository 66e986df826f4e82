import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { writeGraph } from "../../../../bench/rows.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { loadTask } from "../../../../src/run/load.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

it("plays a part of the run of a large graph, and adds the iterations that it doesn't play", async () => {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-large-"));
  folders.push(folder);
  await mkdir(join(folder, ".git"));
  const graph = await writeGraph(folder, { samples: 200, nodes: 100, ending: "jsonl", loss: "number" });
  const choice = { model: "m", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const { task } = await loadTask(graph, nodeDeps(), { models });
  if (!task) throw new Error("the graph can't run");
  let made = 0;
  const price = () => {
    made += 1;
    return 0.001;
  };
  const { calls, scoring, range } = await estimateRun(task, {
    provider: "m",
    replies: new MemoryReplies(),
    price,
    clock: nodeDeps().clock,
  });
  // Prices asked, about two for each call: 390,000 calls were made before.
  expect(made).toBeLessThan(60_000);
  // Played to the end: 21,344 calls, of which 14,000 score the original graph, and at most 984,929.
  expect(scoring).toBe(14_000);
  expect(calls).toBeGreaterThan(17_000);
  expect(calls).toBeLessThan(26_000);
  expect(range.least.calls).toBeGreaterThan(10_000);
  expect(range.most.calls).toBeGreaterThan(500_000);
  expect(range.most.calls).toBeLessThan(2_000_000);
});
