import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Files, Log } from "../../../src/deps.ts";
import type { Finished, RunEvent } from "../../../src/engine/events.ts";
import type { EngineDeps } from "../../../src/engine/session.ts";
import { EventStream } from "../../../src/engine/stream.ts";
import type { Task } from "../../../src/engine/task.ts";
import { BudgetReached } from "../../../src/models/errors.ts";
import type { Model, ModelReply, ModelRequest } from "../../../src/models/model.ts";
import { nodeFiles } from "../../../src/platform/files.ts";
import { nodeMachine } from "../../../src/platform/machine.ts";
import type { RunRequest } from "../../../src/run/record/run-manifest.ts";
import { type RunPaths, runPathsOf } from "../../../src/run/record/run-paths.ts";
import type { RunDeps } from "../../../src/run/run.ts";
import { verdictOf } from "../../verdict.ts";
import { noSandbox } from "../sandboxes.ts";

/** A folder of its own, a clock that ticks by itself, and a provider that answers with a number per question. */
export interface Bench {
  readonly root: string;
  readonly place: RunPaths;
  readonly deps: RunDeps;
  readonly provider: CountingModel;
  readonly files: BreakableFiles;
  remove(): Promise<void>;
}

export async function openBench(): Promise<Bench> {
  const root = await mkdtemp(join(tmpdir(), "agentgraph-run-"));
  const provider = new CountingModel();
  const files = breakable(nodeFiles());
  const machine = nodeMachine(join(root, "home"));
  const deps = {
    files,
    clock: ticking(),
    log: silent,
    machine,
    sandbox: noSandbox,
    provider,
    price: () => 0.5,
    concurrency: 4,
    engine: scripted,
  };
  return {
    root,
    place: runPathsOf(root),
    deps,
    provider,
    files,
    remove: () => rm(root, { recursive: true, maxRetries: 5 }),
  };
}

export interface BreakableFiles extends Files {
  /** From now on every append and write fails with this code. */
  breakWith: string | null;
}

function breakable(inner: Files): BreakableFiles {
  const files: BreakableFiles = {
    ...inner,
    breakWith: null,
    append: (path, text) => check() ?? inner.append(path, text),
    write: (path, text) => check() ?? inner.write(path, text),
  };
  function check(): Promise<never> | null {
    const code = files.breakWith;
    return code === null
      ? null
      : Promise.reject(Object.assign(new Error(`${code}: no space left on device`), { code }));
  }
  return files;
}

function ticking(): Clock {
  let now = Date.UTC(2026, 0, 31, 12);
  return {
    now: () => ++now,
    sleep: async (_, signal) => signal?.throwIfAborted(),
  };
}

const silent: Log = { info() {}, warn() {}, error() {} };

export class CountingModel implements Model {
  readonly identity = "counting";
  readonly asked: string[] = [];

  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    signal.throwIfAborted();
    const question = request.messages.at(-1)?.content ?? "";
    this.asked.push(question);
    const usage = { prompt: 10, completion: 2, estimated: false };
    const text = `answer ${question}`;
    return { text, usage, model: "m", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 1 };
  }
}

export const subject: RunRequest = {
  graphFile: "graph.agentgraph.json",
  loss: { kind: "exact", ignoreCase: true },
  task: {
    graph: {
      name: "Test",
      description: "",
      inputs: [{ name: "question", description: "" }],
      nodes: [
        {
          kind: "llm",
          id: "solve",
          role: "",
          text: "Solve.",
          trainable: true,
          keep: [],
          maxWords: null,
          constraints: [],
          inputs: ["question"],
          output: null,
          model: null,
          message: "system",
        },
      ],
      output: "solve",
    },
    data: { train: samples("t", 2), validation: samples("v", 20), test: [] },
    loss: { kind: "exact", describe: () => "", score: () => ({ loss: 0, lenient: 0, criticism: "" }) },
    models: { forward: choice(), backward: choice(), optimizer: choice(), judge: choice() },
    options: {
      method: "semantic",
      threshold: 0,
      gate: { policy: "strict", alpha: 0.05 },
      seed: 1,
      budget: { calls: 100, tokens: null, usd: null },
      methodOptions: { iterations: 1, batch: 2 },
    },
  },
};

function choice() {
  return { model: "m", params: { temperature: 0 } };
}

function samples(prefix: string, n: number) {
  return Array.from({ length: n }, (_, index) => ({
    id: `${prefix}${index}`,
    inputs: { question: `${prefix}${index}` },
    targets: ["x"],
    feedback: null,
  }));
}

export const verdict = verdictOf({
  fixed: ["v1"],
  p: 0.06,
  intervalBefore: [0.3, 0.7],
  intervalAfter: [0.5, 0.9],
  tokensAfter: 12,
});

/** An engine of one step: asks one question a validation sample, one after another, then accepts one proposal. */
export async function* scripted(task: Task, deps: EngineDeps, signal: AbortSignal): AsyncGenerator<RunEvent, Finished> {
  const stream = new EventStream();
  const left = new AbortController();
  const work = act(task, deps, AbortSignal.any([signal, left.signal]), (event) => stream.push(event));
  return yield* stream.during(
    () => work,
    () => left.abort(new Error("nobody reads this run any more")),
  );
}

async function act(
  { data }: Task,
  { model }: EngineDeps,
  signal: AbortSignal,
  emit: (event: RunEvent) => Promise<void>,
): Promise<Finished> {
  await emit({
    type: "started",
    engine: "1",
    method: "semantic",
    theta: "t0",
    texts: { solve: "Solve." },
    parameters: ["solve"],
    samples: { train: 2, validation: data.validation.length, test: 0 },
    iterations: 1,
  });
  let status: Finished["status"] = "done";
  try {
    for (const { id } of data.validation) {
      const about = { purpose: "forward", node: "solve", sample: id, split: "validation" } as const;
      const { key, usage, source, requests } = await model.complete(
        {
          model: "m",
          messages: [{ role: "user", content: id }],
          params: {},
          draw: 0,
          tag: about,
          onRequest: (attempt) => emit({ type: "requested", ...about, attempt }),
        },
        signal,
      );
      const cost = { usage, usd: source === "provider" ? 0.5 : 0, milliseconds: 1, source, requests };
      await emit({ type: "call", ...about, key, model: "m", ...cost, error: null });
      await emit({ type: "value", theta: "t0", node: "solve", sample: id, key, formatError: false, tokens: 2 });
      await emit({
        type: "scored",
        theta: "t0",
        split: "validation",
        sample: id,
        loss: 1,
        lenient: 1,
        formatError: false,
      });
    }
    await emit({
      type: "attempt",
      iteration: 1,
      id: "p1",
      node: "solve",
      base: "Solve.",
      text: "Solve!",
      hypothesis: "",
      samples: ["t0"],
      invalid: null,
    });
    await emit({ type: "verdict", iteration: 1, scope: "joint", proposals: ["p1"], theta: "t1", verdict });
    await emit({
      type: "iteration",
      iteration: 1,
      theta: "t1",
      accepted: ["p1"],
      batch: ["t0"],
      looked: 2,
      validationLoss: [0.25, 0.25],
    });
  } catch (error) {
    if (!signal.aborted && !(error instanceof BudgetReached)) throw error;
    status = signal.aborted ? "cancelled" : "budget";
  }
  const finished: Finished = {
    type: "finished",
    status,
    error: null,
    detail: null,
    theta: "t1",
    texts: { solve: "Solve!" },
    proposals: [{ id: "p1", node: "solve", base: "Solve.", text: "Solve!", hypothesis: "", verdict, attempts: ["p1"] }],
    validation: { n: 20, before: 0.5, after: 0.75 },
    test: null,
    formatErrors: { before: 0, after: 0 },
  };
  await emit(finished);
  return finished;
}
