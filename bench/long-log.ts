// npm run bench -- long-log [MEGABYTES SAMPLES NODES]: how long it takes to open a run whose log is as long as that, by its
// log and by the snapshot at its end, and with how much memory. The run is made by an engine that asks no model.
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finished, RunEvent } from "../src/engine/events.ts";
import type { Runner } from "../src/engine/runner.ts";
import { shortHash } from "../src/engine/theta.ts";
import { nodeDeps } from "../src/platform/node.ts";
import { loadTask } from "../src/run/load.ts";
import { runRequestOf } from "../src/run/record/run-manifest.ts";
import { runPathsOf } from "../src/run/record/run-paths.ts";
import { openRunState, readRun } from "../src/run/record/runs.ts";
import { startRun } from "../src/run/run.ts";
import { readSpending, totalOf } from "../src/run/spending.ts";
import { writeGraph } from "./rows.ts";

const [megabytes = 1_000, samples = 100_000, nodes = 5] = process.argv.slice(2, 5).map(Number);

/** The events of forward passes, Θ after Θ, until the log is as long as it is to be. */
const engine: Runner = async function* (task, { model }, signal) {
  const ids = task.graph.nodes.map(({ id }) => id);
  const { data } = task;
  const texts = Object.fromEntries(task.graph.nodes.map(({ id, text }) => [id, text]));
  const sizes = { train: data.train.length, validation: data.validation.length, test: data.test.length };
  const start = { engine: "6", method: "semantic", theta: "t0", texts, parameters: ids, samples: sizes, iterations: 9 };
  yield { type: "started", ...start };
  const usage = { prompt: 812, completion: 97, estimated: false };
  for (let at = 0, written = 0; written < megabytes * 1e6 && !signal.aborted; at++) {
    const theta = shortHash([at]);
    for (const sample of data.validation) {
      const about = { purpose: "forward", sample: sample.id, split: "validation" } as const;
      for (const node of ids) {
        const key = shortHash([theta, sample.id, node]).repeat(4).slice(0, 64);
        const paid = { usage, usd: 0.00042, milliseconds: 812, source: "provider", requests: 1, error: null } as const;
        const events: RunEvent[] = [
          { type: "requested", ...about, node, attempt: 1 },
          { type: "call", ...about, node, key, model: "gpt-6-luna-2026-09-01", ...paid },
          { type: "value", theta, node, sample: sample.id, key, formatError: false, tokens: 909 },
        ];
        for (const event of events) {
          written += JSON.stringify(event).length + 20;
          yield event;
        }
      }
      yield { type: "scored", theta, split: "validation", sample: sample.id, loss: 0, lenient: 0, formatError: false };
      if (written >= megabytes * 1e6) break;
    }
  }
  const none = { n: sizes.validation, before: 0.5, after: 0.5 };
  const end = { status: "done", error: null, detail: null, theta: "t0", texts, proposals: [], test: null } as const;
  const finished: Finished = { type: "finished", ...end, validation: none, formatErrors: { before: 0, after: 0 } };
  if (model.identity === "") throw new Error("unreachable");
  yield finished;
  return finished;
};

const folder = await mkdtemp(join(tmpdir(), "agentgraph-long-log-"));
try {
  await mkdir(join(folder, ".git"));
  const graph = await writeGraph(folder, { samples, nodes, ending: "jsonl", loss: "number" });
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
  const run = await timed("start", () => startRun(subject, place, root, runDeps, new AbortController().signal));
  await timed("run", async () => {
    for await (const _ of run.events);
  });
  const size = async (path: string) => Math.round((await stat(path)).size / 1e6);
  console.log(JSON.stringify({ log: await size(run.files.events), snapshot: await size(run.files.snapshot) }));
  const opened = await timed("snapshot", () => openRunState(deps, place, run.id));
  const read = await timed("log", () => readRun(deps, place, run.id));
  const spending = await timed("spent", () => readSpending(deps, place));
  const isEqual = [opened, read].map(({ state }) => shortHash([state.scores, state.judged, state.calls]));
  const [first = ""] = read.state.values.samples(read.state.theta);
  await timed("a value", () => opened.keysOf(read.state.theta, first));
  console.log(JSON.stringify({ isEqual: isEqual[0] === isEqual[1], spent: totalOf(spending).usd }));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 50);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    const { user, system } = process.cpuUsage(before);
    const [passed, worked] = [performance.now() - started, (user + system) / 1e3].map((ms) => (ms / 1e3).toFixed(1));
    console.log(`${name.padEnd(9)} ${passed} s, at work ${worked} s, at most ${Math.round(most / 1e6)} MB`);
  }
}
