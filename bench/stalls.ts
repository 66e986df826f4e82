// npm run bench -- stalls [SAMPLES NODES SECONDS LOSS]: for how long a run keeps everything else in its process waiting, as
// VS Code's extension host would wait: load, estimate, run with a view of it ten times a second, end, read back, resume.
// A run that is not at its end after SECONDS is cancelled. LOSS f1 grades answers. Where other programs keep the processors
// busy, the milliseconds that a task was at work (on Linux) tell more than those that passed.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runView, sampleExcerpts } from "../src/editor/graph/run-view.ts";
import type { Model, ModelRequest } from "../src/models/model.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { estimateRun } from "../src/run/estimate/estimate.ts";
import { loadTask } from "../src/run/load.ts";
import { readCache } from "../src/run/record/replies.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { readRun } from "../src/run/record/runs.ts";
import { type Run, resumeRun, startRun } from "../src/run/run.ts";
import { summaryOf } from "../src/run/state/summary.ts";
import { writeGraph } from "./rows.ts";
import { memory, watched } from "./watched.ts";

const [samples = 10_000, nodes = 20, seconds = 20] = process.argv.slice(2, 5).map(Number);
const loss = process.argv[5] ?? "number";
/** Milliseconds between two snapshots of the view. */
const PACE = 100;

/** A model that answers at once and gets half of the questions right, whatever the instructions. */
const model: Model = {
  identity: "bench",
  complete: async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const text = answer(request);
    const usage = { prompt: 200, completion: 20, estimated: false };
    return { text, usage, model: "bench", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 1 };
  },
};

let rewrites = 0;

function answer({ messages, schema, tag }: ModelRequest): string {
  if (!schema) {
    const [, number = "0"] = /Question (\d+)/.exec(messages.map(({ content }) => content).join("\n")) ?? [];
    return `From ${tag.node}: the answer is ${Number(number) % 2 === 0 ? number : -1}`;
  }
  const names = Object.keys((schema.schema.properties ?? {}) as Record<string, unknown>);
  rewrites += 1;
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, `Be more careful, attempt ${rewrites}.`])));
}

const folder = await mkdtemp(join(tmpdir(), "agentgraph-stalls-"));
try {
  await mkdir(join(folder, ".git"));
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = nodeDeps(log);
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  for (const ending of ["json", "csv"]) {
    const graph = await writeGraph(folder, { samples, nodes, ending, loss });
    await watched(`load ${ending}`, () => loadTask(graph, deps, { models }));
  }
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss });
  const loaded = await watched("load jsonl", () => loadTask(graph, deps, { models }));
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const root = loaded.root.folder;
  const place = runPathsOf(root);
  const price = () => 0;
  await watched("estimate", async () => {
    const replies = await readCache(deps, place.cache);
    return estimateRun(subject.task, { provider: model.identity, replies, price, clock: deps.clock });
  });
  const runDeps = { ...deps, provider: model, price, concurrency: 16 };
  const first = await watched("start", () =>
    startRun(subject, place, root, runDeps, AbortSignal.timeout(seconds * 1e3)),
  );
  await watched("run", () => drive(first));
  const { calls } = first.state();
  await watched("read", () => readRun(deps, place, first.id));
  if (first.state().status === "cancelled") {
    const second = await watched("open again", () =>
      resumeRun(first.id, place, runDeps, AbortSignal.timeout(seconds * 1e3)),
    );
    await watched("resume", () => drive(second));
  }
  const { status } = first.state();
  console.log(JSON.stringify({ samples, nodes, loss, status, calls: calls.total, megabytes: memory() }));

  /** Drives a run like the editor: it reads each event and makes a view ten times a second. */
  async function drive(run: Run): Promise<void> {
    const shown = () => ({
      entry: { id: run.id, status: run.state().status },
      graph: run.start.graph,
      model: run.start.models.forward.model,
      data: run.start.data,
      state: run.state(),
      waiting: run.waiting(),
      pace: run.pace(),
      threshold: run.start.options.threshold,
      limits: run.start.options.budget,
      value: async () => null,
      hasRun: async () => false,
    });
    const excerpts = sampleExcerpts(shown());
    const timer = setInterval(async () => {
      await summaryOf(run.start, run.state(), deps.machine);
      JSON.stringify(runView(shown(), excerpts));
    }, PACE);
    for await (const _ of run.events);
    clearInterval(timer);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
