import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { hasRedis } from "../server/install-redis.ts";
import { caseOf } from "./case.ts";
import { runInProcess } from "./in-process-run.ts";
import type { Outcome, WatchOptions } from "./outcome.ts";
import { runAsProcesses } from "./process-run.ts";
import { runWithWorkers } from "./queue-run.ts";

/** Of so many cases, the last is played with the real command line, and the one before it with workers on a queue. */
const REAL = 50;
/** Milliseconds that a case may take. */
const PATIENCE = { usual: 120_000, queue: 400_000 };

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    runs: { type: "string", default: "200" },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
    /** Plays every case with workers on a queue. */
    queue: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);

function isQueued(number: number): boolean {
  return hasRedis() && (values.queue || number % REAL === REAL - 2);
}

async function playCase(number: number, watching?: WatchOptions): Promise<Outcome> {
  const one = caseOf(seed, number);
  const isReal = number % REAL === REAL - 1;
  const play = isQueued(number) ? runWithWorkers : isReal ? runAsProcesses : runInProcess;
  return play(one, watching).catch((error: unknown) => {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { faults: [words], requests: 0, segments: 0, kills: 0 };
  });
}

function work(): void {
  process.once("disconnect", () => process.exit());
  process.on("message", async (number: number) => process.send?.(await playCase(number)));
}

/** Plays all cases in as many processes as there are cores. */
async function playAll(runs: number): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const keepBusy = async () => {
    let worker = hire();
    while (next < runs) {
      const number = next++;
      const outcome = await assign(worker, number);
      if (!outcome) worker = hire();
      const known = outcome ?? {
        faults: [`it did not end in time, or broke its process`],
        requests: 0,
        segments: 0,
        kills: 0,
      };
      outcomes.push(known);
      if (known.faults.length > 0) tell(number, known);
      if (outcomes.length % 100 === 0) console.log(`${outcomes.length} of ${runs}`);
    }
    worker.kill("SIGKILL");
  };
  await Promise.all(Array.from({ length: Math.min(runs, availableParallelism()) }, keepBusy));
  return outcomes;
}

function hire(): ChildProcess {
  const words = ["--worker", "--seed", String(seed), ...(values.queue ? ["--queue"] : [])];
  return fork(fileURLToPath(import.meta.url), words, { stdio: "inherit" });
}

/** @returns null where the worker is gone */
function assign(worker: ChildProcess, number: number): Promise<Outcome | null> {
  return new Promise((resolve) => {
    const late = setTimeout(() => worker.kill("SIGKILL"), PATIENCE[isQueued(number) ? "queue" : "usual"]);
    const settle = (outcome: Outcome | null) => {
      clearTimeout(late);
      worker.removeAllListeners();
      resolve(outcome);
    };
    worker.once("message", (outcome: Outcome) => settle(outcome));
    worker.once("exit", () => settle(null));
    worker.once("error", () => settle(null));
    worker.send(number);
  });
}

function tell(number: number, { faults }: Outcome): void {
  console.log(
    `Run ${number}: ${faults.length} things wrong. Again: npm run chaos -- --seed ${seed}${values.queue ? " --queue" : ""} --only ${number}`,
  );
  for (const fault of faults.slice(0, 5)) console.log(`  ${fault}`);
}

async function main(): Promise<void> {
  if (values.worker) return work();
  const started = Date.now();
  const watching = { log: (line: string) => console.log(line), keep: values.keep };
  const outcomes =
    values.only === undefined ? await playAll(Number(values.runs)) : [await playCase(Number(values.only), watching)];
  const sum = (pick: (one: Outcome) => number) => outcomes.reduce((total, one) => total + pick(one), 0);
  const bad = outcomes.filter(({ faults }) => faults.length > 0);
  if (values.only !== undefined) for (const one of bad) tell(Number(values.only), one);
  console.log(
    `${sum(({ segments }) => segments)} segments, ${sum(({ kills }) => kills)} kills, ${sum(({ requests }) => requests)} requests, ${Math.round((Date.now() - started) / 1000)} s`,
  );
  console.log(`${outcomes.length} runs, ${bad.length === 0 ? "nothing lost" : `${bad.length} with something lost`}`);
  process.exit(bad.length === 0 ? 0 : 1);
}

await main();
