// npm run bench -- proposals [NODES EACH]: what a run with many proposals takes in the places that show it: list, open, tree,
// view, report, history. Each of the nodes has EACH attempts, and the run proposes all of them. Every tenth is accepted.
// The run is made by an engine that asks no model.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runView } from "../src/editor/graph/run-view.ts";
import type { Attempted, Finished, Proposal, Verdict } from "../src/engine/events.ts";
import type { Runner } from "../src/engine/runner.ts";
import { proposalId, textsOf, thetaOf } from "../src/engine/theta.ts";
import { Yielder } from "../src/models/yielder.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { contributionOf } from "../src/run/explain/contribution.ts";
import { gradientsBehind } from "../src/run/explain/evidence.ts";
import { loadTask } from "../src/run/load.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { listRuns, openRunState, readRun } from "../src/run/record/runs.ts";
import { reportHtml } from "../src/run/report/format/html.ts";
import { reportJsonBytes } from "../src/run/report/format/json.ts";
import { reportMarkdown } from "../src/run/report/format/markdown.ts";
import { historyEntry } from "../src/run/report/history.ts";
import { readReport } from "../src/run/report/read.ts";
import { startRun } from "../src/run/run.ts";
import { writeGraph } from "./rows.ts";
import { watched } from "./watched.ts";

const [nodes = 1_000, each = 10] = process.argv.slice(2, 4).map(Number);

const MEASURED: Omit<Verdict, "decision" | "reason"> = {
  policy: "significant",
  scored: 50,
  of: 50,
  lossBefore: 0.5,
  lossAfter: 0.4,
  rightBefore: 25,
  rightAfter: 30,
  fixed: [],
  broken: [],
  p: 0.06,
  intervalBefore: [0.4, 0.6],
  intervalAfter: [0.5, 0.7],
  tokensBefore: 100,
  tokensAfter: 110,
  looks: 1,
  unscored: [],
};

const engine: Runner = async function* ({ graph, data }) {
  const startTexts = textsOf(graph);
  const parameters = graph.nodes.map(({ id }) => id);
  const theta = thetaOf(startTexts);
  const samples = { train: data.train.length, validation: data.validation.length, test: data.test.length };
  const texts: Record<string, string> = { ...startTexts };
  yield {
    type: "started",
    engine: "6",
    method: "semantic",
    theta,
    texts: { ...texts },
    parameters,
    samples,
    iterations: each,
  };
  const ids = data.validation.map(({ id }) => id);
  for (const sample of ids) {
    yield { type: "scored", theta, split: "validation", sample, loss: 0.5, lenient: 0.5, formatError: false };
  }
  const proposals: Proposal[] = [];
  for (let iteration = 1; iteration <= each; iteration++) {
    const accepted: string[] = [];
    for (const [index, node] of parameters.entries()) {
      const base = texts[node] ?? "";
      const text = `${base} In attempt ${iteration}, check each number twice before you give it.`;
      const id = proposalId(node, base, text);
      const isAccepted = (index + iteration) % 10 === 0;
      const hypothesis = "Numbers are copied wrong.";
      const sample = data.train[0]?.id ?? "";
      const about: Attempted = {
        type: "attempt",
        iteration,
        id,
        node,
        base,
        text,
        hypothesis,
        samples: [sample],
        invalid: null,
      };
      yield {
        type: "gradient",
        iteration,
        theta,
        node,
        of: "text",
        from: null,
        sample,
        text: `Attempt ${iteration} is too short.`,
      };
      yield about;
      const verdict: Verdict = {
        ...MEASURED,
        decision: isAccepted ? "accepted" : "rejected",
        reason: isAccepted ? "lower loss" : "not significant",
        fixed: ids.slice(0, 5),
      };
      yield { type: "verdict", iteration, scope: "part", proposals: [id], theta: `${iteration}-${index}`, verdict };
      proposals.push({ id, node, base, text, hypothesis, verdict, attempts: [id] });
      if (isAccepted) [texts[node], accepted[accepted.length]] = [text, id];
    }
    yield {
      type: "iteration",
      iteration,
      theta: thetaOf(texts),
      accepted,
      batch: [],
      looked: 8,
      validationLoss: [0.4, 0.4],
    };
  }
  const end = {
    status: "done",
    error: null,
    detail: null,
    theta: thetaOf(texts),
    texts,
    proposals,
    test: null,
  } as const;
  const validation = { n: samples.validation, before: 0.5, after: 0.6 };
  const finished: Finished = { type: "finished", ...end, validation, formatErrors: { before: 0, after: 0 } };
  yield finished;
  return finished;
};

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
  const runDeps = { ...deps, provider, price: () => 0, concurrency: 16, engine };
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
  const html = await watched("html", async () => reportHtml(report));
  const markdown = await watched("markdown", async () => reportMarkdown(report));
  const json = await watched("json", () => reportJsonBytes(report, new Yielder(deps.clock)));
  const figures = { html: html.length, markdown: markdown.length, json: json.length };
  console.log(JSON.stringify({ listed: listed.length, proposals: state.proposals.length, ...figures }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
