import { readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { Stacks } from "./stacks.ts";

/** Milliseconds between two checks of the clock. */
const LOOK = 4;
/** Milliseconds from which a user notices a task. */
const LONG = 50;
/** Tasks to list (`AGENTGRAPH_TASKS`): so many of the longest, from so many milliseconds at work. */
const LISTED = { most: 6, from: 30 };

interface Task {
  /** `process.hrtime` at its start and end, microseconds. */
  readonly from: number;
  readonly to: number;
  readonly passed: number;
  readonly worked: number;
}

/**
 * Runs work, and prints its longest task, the number of long tasks and the peak memory. A task is what the process does between
 * two turns of a timer: what a keystroke would wait for. Garbage collection belongs to it, and is said apart.
 */
export async function watched<T>(name: string, work: () => Promise<T>): Promise<T> {
  const stacks = process.env.AGENTGRAPH_TASKS === "stacks" ? new Stacks() : null;
  await stacks?.start();
  const tasks: Task[] = [];
  const collected: { readonly from: number; readonly milliseconds: number }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collected.push({ from: startTime, milliseconds: duration });
  });
  observer.observe({ entryTypes: ["gc"] });
  const started = performance.now();
  const startedWork = process.cpuUsage();
  let last = started;
  let lastAt = microseconds();
  let lastWork = atWork();
  let lastStolen = stolen();
  let most = memory();
  const look = () => {
    const [now, at, work, lost] = [performance.now(), microseconds(), atWork(), stolen()];
    const worked = Math.max(0, work - lastWork - (lost - lastStolen));
    tasks.push({ from: lastAt, to: at, passed: now - last - LOOK, worked });
    [last, lastAt, lastWork, lastStolen] = [now, at, work, lost];
    if (tasks.length % 20 === 0) most = Math.max(most, memory());
  };
  const timer = setInterval(look, LOOK);
  await new Promise((resolve) => setTimeout(resolve, LOOK));
  try {
    return await work();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    clearInterval(timer);
    look();
    await new Promise((resolve) => setImmediate(resolve));
    observer.disconnect();
    const seconds = ((last - started) / 1000).toFixed(1).padStart(6);
    const { user, system } = process.cpuUsage(startedWork);
    const cpu = ((user + system) / 1e6).toFixed(1).padStart(6);
    const [passed, worked] = [tasks.map((task) => task.passed), tasks.map((task) => task.worked)];
    const collections = collected.reduce((longest, { milliseconds }) => Math.max(longest, milliseconds), 0);
    const line = `${name.padEnd(12)} ${seconds} s, ${cpu} CPU s, ${longest(passed)}; at work ${longest(worked)}`;
    const garbage = `longest collection ${collections.toFixed(0).padStart(3)} ms`;
    console.log(`${line}; ${garbage}; at most ${Math.max(most, memory())} MB`);
    const sampled = await stacks?.stop();
    const long = tasks.filter((task) => task.worked > LISTED.from).toSorted((a, b) => b.worked - a.worked);
    for (const { from, to, passed, worked } of process.env.AGENTGRAPH_TASKS ? long.slice(0, LISTED.most) : []) {
      const [began, ended] = [from / 1e3 - OFFSET, to / 1e3 - OFFSET];
      const garbage = collected
        .filter((one) => one.from >= began && one.from <= ended)
        .reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      const at = ((began - started) / 1e3).toFixed(1);
      const took = `${passed.toFixed(0)} ms, at work ${worked.toFixed(0)}`;
      console.log(`  after ${at} s: ${took}, of it garbage collection ${garbage.toFixed(0)}`);
      if (sampled) console.log(`    ${sampled.during(from, to)}`);
    }
  }
}

/** `process.hrtime` at the zero of `performance.now`, milliseconds. */
const OFFSET = microseconds() / 1e3 - performance.now();

/** Of `process.hrtime`, which stacks are sampled by. */
function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function longest(milliseconds: readonly number[]): string {
  const long = milliseconds.filter((one) => one > LONG).length;
  const longest = milliseconds.reduce((most, one) => Math.max(most, one), 0);
  return `longest task ${longest.toFixed(0).padStart(4)} ms, ${long} over ${LONG}`;
}

/** CPU milliseconds of this thread. NaN if the system does not report them. */
function atWork(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds in which another machine on the same host had the processors: the system counts them as work. 0 if it does not say. */
function stolen(): number {
  try {
    return Number(readFileSync("/proc/stat", "latin1").split(/\s+/, 9)[8]) * 10;
  } catch {
    return 0;
  }
}

/** Resident megabytes. */
export function memory(): number {
  return Math.round(process.memoryUsage().rss / 1e6);
}
