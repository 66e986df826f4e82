import type { Gain } from "../../../../src/run/comparison/gain.ts";
import type { ComparisonReport, VariantRow } from "../../../../src/run/comparison/result.ts";

const HOSTILE = '<img src=x onerror="alert(1)">|[a](http://b)';

export function gain(mean: number, isSignificant: boolean): Gain {
  const interval = isSignificant ? ([mean - 0.05, mean + 0.05] as const) : ([-0.1, 0.2] as const);
  const adjusted = isSignificant ? 0.012 : 0.4;
  return { mean, interval, better: 12, worse: 2, equal: 66, p: 0.004, adjusted, overSamples: adjusted, isSignificant };
}

export function variant(name: string, score: number, calls: number): VariantRow {
  const cost = { calls, tokens: 100 * calls, usd: 0.001 * calls, seconds: calls / 10 };
  return {
    name,
    method: name,
    options: {
      method: name,
      threshold: 0,
      gate: { policy: "strict", alpha: 0.05 },
      seed: 1,
      budget: { calls: 500, tokens: null, usd: null },
      methodOptions: { batch: 8 },
    },
    heldOut: { score, interval: [score - 0.1, score + 0.05], scored: 80, repeats: [score, score] },
    gain: gain(score - 0.3, true),
    gainOverChainOfThought: gain(score - 0.35, false),
    answer: { tokens: 120, usd: 0.0001 },
    cost,
    repeats: [1, 2].map((seed) => ({
      ...cost,
      seed,
      status: "done",
      accepted: 1,
      changes: [{ node: "plan", before: "Do it.", after: `Do it well, with seed ${seed}.` }],
      validation: { before: 0.3, after: score },
      heldOut: score,
      search: `search-${name}-${seed}`,
      score: `score-${name}-${seed}`,
    })),
  };
}

/** Three methods on a graph with a hostile name. */
export const report: ComparisonReport = {
  version: 1,
  kind: "methods",
  graphFile: "team.agentgraph.json",
  name: HOSTILE,
  provider: "https://models.example.com",
  models: { forward: "small", backward: "large", optimizer: "large", judge: "small" },
  temperatures: { forward: 0, backward: null, optimizer: null, judge: null },
  loss: "the answer equals the target",
  samples: { train: 20, validation: 20, test: 80 },
  seeds: [1, 2, 3],
  about: "methods",
  budget: { calls: 500, tokens: null, usd: null },
  engine: "5",
  startedAt: Date.UTC(2026, 10, 29),
  runs: "/w/.agentgraph/comparisons/1/runs",
  baselines: [
    {
      name: "untouched",
      score: 0.3,
      interval: [0.2, 0.4],
      scored: 80,
      repeats: [0.3],
      gain: null,
      answer: { tokens: 100, usd: 0.0001 },
    },
    {
      name: "chain-of-thought",
      score: 0.35,
      interval: [0.25, 0.45],
      scored: 80,
      repeats: [0.35],
      gain: gain(0.05, false),
      answer: { tokens: 140, usd: 0.0002 },
    },
  ],
  variants: [variant("one", 0.8, 200), variant("two", 0.6, 400), variant("three", 0.58, 410)],
  pairs: [
    { higher: "one", lower: "two", ...gain(0.2, true) },
    { higher: "one", lower: "three", ...gain(0.22, true) },
    { higher: "two", lower: "three", ...gain(0.02, false) },
  ],
  scoring: { calls: 640, tokens: 40_000, usd: 0.2, seconds: 12 },
  statistics: { interval: "", test: "", correction: "Holm" },
};
