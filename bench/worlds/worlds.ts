import type { WorldOptions } from "./world.ts";

type Kind = Omit<WorldOptions, "shape" | "seed">;
type Shape = WorldOptions["shape"];

const OVERCRITICAL: Kind = {
  rules: 3,
  startAccuracy: 0.08,
  rulesPerRewrite: 2,
  feedbackAccuracy: 0.9,
  destructiveRewrites: 0.05,
  uselessRewrites: 0.14,
  overcritical: true,
};

/**
 * From kind to unkind. In `sly` and `halfway` a ruined text stays ruined until it is taken back, and nothing but scores
 * shows it. From `demanding` on there are feedback that never falls silent, as of real models, and rewrites that add only
 * what does not help; `lengthy` and `unkind` turn answers wrong for each sentence too many. None of them is what the
 * engine was tuned to alone: a default is what wins over all of them.
 */
export const WORLDS: Readonly<Record<string, Kind>> = {
  noiseless: {
    rules: 2,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 1,
    destructiveRewrites: 0,
    uselessRewrites: 0,
  },
  plain: {
    rules: 2,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.9,
    destructiveRewrites: 0.1,
    uselessRewrites: 0,
  },
  gradual: {
    rules: 3,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.9,
    destructiveRewrites: 0.1,
    uselessRewrites: 0,
  },
  harsh: {
    rules: 2,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.4,
    destructiveRewrites: 0.3,
    uselessRewrites: 0.1,
  },
  harsher: {
    rules: 3,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.4,
    destructiveRewrites: 0.3,
    uselessRewrites: 0.1,
  },
  sly: {
    rules: 2,
    startAccuracy: 0.08,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.4,
    destructiveRewrites: 0.3,
    uselessRewrites: 0.1,
    hiddenDamage: true,
  },
  halfway: {
    rules: 2,
    startAccuracy: 0.5,
    rulesPerRewrite: 2,
    feedbackAccuracy: 0.4,
    destructiveRewrites: 0.3,
    uselessRewrites: 0.1,
    hiddenDamage: true,
  },
  talkative: { ...OVERCRITICAL, rules: 2 },
  demanding: OVERCRITICAL,
  severe: { ...OVERCRITICAL, feedbackAccuracy: 0.4, destructiveRewrites: 0.3 },
  lengthy: { ...OVERCRITICAL, feedbackAccuracy: 0.7, lengthPenalty: 0.08 },
  noisy: { ...OVERCRITICAL, answerNoise: 0.05 },
  misled: { ...OVERCRITICAL, misattribution: 0.3 },
  few: { ...OVERCRITICAL, rows: { train: 8, validation: 12 } },
  unkind: {
    ...OVERCRITICAL,
    lengthPenalty: 0.04,
    answerNoise: 0.05,
    misattribution: 0.3,
    rows: { train: 8, validation: 12 },
  },
};

/** Additional shapes of some worlds. All worlds have the chain and the diamond. */
const MORE: Readonly<Record<string, readonly Shape[]>> = {
  demanding: ["single", "fan"],
  severe: ["single"],
};

export function shapesOf(world: string): readonly Shape[] {
  return ["chain", "diamond", ...(MORE[world] ?? [])];
}
