import { type Amount, estimateRun } from "../../src/run/estimate/estimate.ts";
import { inTurn, seedsFrom } from "../experiments/experiment.ts";
import { median } from "../worlds/run.ts";
import { known, scored, used, world } from "./unimproved.ts";

/**
 * The estimate before the first call against what a run without any improvement then uses, for graphs that are mostly
 * wrong to mostly right at the start: `npm run bench -- estimate [seeds]`.
 */
const EASY = [0.05, 0.2, 0.4, 0.6, 0.8, 0.95];

async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 5);
  for (const shape of ["chain", "diamond"] as const) {
    for (const easy of EASY) {
      const runs = await inTurn(seedsFrom(1, seeds), (seed) => once({ shape, startAccuracy: easy, seed }));
      const of = (pick: (run: (typeof runs)[number]) => number) => Number(median(runs.map(pick)).toFixed(2));
      console.log(
        JSON.stringify({
          bench: "estimate",
          shape,
          easy,
          seeds,
          calls: of(({ calls }) => calls),
          blindCalls: of(({ blindCalls }) => blindCalls),
          blindTokens: of(({ blindTokens }) => blindTokens),
          least: of(({ least }) => least),
          most: of(({ most }) => most),
          withinCalls: runs.filter(({ withinCalls }) => withinCalls).length,
          withinTokens: runs.filter(({ withinTokens }) => withinTokens).length,
          seeingCalls: of(({ seeingCalls }) => seeingCalls),
          seeingTokens: of(({ seeingTokens }) => seeingTokens),
        }),
      );
    }
  }
}

async function once(options: Parameters<typeof world>[0]) {
  const { task, provider } = world(options);
  const [blind, actual] = [await estimateRun(task, known(provider)), await used(task, provider)];
  const replies = await scored(task, provider);
  const seeing = await estimateRun(task, known(provider, replies));
  const left = await used(task, provider, replies);
  /** Rounded as it is shown: to two digits. */
  const isWithin = (of: (amount: Pick<Amount, "calls" | "tokens">) => number) =>
    of(blind.range.least) <= 1.05 * of(actual) && of(actual) <= 1.05 * of(blind.range.most);
  return {
    calls: actual.calls,
    blindCalls: blind.calls / actual.calls,
    blindTokens: blind.tokens / actual.tokens,
    least: blind.range.least.calls / actual.calls,
    most: blind.range.most.calls / actual.calls,
    withinCalls: isWithin(({ calls }) => calls),
    withinTokens: isWithin(({ tokens }) => tokens),
    seeingCalls: seeing.calls / left.calls,
    seeingTokens: seeing.tokens / left.tokens,
  };
}

await main();
