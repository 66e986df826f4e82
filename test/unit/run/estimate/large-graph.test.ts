import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { writeGraph } from "../../../../bench/rows.ts";
import type { Clock } from "../../../../src/deps.ts";
import type { Task } from "../../../../src/engine/task.ts";
import type { GraphNode } from "../../../../src/graph/graph.ts";
import { NO_REPLIES } from "../../../../src/models/stack/store.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { noSandbox } from "../../sandboxes.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

const { clock } = nodeDeps();
const known = { provider: "m", replies: NO_REPLIES, price: () => 0.001, clock };

/** A chain whose dry runs end early. */
async function chainOf(nodes: number): Promise<Task> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-large-"));
  folders.push(folder);
  await mkdir(join(folder, ".git"));
  const graph = await writeGraph(folder, { samples: 200, nodes, ending: "jsonl", loss: "number" });
  const choice = { model: "m", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const { task } = await loadTask(graph, nodeDeps(), { models });
  if (!task) throw new Error("the graph can't run");
  return task;
}

it("plays a part of the run of a large graph, and adds the iterations that it doesn't play", async () => {
  let made = 0;
  const price = () => {
    made += 1;
    return 0.001;
  };
  const { calls, scoring, range } = await estimateRun(await chainOf(100), { ...known, price });
  // Prices asked, about two for each call: 390,000 calls were made before.
  expect(made).toBeLessThan(30_000);
  // Played to the end: 21,344 calls, of which 14,000 score the original graph, and at most 984,929.
  expect(scoring).toBe(14_000);
  expect(calls).toBeGreaterThan(17_000);
  expect(calls).toBeLessThan(26_000);
  expect(range.least.calls).toBeGreaterThan(10_000);
  expect(range.most.calls).toBeGreaterThan(500_000);
  expect(range.most.calls).toBeLessThan(2_000_000);
});

it("counts no call of a large graph that was scored before, and the same search", async () => {
  const task = await chainOf(100);
  const blind = await estimateRun(task, known);
  const reply = {
    text: "17",
    usage: { prompt: 90, completion: 10, estimated: false },
    model: "m",
    finish: "stop",
  } as const;
  const replies = { has: () => true, get: async () => ({ where: "cached", reply }) as const };
  const seeing = await estimateRun(task, { ...known, replies });
  expect(seeing).toMatchObject({ scoring: 0, cached: 14_000 });
  expect(seeing.calls).toBeGreaterThan(0.5 * (blind.calls - 14_000));
  expect(seeing.calls).toBeLessThan(2 * (blind.calls - 14_000));
});

it("takes no more calls for ten times as many nodes, and estimates ten times as many", async () => {
  let made = 0;
  const price = () => {
    made += 1;
    return 0.001;
  };
  const { calls, scoring } = await estimateRun(await chainOf(1000), { ...known, price });
  // Of 212,636 calls, if a whole iteration of all nodes is played, which takes 83,000 calls and 26 CPU seconds.
  expect(made).toBeLessThan(30_000);
  expect(scoring).toBe(140_000);
  expect(calls).toBeGreaterThan(180_000);
  expect(calls).toBeLessThan(260_000);
});

it("is the same whatever the speed of the machine, where dry runs end early and where code takes its time", async () => {
  const chain = await chainOf(100);
  const coded = { ...chain.graph.nodes[0], id: "own", kind: "function", inputs: ["question"], file: "own.js" };
  const nodes = chain.graph.nodes.map((node) => ({ ...node, inputs: [...node.inputs, "own"] }));
  const graph = { ...chain.graph, nodes: [coded as GraphNode, ...nodes] };
  const task = { ...chain, graph };
  const estimates = [];
  for (const [busy, turns] of [
    [0, 1],
    [5, 3],
    [40, 8],
  ] as const) {
    let now = 0;
    const wait = async () => {
      for (let turn = 0; turn < turns; turn++) await clock.sleep(0);
    };
    const slow: Clock = { now: () => (now += busy), sleep: wait };
    const sandbox = { ...noSandbox, call: () => wait().then(() => "a value") };
    estimates.push(await estimateRun(task, { ...known, clock: slow, sandbox }));
  }
  expect(estimates[1]).toEqual(estimates[0]);
  expect(estimates[2]).toEqual(estimates[0]);
});
