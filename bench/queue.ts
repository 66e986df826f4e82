import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import type { Model } from "../src/models/model.ts";
import { hasRedis } from "../test/server/install-redis.ts";
import { startRedis } from "../test/server/redis.ts";
import { startServer } from "../test/server/server.ts";

/**
 * The shipped command line with 1, 2, 4 and 8 workers on a Redis of this computer: `npm run bench -- queue [--samples N]
 * [--code N] [--workers 1,2,4,8]`. One row for each number of workers: requests to a server that takes 1 s, or calls of code
 * that takes all of a core; and the most memory that each part took.
 */
const LATENCY = 1_000;
/** Requests of one worker at once. */
const CONCURRENCY = 64;
/** Iterations of a loop in the sandbox: about 20 ms of one core. */
const TURNS = 400_000;

const CODE = `export default ({ question }) => {
  let sum = 0;
  for (let turn = 0; turn < ${TURNS}; turn++) sum = (sum * 31 + question.length + turn) % 1000003;
  return String(sum);
}`;

const model: Model = {
  identity: "bench",
  complete: async ({ messages }) => {
    const text = "The answer is 7.";
    const prompt = messages.reduce((sum, { content }) => sum + content.length / 4, 0);
    const usage = { prompt, completion: 5, estimated: false };
    return { text, usage, model: "bench", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 0 };
  },
};

interface Row {
  readonly what: "requests" | "code";
  readonly workers: number;
  readonly samples: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Requests that reached the server. If there are more than samples, some were sent twice. */
  readonly requests: number;
  /** Maximum number of concurrent requests. */
  readonly atOnce: number;
  /** Peak memory of the run, the largest worker and Redis in MB. */
  readonly run: number;
  readonly worker: number;
  readonly redis: number;
  /** CPU milliseconds per sample of the run, and of all workers together. */
  readonly cpuRun: number;
  readonly cpuWorkers: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      samples: { type: "string", default: "4000" },
      code: { type: "string", default: "400" },
      workers: { type: "string", default: "1,2,4,8" },
    },
  });
  if (!hasRedis()) throw new Error("there is no redis-server on the path");
  console.log(`${availableParallelism()} cores for the run, all workers, the server and Redis`);
  for (const what of ["requests", "code"] as const) {
    const samples = Number(what === "code" ? values.code : values.samples);
    if (samples === 0) continue;
    for (const workers of values.workers.split(",").map(Number)) {
      console.log(
        JSON.stringify({ bench: "queue", ...(await measure(what, workers, samples)) } satisfies {
          bench: string;
        } & Row),
      );
    }
  }
}

async function measure(what: Row["what"], workers: number, samples: number): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-queue-"));
  const server = await startServer({ model, latency: LATENCY });
  const redis = await startRedis();
  const children: ChildProcess[] = [];
  const start = (words: readonly string[], key?: string) => {
    const child = spawn(
      process.execPath,
      [resolve("dist/cli.js"), ...words, "--queue", redis.url, "--base-url", server.url],
      {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          XDG_CONFIG_HOME: folder,
          AGENTGRAPH_QUEUE_SECRET: "a secret of this bench",
          ...(key && { AGENTGRAPH_API_KEY: key }),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    children.push(child);
    return child;
  };
  try {
    await writeFiles(folder, what, samples);
    await Promise.all(
      Array.from({ length: workers }, async () => {
        const child = start(
          ["worker", "--concurrency", `${CONCURRENCY}`, "--allow-code", "--code-concurrency", "1"],
          "bench",
        );
        await saying(child, "Press Ctrl-C");
      }),
    );
    const memory = { run: 0, worker: 0 };
    const cpu = { run: 0, workers: 0 };
    const before = await sum(children.map(({ pid }) => cpuOf(pid)));
    const started = performance.now();
    const run = start([
      "evaluate",
      "bench.agentgraph.json",
      "--model",
      "bench",
      "--json",
      "--budget-calls",
      "10000000",
    ]);
    const watch = setInterval(async () => {
      const [own, ...others] = await Promise.all([run, ...children.slice(0, workers)].map(({ pid }) => peakOf(pid)));
      memory.run = Math.max(memory.run, own ?? 0);
      memory.worker = Math.max(memory.worker, ...others);
      cpu.run = Math.max(cpu.run, await cpuOf(run.pid));
      cpu.workers = (await sum(children.slice(0, workers).map(({ pid }) => cpuOf(pid)))) - before;
    }, 500);
    let said = "";
    run.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    run.stderr?.resume();
    const [code] = await once(run, "close");
    const seconds = (performance.now() - started) / 1000;
    clearInterval(watch);
    if (code !== 0) throw new Error(`the run ended with ${code}: ${said.slice(0, 400)}`);
    return {
      what,
      workers,
      samples,
      seconds: Math.round(seconds * 10) / 10,
      perSecond: Math.round((samples / seconds) * 10) / 10,
      requests: server.requests(),
      atOnce: server.inFlight().most,
      ...memory,
      redis: await redisPeak(redis.url),
      cpuRun: Math.round((10 * cpu.run) / samples) / 10,
      cpuWorkers: Math.round((10 * cpu.workers) / samples) / 10,
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await server.close();
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeFiles(folder: string, what: Row["what"], samples: number): Promise<void> {
  const answer = { role: "answers", inputs: ["question"], instruction: "Answer the question. ".repeat(20) };
  const graph = {
    version: 1,
    inputs: { question: "a question" },
    nodes:
      what === "code"
        ? {
            note: { kind: "text", role: "what an evaluation needs: a text that could change", text: "Count." },
            answer: { kind: "function", inputs: ["question", "note"], code: CODE },
          }
        : { answer },
    output: "answer",
    data: { train: "rows.jsonl", validation: "rows.jsonl", target: "answer" },
    loss: { kind: "contains" },
  };
  await writeFile(join(folder, "bench.agentgraph.json"), JSON.stringify(graph));
  const rows = Array.from({ length: samples }, (_, row) =>
    JSON.stringify({ id: `${row}`, question: `Question ${row}: ${"how many are there? ".repeat(10)}`, answer: "7" }),
  );
  await writeFile(join(folder, "rows.jsonl"), rows.join("\n"));
}

async function saying(child: ChildProcess, words: string): Promise<void> {
  let said = "";
  await new Promise<void>((next, fail) => {
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(words)) next();
    });
    child.once("exit", () => fail(new Error(said)));
  });
}

/** MB. */
async function peakOf(pid = 0): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}

/** Milliseconds of user and system time so far; a tick of Linux is 10 ms. */
async function cpuOf(pid = 0): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return 10 * (user + system);
}

async function sum(all: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(all)).reduce((total, one) => total + one, 0);
}

/** MB. */
async function redisPeak(url: string): Promise<number> {
  const redis = new Redis(url);
  try {
    return Math.round(Number(/used_memory_peak:(\d+)/.exec(await redis.info("memory"))?.[1] ?? 0) / 2 ** 20);
  } finally {
    redis.disconnect();
  }
}

await main();
