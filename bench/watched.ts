import { readFileSync } from "node:fs";

/** Milliseconds between two checks of the clock. */
const LOOK = 4;
/** Milliseconds from which a user notices a task. */
const LONG = 50;

/** Runs work, and prints its longest task, the number of long tasks and the peak memory. */
export async function watched<T>(name: string, work: () => Promise<T>): Promise<T> {
  const passed: number[] = [];
  const worked: number[] = [];
  const started = performance.now();
  const startedWork = process.cpuUsage();
  let last = started;
  let lastWork = atWork();
  let most = memory();
  const look = () => {
    const [now, work] = [performance.now(), atWork()];
    passed.push(now - last - LOOK);
    worked.push(work - lastWork);
    [last, lastWork] = [now, work];
    if (passed.length % 20 === 0) most = Math.max(most, memory());
  };
  const timer = setInterval(look, LOOK);
  await new Promise((resolve) => setTimeout(resolve, LOOK));
  try {
    return await work();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, LOOK));
    clearInterval(timer);
    look();
    const seconds = ((last - started) / 1000).toFixed(1).padStart(6);
    const { user, system } = process.cpuUsage(startedWork);
    const cpu = ((user + system) / 1e6).toFixed(1).padStart(6);
    const line = `${name.padEnd(12)} ${seconds} s, ${cpu} CPU s, ${tasks(passed)}; at work ${tasks(worked)}`;
    console.log(`${line}; at most ${Math.max(most, memory())} MB`);
  }
}

function tasks(milliseconds: readonly number[]): string {
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

/** Resident megabytes. */
export function memory(): number {
  return Math.round(process.memoryUsage().rss / 1e6);
}
