import { expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { conclusions } from "../../../../src/run/comparison/messages.ts";
import { comparisonOf } from "../../../../src/run/comparison/result.ts";

const IDS = Array.from({ length: 30 }, (_, at) => `sample ${at}`);
const choice = { model: "m", params: {} };

type Parameters = typeof comparisonOf extends (...given: infer P) => unknown ? P : never;

/** A run that scored the held-out set. @param losses null: not scored */
function scoring(id: string, losses: readonly (number | null)[]) {
  const scores = IDS.flatMap((sample, at) => (losses[at] === null ? [] : [[sample, { loss: losses[at] }]]));
  return {
    id,
    start: {
      data: { test: IDS.map((sample) => ({ id: sample })) },
      graph: { nodes: [] },
      models: { forward: choice },
      options: { seed: 1 },
    },
    state: {
      theta: "theta",
      scores: { theta: Object.fromEntries(scores) },
      ...{ solutions: [], answering: {}, proposals: [], status: "done", finished: null },
      ...{ calls: { total: 1 }, tokens: { prompt: 1, completion: 1 }, usd: 0, elapsed: 1 },
    },
  };
}

/** @param sides losses of each variant by sample */
function compared(sides: Readonly<Record<string, readonly (number | null)[]>>) {
  const options = { seed: 1, method: "semantic" };
  const plan = {
    kind: "methods",
    request: {
      graphFile: "a.agentgraph.json",
      task: {
        ...{ graph: { name: "a" }, data: { train: [], validation: [], test: IDS }, options },
        ...{ models: { forward: choice, backward: choice, optimizer: choice, judge: choice } },
        loss: { describe: () => "" },
      },
    },
    variants: Object.keys(sides).map((name) => ({ name, options })),
    repeats: 1,
    budget: { calls: null, tokens: null, usd: null },
  };
  const wrong = IDS.map(() => 1);
  const measured = {
    folder: "",
    baselines: { untouched: [scoring("untouched", wrong)], "chain-of-thought": [scoring("chain", wrong)] },
    variants: Object.entries(sides).map(([name, losses]) => ({
      searches: [scoring(`search ${name}`, losses)],
      scores: [scoring(name, losses)],
    })),
  };
  return comparisonOf(...([plan, measured, "openai", () => null] as unknown as Parameters));
}

it("calls better what is better on the samples that both were scored on, whatever the others do for a score", () => {
  // one was not scored on twelve samples on which two is wrong, and is wrong on six on which two is right.
  const one = IDS.map((_, at) => (at < 12 ? null : at < 18 ? 1 : 0));
  const two = IDS.map((_, at) => (at < 12 ? 1 : 0));
  const report = compared({ one, two });
  expect(report.variants.map(({ heldOut }) => heldOut.score)).toEqual([12 / 18, 18 / 30]);
  expect(report.pairs).toMatchObject([{ higher: "two", lower: "one", better: 6, worse: 0, isSignificant: true }]);
  expect(conclusions(report, ENGLISH)[0]).toMatch(/^The texts of two score higher than those of one: \+0\.33/);
});

it("corrects p for the differences that were measured, not for a side that could not be scored", () => {
  const one = IDS.map((_, at) => (at < 24 ? 1 : 0));
  const two = IDS.map(() => 1);
  const [pair] = compared({ one, two, lost: IDS.map(() => null) }).pairs;
  expect(pair).toMatchObject({ higher: "one", lower: "two", p: 2 / 2 ** 6, adjusted: 2 / 2 ** 6 });
});
