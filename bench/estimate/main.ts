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
 * [methods, with commas between]`.
 *
 * `calls` is the median over all kinds of tasks, `estimate` what is estimated without any reply. Tasks look alike before
 * the first reply, so the estimate is the same for all of them. `ratio` is estimate / calls, `within` the number of runs
 * whose calls are within the range. `scored` is the median of estimate / calls for runs after an evaluation of the
 * validation set, so the score at the start is known.
 */
async function main(): Promise<void> {
  const [count = "2", names = Object.keys(METHODS).join()] = process.argv.slice(2);
  const seeds = seedsFrom(FIRST_SEED, Number(count));
  for (const method of names.split(",")) {
    const flat = METHODS[method];
    if (!flat) throw new Error(`There is no method named ${method}. There are: ${Object.keys(METHODS).join(", ")}.`);
    for (const shape of ["chain", "diamond"] as const) {
      const [seed = FIRST_SEED] = seeds;
      const { task, provider } = world({ shape, seed }, flat);
      const { calls: estimate, range } = await estimateRun(task, known(provider));
      const runs = await inTurn(
        KINDS.flatMap((kind) => seeds.map((seed) => ({ ...worldNamed(kind), shape, seed }))),
        async (options) => {
          const { task, provider } = world(options, flat);
          return (await used(task, provider)).calls;
        },
      );
      const afterScoring = await inTurn(
        EASY.flatMap((startAccuracy) => seeds.map((seed) => ({ startAccuracy, shape, seed }))),
        async (options) => {
          const { task, provider } = world({ ...WORLDS.demanding, ...options }, flat);
          const replies = await scored(task, provider);
          const { calls } = await estimateRun(task, known(provider, replies));
          return calls / (await used(task, provider, replies)).calls;
        },
      );
      const calls = median(runs);
      const isWithin = (one: number) => range.least.calls <= one && one <= range.most.calls;
      console.log(
        JSON.stringify({
          bench: "estimate",
          method,
          shape,
          runs: runs.length,
          calls,
          estimate,
          ratio: Number((estimate / calls).toFixed(2)),
          least: range.least.calls,
          most: range.most.calls,
          fewest: Math.min(...runs),
          highest: Math.max(...runs),
          within: runs.filter(isWithin).length,
          scored: Number(median(afterScoring).toFixed(2)),
        }),
      );
    }
  }
}

await main();
