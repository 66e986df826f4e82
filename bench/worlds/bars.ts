import { mean } from "simple-statistics";
import { inTurn, seedsFrom } from "../experiments/experiment.ts";
import { type FlatOptions, median, runWorld, type WorldRun } from "./run.ts";
import { shapesOf, worldNamed } from "./worlds.ts";

/** Seeds that no default was chosen by start here. */
const FIRST_SEED = 41_000;

/** Maximum medians on the chain of two and the diamond of four. */
const LIMITS: readonly { world: string; calls: readonly [number, number]; tokens: readonly [number, number] }[] = [
  { world: "plain", calls: [225, 400], tokens: [22_000, 80_000] },
  { world: "talkative", calls: [225, 400], tokens: [22_000, 80_000] },
  { world: "demanding", calls: [225, 400], tokens: [22_000, 80_000] },
  { world: "harsh", calls: [250, 480], tokens: [22_000, 80_000] },
];

/** Worlds in which no other method may score higher, and those in which the paper's code may not be faster. */
const SCORED = ["plain", "harsh", "few", "unkind", "lengthy"];
const TIMED = ["plain", "harsh", "demanding"];

const RIVALS: Readonly<Record<string, FlatOptions>> = {
  gepa: { method: "gepa" },
  textgrad: { method: "textgrad" },
  optoprime: { method: "optoprime" },
  "semantic-reference": { method: "semantic-reference", gateOn: "validation" },
};
const OURS: FlatOptions = { method: "semantic" };
/** Gates on its training rows, as the paper's code does. */
const PAPER: FlatOptions = { method: "semantic-reference" };

/**
 * Every bar that `semantic` is held to, and whether it is met: `npm run bench -- bars [seeds] [first seed] [kinds]`.
 * Kinds are `calls`, `seconds` and `score`, with commas between; default: all. Calls, tokens and seconds are medians
 * in virtual time (200 ms a call, 16 at once), scores are means on 50 held-out rows; a score that is less than half a row
 * behind is level.
 */
async function main(): Promise<void> {
  const [seeds = "10", first = String(FIRST_SEED), kinds = "calls,seconds,score"] = process.argv.slice(2);
  const wanted = kinds.split(",");
  const runsOf = createRuns(Number(seeds), Number(first));
  print(["measure", "world", "shape", "semantic", "bar", "of", ""]);
  for (const { world, calls, tokens } of wanted.includes("calls") ? LIMITS : []) {
    for (const [index, shape] of (["chain", "diamond"] as const).entries()) {
      const ours = await runsOf(world, shape, OURS);
      for (const [measure, limit] of [["calls", calls[index] ?? 0] as const, ["tokens", tokens[index] ?? 0] as const]) {
        const value = median(ours.map((run) => run[measure]));
        print([measure, world, shape, String(value), String(limit), "limit", met(value <= limit)]);
      }
    }
  }
  for (const world of wanted.includes("seconds") ? TIMED : []) {
    for (const shape of shapesOf(world)) {
      const [ours, paper] = [await runsOf(world, shape, OURS), await runsOf(world, shape, PAPER)].map((runs) =>
        median(runs.map(({ seconds }) => seconds)),
      ) as [number, number];
      print(["seconds", world, shape, ours.toFixed(1), paper.toFixed(1), "semantic-reference", met(ours < paper)]);
    }
  }
  for (const world of wanted.includes("score") ? SCORED : []) {
    for (const shape of ["chain", "diamond"] as const) {
      const score = async (options: FlatOptions) => mean((await runsOf(world, shape, options)).map(({ end }) => end));
      const ours = await score(OURS);
      const rivals: { name: string; value: number }[] = [];
      for (const [name, options] of Object.entries(RIVALS)) rivals.push({ name, value: await score(options) });
      const [best] = rivals.sort((a, b) => b.value - a.value);
      const bar = best?.value ?? 0;
      print(["score", world, shape, ours.toFixed(3), bar.toFixed(3), best?.name ?? "", met(ours >= bar - HALF_A_ROW)]);
    }
  }
}

const HALF_A_ROW = 0.01;

type Shape = ReturnType<typeof shapesOf>[number];

type Figures = Pick<WorldRun, "calls" | "tokens" | "seconds" | "end">;

/** Runs a method on a world for each seed, once. */
function createRuns(seeds: number, first: number) {
  const known = new Map<string, Promise<Figures[]>>();
  return (world: string, shape: Shape, options: FlatOptions): Promise<Figures[]> => {
    const key = JSON.stringify([world, shape, options]);
    const runs = known.get(key) ?? inTurn(seedsFrom(first, seeds), figuresOf);
    known.set(key, runs);
    return runs;

    async function figuresOf(seed: number): Promise<Figures> {
      const { calls, tokens, seconds, end } = await runWorld({ ...worldNamed(world), shape, seed }, options);
      return { calls, tokens, seconds, end };
    }
  };
}

function met(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

function print(cells: readonly string[]): void {
  console.log(cells.map((cell, at) => (at < 3 ? cell.padEnd(11) : at < 5 ? cell.padStart(9) : ` ${cell}`)).join(""));
}

await main();
