// npm run bench -- scale [SAMPLES NODES [whole]]: one evaluation of many samples, from the file to the report: load, estimate, start
// until the first request, run, cancel half way (not with `whole`), open, resume, list, what was spent, report. Prints for each step its time, its
// CPU seconds, its longest task and the most memory that the process has used. The model answers at once, in this process.
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Model } from "../src/models/model.ts";
import { Yielder } from "../src/models/yielder.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { estimateRunner } from "../src/run/estimate/estimate.ts";
import { type Job, runnerOf } from "../src/run/job.ts";
import { loadTask } from "../src/run/load.ts";
import { readCache } from "../src/run/record/replies.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { listRuns, openRunState } from "../src/run/record/runs.ts";
import { reportHtmlInTurns } from "../src/run/report/format/html.ts";
import { readReport } from "../src/run/report/read.ts";
import { type Run, resumeRun, startRun } from "../src/run/run.ts";
import { readSpending, totalOf } from "../src/run/spending.ts";
import { writeGraph } from "./rows.ts";
import { watched } from "./watched.ts";

const [samples = 100_000, nodes = 5] = process.argv.slice(2, 4).map(Number);
const isWhole = process.argv[4] === "whole";
const ANSWER = "The steps are: first this, then that. ".repeat(12);

let requests = 0;
let onFirst = () => {};
let onHalf = () => {};
const model: Model = {
  identity: "bench",
  complete: async ({ tag, messages }) => {
    requests += 1;
    if (requests === 1) onFirst();
    if (requests === Math.floor((samples * nodes) / 2)) onHalf();
    await new Promise((resolve) => setImmediate(resolve));
    const [, number = "0"] = /Question (\d+)/.exec(messages.map(({ content }) => content).join("\n")) ?? [];
    const text = `${ANSWER}From ${tag.node}: the answer is ${Number(number) % 2 === 0 ? number : -1}`;
    const usage = { prompt: 200, completion: 120, estimated: false };
    return { text, usage, model: "bench", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 1 };
  },
};

const folder = await mkdtemp(join(tmpdir(), "agentgraph-scale-"));
try {
  await mkdir(join(folder, ".git"));
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const split = { train: 0, validation: 0, test: 1 };
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss: "number", split });
  const loaded = await watched("load", () => loadTask(graph, deps, { models, needs: ["test"] }));
  const request = runRequestOf(loaded);
  if (!request) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const job: Job = { kind: "evaluate", split: "test" };
  const root = loaded.root.folder;
  const place = runPathsOf(root);
  const price = () => 0.001;
  await watched("estimate", async () => {
    const replies = await readCache(deps, place.cache);
    await estimateRunner(request.task, { provider: model.identity, replies, price, clock: deps.clock }, runnerOf(job));
  });
  const runDeps = { ...deps, provider: model, price, concurrency: 16 };
  const stop = new AbortController();
  if (!isWhole) onHalf = () => stop.abort(new Error("half way"));
  const asked = new Promise<void>((resolve) => {
    onFirst = resolve;
  });
  let first: Run | undefined;
  let driven: Promise<void> = Promise.resolve();
  await watched("first call", async () => {
    first = await startRun({ ...request, job }, place, root, runDeps, stop.signal);
    driven = drive(first);
    await asked;
  });
  await watched("run", () => driven);
  const { id = "", files } = first ?? {};
  first = undefined;
  await watched("open", () => openRunState(deps, place, id));
  if (!isWhole) {
    const again = await watched("reopen", () => resumeRun(id, place, runDeps, new AbortController().signal));
    await watched("resume", () => drive(again));
  }
  const { calls, status, finished } = (await openRunState(deps, place, id)).state;
  console.log(JSON.stringify({ status, calls: calls.total, requests, score: finished?.evaluated?.score }));
  for (const name of ["events", "replies", "snapshot", "values"] as const) {
    const size = await stat(files?.[name] ?? "").then(
      (found) => found.size,
      () => 0,
    );
    console.log(`${name.padEnd(12)} ${Math.round(size / 1e6)} MB`);
  }
  await watched("open", () => openRunState(deps, place, id));
  await watched("list", () => listRuns(deps, place));
  const spent = await watched("spent", () => readSpending(deps, place));
  const report = await watched("report", () => readReport(deps, place, id));
  const html = await watched("html", () => reportHtmlInTurns(report, new Yielder(deps.clock)));
  const mostMegabytes = Math.round(process.resourceUsage().maxRSS / 1e3);
  console.log(JSON.stringify({ samples, nodes, spent: totalOf(spent).usd, html: html.length, mostMegabytes }));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function drive(run: Run): Promise<void> {
  for await (const _ of run.events);
}
