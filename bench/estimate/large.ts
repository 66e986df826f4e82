// npm run bench -- estimate-large [NODES SAMPLES METHOD]: what the estimate of a large graph costs, and what it says. The graph is a
// chain in which every node also reads the question.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeDeps } from "../../src/platform/node.ts";
import { estimateRun } from "../../src/run/estimate/estimate.ts";
import { loadTask } from "../../src/run/load.ts";
import { readCache } from "../../src/run/record/replies.ts";
import { runRequestOf } from "../../src/run/record/run-manifest.ts";
import { runPathsOf } from "../../src/run/record/run-paths.ts";
import { writeGraph } from "../rows.ts";

const [nodes = 100, samples = 200] = process.argv.slice(2, 4).map(Number);
const [, , , , method = "semantic"] = process.argv;
const folder = await mkdtemp(join(tmpdir(), "agentgraph-estimate-"));
try {
  await mkdir(join(folder, ".git"));
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss: "number" });
  const loaded = await loadTask(graph, deps, { models, set: [["optimize.method", method]] });
  const request = runRequestOf(loaded);
  if (!request) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const place = runPathsOf(loaded.root.folder);
  const replies = await readCache(deps, place.cache);
  const known = { provider: "bench", replies, price: () => 0.001, clock: deps.clock };
  const before = process.cpuUsage();
  const estimate = await estimateRun(request.task, known);
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ nodes, samples, method, cpuSeconds: (user + system) / 1e6, ...estimate }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
