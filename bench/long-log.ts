// npm run bench -- long-log [MEGABYTES SAMPLES NODES]: how long it takes to open a run whose log is as long as that, by its
// log and by the snapshot at its end, and to write its report, with how much memory and how long a task. The run is made by
// an engine that asks no model: Θ after Θ, with grades from 0 to 1 for all samples.
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finished, RunEvent } from "../src/engine/events.ts";
import type { Runner } from "../src/engine/runner.ts";
import { shortHash } from "../src/engine/theta.ts";
import { Yielder } from "../src/models/yielder.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { loadTask } from "../src/run/load.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { openRunState, readRun } from "../src/run/record/runs.ts";
import { reportHtmlInTurns } from "../src/run/report/format/html.ts";
import { reportJsonBytes } from "../src/run/report/format/json.ts";
import { readReport } from "../src/run/report/read.ts";
import { startRun } from "../src/run/run.ts";
import { readSpending, totalOf } from "../src/run/spending.ts";
import { writeGraph } from "./rows.ts";
import { watched } from "./watched.ts";

const [megabytes = 1_000, samples = 100_000, nodes = 5] = process.argv.slice(2, 5).map(Number);

const SPLIT = { train: 0.01, validation: 0.98, test: 0.01 };

/** The events of forward passes, Θ after Θ, until the log is as long as it is to be. */
const engine: Runner = async function* (task, { model, local }, signal) {
  const ids = task.graph.nodes.map(({ id }) => id);
  const { data } = task;
  const texts = Object.fromEntries(task.graph.nodes.map(({ id, text }) => [id, text]));
  const sizes = { train: data.train.length, validation: data.validation.length, test: data.test.length };
  const start = { engine: "6", method: "semantic", theta: "t0", texts, parameters: ids, samples: sizes, iterations: 9 };
  yield { type: "started", ...start };
  const usage = { prompt: 812, completion: 97, estimated: false };
  let last = "t0";
  for (let at = 0, written = 0; written < megabytes * 1e6 && !signal.aborted; at++) {
    const theta = at === 0 ? "t0" : shortHash([at]);
    last = theta;
    for (const sample of data.validation) {
      const about = { purpose: "forward", sample: sample.id, split: "validation" } as const;
      for (const node of ids) {
        const key = shortHash([theta, sample.id, node]).repeat(6).slice(0, 64);
        const paid = { usage, usd: 0.00042, milliseconds: 812, source: "provider", requests: 1, error: null } as const;
        const events: RunEvent[] = [
          { type: "requested", ...about, node, attempt: 1 },
          { type: "call", ...about, node, key, model: "gpt-6-luna-2026-09-01", ...paid },
          { type: "value", theta, node, sample: sample.id, key, formatError: false, tokens: 909 },
        ];
        if (node === task.graph.output) await local?.keep(key, `the answer is ${sample.id}`);
        for (const event of events) {
          written += JSON.stringify(event).length + 20;
          yield event;
        }
      }
      const loss = ((at + Number(sample.id.length)) % 3) / 2;
      yield { type: "scored", theta, split: "validation", sample: sample.id, loss, lenient: loss, formatError: false };
      if (written >= megabytes * 1e6) break;
    }
  }
  const none = { n: sizes.validation, before: 0.5, after: 0.5 };
  const end = { status: "done", error: null, detail: null, theta: last, texts, proposals: [], test: null } as const;
  const finished: Finished = { type: "finished", ...end, validation: none, formatErrors: { before: 0, after: 0 } };
  if (model.identity === "") throw new Error("unreachable");
  yield finished;
  return finished;
};

const folder = await mkdtemp(join(tmpdir(), "agentgraph-long-log-"));
try {
  await mkdir(join(folder, ".git"));
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss: "number", split: SPLIT });
  const deps = nodeDeps({ info: () => {}, warn: () => {}, error: () => {} });
  const choice = { model: "bench", params: {} };
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const loaded = await loadTask(graph, deps, { models });
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const root = loaded.root.folder;
  const place = runPathsOf(root);
  const provider = { identity: "bench", complete: () => Promise.reject(new Error("asks nothing")) };
  const runDeps = { ...deps, provider, price: () => 0, concurrency: 16, engine };
  const run = await watched("start", () => startRun(subject, place, root, runDeps, new AbortController().signal));
  await watched("run", async () => {
    for await (const _ of run.events);
  });
  const size = async (path: string) => Math.round((await stat(path)).size / 1e6);
  console.log(JSON.stringify({ log: await size(run.files.events), snapshot: await size(run.files.snapshot) }));
  const opened = await watched("snapshot", () => openRunState(deps, place, run.id));
  const read = await watched("log", () => readRun(deps, place, run.id));
  const report = await watched("report", () => readReport(deps, place, run.id));
  const html = await watched("html", () => reportHtmlInTurns(report, new Yielder(deps.clock)));
  const json = await watched("json", () => reportJsonBytes(report, new Yielder(deps.clock)));
  const spending = await watched("spent", () => readSpending(deps, place));
  const isEqual = [opened, read].map(({ state }) => shortHash([state.scores, state.judged, state.calls]));
  const [first = ""] = read.state.values.samples(read.state.theta);
  await watched("a value", () => opened.keysOf(read.state.theta, first));
  console.log(
    JSON.stringify({
      isEqual: isEqual[0] === isEqual[1],
      spent: totalOf(spending).usd,
      html: html.length,
      json: json.length,
    }),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
