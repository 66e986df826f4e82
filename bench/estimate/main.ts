import { estimateRun } from "../../src/run/estimate/estimate.ts";
import { inTurn, seedsFrom } from "../experiments/experiment.ts";
import { type FlatOptions, median } from "../worlds/run.ts";
import { WORLDS, worldNamed } from "../worlds/worlds.ts";
import { known, scored, used, world } from "./runs.ts";

/** First of the seeds that the assumptions of the dry runs were not chosen by. */
const FIRST_SEED = 41_000;

/** Kinds of tasks with as many rows each, from tasks that improve at once to those that hardly improve. */
const KINDS = ["plain", "talkative", "demanding", "harsh", "lengthy", "halfway"] satisfies (keyof typeof WORLDS)[];

const METHODS: Readonly<Record<string, FlatOptions>> = {
  semantic: {},
  "semantic-reference": { method: "semantic-reference" },
  textgrad: { method: "textgrad" },
  optoprime: { method: "optoprime" },
  gepa: { method: "gepa" },
  copro: { method: "copro" },
  miprov2: { method: "miprov2" },
};

/** Shares of right samples at the start of the `demanding` tasks that are scored before the estimate. */
const EASY = [0.2, 0.5, 0.8];

/**
 * The estimate before the first call, and what runs on unseen synthetic tasks then use: `npm run bench -- estimate [seeds]
 * [methods, with commas between] [first seed]`.
 *
 * `used` are medians over all kinds of tasks, `estimate` what is estimated without any reply. Tasks look alike before
 * the first reply, so the estimate is the same for all of them. `ratio` is estimate / used, `within` the number of runs
 * that are within the range. `scored` is the median of estimate / used for runs after an evaluation of the
 * validation set, so the score at the start is known. `atOnce` is the mean number of calls at the same time, with 16
 * at most.
 */
async function main(): Promise<void> {
  const [count = "2", names = Object.keys(METHODS).join(), first = String(FIRST_SEED)] = process.argv.slice(2);
  const seeds = seedsFrom(Number(first), Number(count));
  for (const method of names.split(",")) {
    const flat = METHODS[method];
    if (!flat) throw new Error(`There is no method named ${method}. There are: ${Object.keys(METHODS).join(", ")}.`);
    for (const shape of ["chain", "diamond"] as const) {
      const [seed = Number(first)] = seeds;
      const { task, provider } = world({ shape, seed }, flat);
      const { range, ...estimate } = await estimateRun(task, known(provider));
      const runs = await inTurn(
        KINDS.flatMap((kind) => seeds.map((seed) => ({ ...worldNamed(kind), shape, seed }))),
        (options) => {
          const { task, provider, time } = world(options, flat);
          return used(task, provider, undefined, time);
        },
      );
      const afterScoring = await inTurn(
        EASY.flatMap((startAccuracy) => seeds.map((seed) => ({ startAccuracy, shape, seed }))),
        async (options) => {
          const { task, provider, time } = world({ ...WORLDS.demanding, ...options }, flat);
          const replies = await scored(task, provider, time);
          const estimate = await estimateRun(task, known(provider, replies));
          return { estimate, used: await used(task, provider, replies, time) };
        },
      );
      const figures = UNITS.map((unit) => {
        const all = runs.map((one) => one[unit]);
        const [least, most] = [range.least[unit] ?? 0, range.most[unit] ?? 0];
        const middle = median(all);
        return [
          unit,
          {
            used: Math.round(middle),
            estimate: Math.round(estimate[unit] ?? 0),
            ratio: hundredths((estimate[unit] ?? 0) / middle),
            range: [least, most].map(Math.round),
            from: Math.round(Math.min(...all)),
            to: Math.round(Math.max(...all)),
            within: all.filter((one) => least <= one && one <= most).length,
            scored: hundredths(median(afterScoring.map(({ estimate, used }) => (estimate[unit] ?? 0) / used[unit]))),
          },
        ] as const;
      });
      const atOnce = hundredths(median(runs.map((one) => one.atOnce)));
      console.log(
        JSON.stringify({ bench: "estimate", method, shape, runs: runs.length, ...Object.fromEntries(figures), atOnce }),
      );
    }
  }
}

const UNITS = ["calls", "tokens", "usd"] as const;

function hundredths(value: number): number {
  return Number(value.toFixed(2));
}

await main();
