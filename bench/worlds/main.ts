import { mean } from "simple-statistics";
import { inTurn, seedsFrom } from "../experiments/experiment.ts";
import { type FlatOptions, median, runWorld, type WorldRun } from "./run.ts";
import { shapesOf, WORLDS, worldNamed } from "./worlds.ts";

/** First of the seeds that were not used to choose defaults. */
const FIRST_SEED = 101;

/** Distance from the reachable score that counts as reached: one row of the 50 held-out ones. */
const NEARLY = 0.021;

const BUDGETS = [100, 200, 300];

/**
 * A method on worlds of known truth, in virtual time (200 ms a call, 16 at once), one row for each world and shape:
 * `npm run bench -- worlds [seeds] [options as JSON] [worlds, with commas between] [first seed]`, e.g.
 * `npm run bench -- worlds 20 '{"method":"gepa"}' lengthy,few 1000`.
 *
 * `score`: mean true score on 50 held-out rows; `best`: mean score of texts with all that the training rows can
 * show; `reached`: share of the runs that come that far; `needed`: calls without those after the last acceptance, but
 * for the report; `between`: validation calls for texts that are neither the first nor the last; `@100`: mean score of what the gate had accepted after 100
 * calls; calls, tokens, seconds and iterations are medians.
 */
async function main(): Promise<void> {
  const [seeds = "20", overrides = "{}", worlds = Object.keys(WORLDS).join(), first = FIRST_SEED] =
    process.argv.slice(2);
  const options: FlatOptions = JSON.parse(overrides);
  const rows: Row[] = [];
  for (const name of worlds.split(",")) {
    const world = worldNamed(name);
    for (const shape of shapesOf(name)) {
      const runs = await inTurn(seedsFrom(Number(first), Number(seeds)), (seed) =>
        runWorld({ ...world, shape, seed }, options),
      );
      if (rows.length === 0) print(["world", "shape", ...COLUMNS.map(({ name }) => ` ${name}`)]);
      const row = COLUMNS.map(({ of }) => of(runs));
      print([name, shape, ...row.map(figure)]);
      rows.push(row);
    }
  }
  print(["mean", "", ...COLUMNS.map((_, column) => figure(mean(rows.map((row) => row[column] ?? 0)), column))]);
}

type Row = readonly number[];

interface Column {
  readonly name: string;
  readonly digits: number;
  readonly of: (runs: readonly WorldRun[]) => number;
}

const COLUMNS: readonly Column[] = [
  { name: "score", digits: 3, of: (runs) => mean(runs.map(({ end }) => end)) },
  { name: "best", digits: 3, of: (runs) => mean(runs.map(({ reachable }) => reachable)) },
  {
    name: "reached",
    digits: 2,
    of: (runs) => mean(runs.map(({ end, reachable }) => Number(end >= reachable - NEARLY))),
  },
  { name: "calls", digits: 0, of: (runs) => median(runs.map(({ calls }) => calls)) },
  { name: "needed", digits: 0, of: (runs) => median(runs.map(({ needed }) => needed)) },
  { name: "between", digits: 0, of: (runs) => median(runs.map(({ between }) => between)) },
  { name: "tokens", digits: 0, of: (runs) => median(runs.map(({ tokens }) => tokens)) },
  ...BUDGETS.map((calls) => ({
    name: `@${calls}`,
    digits: 2,
    of: (runs: readonly WorldRun[]) => mean(runs.map(({ after }) => after(calls))),
  })),
  { name: "seconds", digits: 1, of: (runs) => median(runs.map(({ seconds }) => seconds)) },
  { name: "iterations", digits: 1, of: (runs) => mean(runs.map(({ iterations }) => iterations)) },
  { name: "accepted", digits: 2, of: (runs) => mean(runs.map(({ gains }) => gains.length)) },
  { name: "false", digits: 2, of: (runs) => mean(runs.map(({ gains }) => gains.filter((gain) => gain <= 0).length)) },
  { name: "worse", digits: 2, of: (runs) => mean(runs.map(({ start, end }) => Number(end < start))) },
];

function figure(value: number, column: number): string {
  return value.toFixed(COLUMNS[column]?.digits);
}

function print(cells: readonly string[]): void {
  console.log(cells.map((cell, at) => (at < 2 ? cell.padEnd(10) : cell.padStart(8))).join(""));
}

await main();
