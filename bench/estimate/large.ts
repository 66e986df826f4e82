// npm run bench -- estimate-large [NODES SAMPLES METHOD]: what the start of a run with a large graph costs, and what its estimate says:
// load, estimate, start until the first request. The graph is a chain in which every node also reads the question.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../../src/models/model.ts";
import { nodeDeps } from "../../src/platform/node.ts";
import { estimateRun } from "../../src/run/estimate/estimate.ts";
import { loadTask } from "../../src/run/load.ts";
import { readCache } from "../../src/run/record/replies.ts";
import { type RunRequest, runRequestOf } from "../../src/run/record/run-manifest.ts";
import { runPathsOf } from "../../src/run/record/run-paths.ts";
import { startRun } from "../../src/run/run.ts";
import { writeGraph } from "../rows.ts";
import { watched } from "../watched.ts";

const [nodes = 100, samples = 200] = process.argv.slice(2, 4).map(Number);
const [, , , , method = "semantic"] = process.argv;
const folder = await mkdtemp(join(tmpdir(), "agentgraph-estimate-"));
try {
  await mkdir(join(folder, ".git"));
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss: "number" });
  const loaded = await watched("load", () => loadTask(graph, deps, { models, set: [["optimize.method", method]] }));
  const request = runRequestOf(loaded);
  if (!request) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const { folder: root } = loaded.root;
  const place = runPathsOf(root);
  const price = () => 0.001;
  const before = process.cpuUsage();
  const estimate = await watched("estimate", async () => {
    const replies = await readCache(deps, place.cache);
    return estimateRun(request.task, { provider: "bench", replies, price, clock: deps.clock });
  });
  const { user, system } = process.cpuUsage(before);
  const stop = new AbortController();
  const { ended } = await watched("first call", () => firstCall(request, stop.signal));
  await watched("cancel", async () => {
    stop.abort(new Error("it has started"));
    await ended;
  });
  console.log(JSON.stringify({ nodes, samples, method, cpuSeconds: (user + system) / 1e6, ...estimate }));

  /** Starts the run, and waits for its first request. None is answered. @returns what resolves when the run has ended */
  async function firstCall(request: RunRequest, signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
    let sent = () => {};
    const first = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const provider: Model = {
      identity: "bench",
      complete: (_, own) => {
        sent();
        return new Promise((_, reject) => own.addEventListener("abort", () => reject(own.reason)));
      },
    };
    const run = await startRun(request, place, root, { ...deps, provider, price, concurrency: 16 }, signal);
    const follow = async () => {
      for await (const _ of run.events);
    };
    const ended = follow();
    await first;
    return { ended };
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
