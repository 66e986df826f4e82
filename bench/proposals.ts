// npm run bench -- proposals [NODES EACH]: what a run with many proposals takes in the places that show it: list, open, tree,
// view, report, history. Each of the nodes has EACH attempts, and the run proposes all of them. Every tenth is accepted.
// The run is made by an engine that asks no model.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runView } from "../src/editor/graph/run-view.ts";
import { Yielder } from "../src/models/yielder.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { contributionOf } from "../src/run/explain/contribution.ts";
import { gradientsBehind } from "../src/run/explain/evidence.ts";
import { loadTask } from "../src/run/load.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { listRuns, openRunState, readRun } from "../src/run/record/runs.ts";
import { reportHtmlInTurns } from "../src/run/report/format/html.ts";
import { reportJsonBytes } from "../src/run/report/format/json.ts";
import { reportMarkdown } from "../src/run/report/format/markdown.ts";
import { historyEntry } from "../src/run/report/history.ts";
import { readReport } from "../src/run/report/read.ts";
import { startRun } from "../src/run/run.ts";
import { proposing } from "./proposing.ts";
import { writeGraph } from "./rows.ts";
import { watched } from "./watched.ts";

const [nodes = 1_000, each = 10] = process.argv.slice(2, 4).map(Number);

const folder = await mkdtemp(join(tmpdir(), "agentgraph-proposals-"));
try {
  await mkdir(join(folder, ".git"));
  const graph = await writeGraph(folder, { samples: 100, nodes, ending: "jsonl", loss: "number" });
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const loaded = await watched("load", () => loadTask(graph, deps, { models }));
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const root = loaded.root.folder;
  const place = runPathsOf(root);
  const provider = { identity: "bench", complete: () => Promise.reject(new Error("asks nothing")) };
  const runDeps = { ...deps, provider, price: () => 0, concurrency: 16, engine: proposing(each) };
  const run = await startRun(subject, place, root, runDeps, new AbortController().signal);
  await watched("run", async () => {
    for await (const _ of run.events);
  });
  const listed = await watched("list", () => listRuns(deps, place));
  await watched("read log", () => readRun(deps, place, run.id));
  const { state, start } = await watched("open", () => openRunState(deps, place, run.id));
  const { threshold } = start.options;
  const turns = new Yielder(deps.clock);
  await watched("tree", () =>
    turns.map(state.proposals, (one) => [contributionOf(state, one, threshold), gradientsBehind(state, one)]),
  );
  const shown = {
    entry: { id: run.id, status: state.status },
    graph: start.graph,
    model: "bench",
    data: start.data,
    state,
    waiting: null,
    pace: null,
    threshold,
    limits: start.options.budget,
    value: async () => null,
    hasRun: async () => false,
  };
  await watched("view", async () => runView(shown, (id) => id, undefined, start.graph));
  await watched("history", async () => {
    const about = { id: run.id, startedAt: 0, method: "", model: "", threshold, state, untrusted: false };
    return start.graph.nodes.map(({ id }) => historyEntry(about, id, []));
  });
  const report = await watched("report", () => readReport(deps, place, run.id));
  const html = await watched("html", () => reportHtmlInTurns(report, new Yielder(deps.clock)));
  const markdown = await watched("markdown", async () => reportMarkdown(report));
  const json = await watched("json", () => reportJsonBytes(report, new Yielder(deps.clock)));
  const figures = { html: html.length, markdown: markdown.length, json: json.length };
  console.log(JSON.stringify({ listed: listed.length, proposals: state.proposals.length, ...figures }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
