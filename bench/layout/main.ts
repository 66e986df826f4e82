// npm run bench -- layout [SECONDS]: how long layouts take, ours beside others, and how the page draws and pans.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median } from "d3";
import { chainThatReadsTheQuestion, randomGraph } from "../../test/graphs.ts";
import { type Layouters, layouters } from "./layouters.ts";
import { benchPage } from "./page.ts";

const SHAPES = {
  "random 20": () => randomGraph(20, 1),
  "random 100": () => randomGraph(100, 1),
  "random 300": () => randomGraph(300, 1),
  "random 1,000": () => randomGraph(1000, 1),
  "random 3,000": () => randomGraph(3000, 1),
  "chain 100 + question": () => chainThatReadsTheQuestion(100),
  "chain 500 + question": () => chainThatReadsTheQuestion(500),
  "chain 3,000 + question": () => chainThatReadsTheQuestion(3000),
};

interface Job {
  readonly shape: keyof typeof SHAPES;
  readonly layouter: string;
}

if (process.send) {
  const all = await layouters();
  process.once("message", (job: Job) => void measure(job, all));
  process.send("ready");
} else {
  await main(Number(process.argv[2] ?? 10));
}

/** Measures a job in its own process, which can be killed. */
async function measure({ shape, layouter }: Job, all: Layouters): Promise<void> {
  const nodes = SHAPES[shape]();
  const started = performance.now();
  const times: number[] = [];
  do {
    const before = performance.now();
    await all[layouter]?.(nodes);
    times.push(performance.now() - before);
  } while (times.length < 5 && performance.now() - started < 1500);
  process.send?.(times);
}

/** @param limit maximum seconds for a layout */
async function main(limit: number): Promise<void> {
  const shapes = Object.keys(SHAPES).filter((shape): shape is Job["shape"] => shape in SHAPES);
  const names = Object.keys(await layouters());
  console.log(`milliseconds: the first run, then the median of up to five; given up after ${limit} s`);
  console.log(["shape".padEnd(24), ...names.map((name) => name.padStart(20))].join(""));
  /** Layouts that exceeded the limit, by family of shapes: larger graphs would take longer. */
  const gaveUp = new Set<string>();
  for (const shape of shapes) {
    const cells: string[] = [];
    for (const layouter of names) {
      const family = `${layouter} ${shape.split(" ")[0]}`;
      const times = gaveUp.has(family) ? null : await timed({ shape, layouter }, limit);
      if (times === null) gaveUp.add(family);
      cells.push(times === null ? `> ${limit} s` : times);
    }
    console.log([shape.padEnd(24), ...cells.map((cell) => cell.padStart(20))].join(""));
  }
  await benchPage();
}

/** `first / median`; null if it took too long. */
function timed(job: Job, limit: number): Promise<string | null> {
  const child = fork(fileURLToPath(import.meta.url), { stdio: "ignore" });
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (result: string | null) => {
      clearTimeout(timer);
      child.once("exit", () => resolve(result));
      child.kill("SIGKILL");
    };
    child.on("message", (message: "ready" | number[]) => {
      if (message === "ready") {
        // Loading takes longer than some layouts, so it is not counted.
        timer = setTimeout(() => end(null), limit * 1000);
        child.send(job);
        return;
      }
      const [first = 0, middle = 0] = [message[0], median(message)];
      const words = (time: number) => (time < 100 ? time.toFixed(1) : time.toFixed(0));
      process.stderr.write(`${JSON.stringify({ bench: "layout", ...job, first, median: middle })}\n`);
      end(`${words(first)} / ${words(middle)}`);
    });
  });
}
