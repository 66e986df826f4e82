import type { WorldOptions } from "./world.ts";

type Kind = Omit<WorldOptions, "shape" | "seed">;
type Shape = WorldOptions["shape"];

const NOISELESS: Kind = {
  rules: 2,
  startAccuracy: 0.08,
  rulesPerRewrite: 2,
  feedbackAccuracy: 1,
  destructiveRewrites: 0,
  uselessRewrites: 0,
};

const PLAIN: Kind = { ...NOISELESS, feedbackAccuracy: 0.9, destructiveRewrites: 0.1 };

const HARSH: Kind = { ...NOISELESS, feedbackAccuracy: 0.4, destructiveRewrites: 0.3, uselessRewrites: 0.1 };

const OVERCRITICAL: Kind = {
  ...PLAIN,
  rules: 3,
  destructiveRewrites: 0.05,
  uselessRewrites: 0.14,
  overcritical: true,
};

/**
 * From kind to unkind. In `sly` and `halfway` a ruined text stays ruined until it is taken back, and nothing but scores
 * shows it. In `forgetful` and `careless` a rewrite loses rules of the text; in `lucky` and `careless` some answers are
 * right although a rule is missing. From `demanding` on there are feedback that never falls silent, as of real models, and
 * rewrites that add only what does not help; `lengthy` and `unkind` turn answers wrong for each sentence too many. None
 * of them is what the engine was tuned to alone: a default is what wins over all of them.
 */
export const WORLDS = {
  noiseless: NOISELESS,
  plain: PLAIN,
  gradual: { ...PLAIN, rules: 3 },
  harsh: HARSH,
  harsher: { ...HARSH, rules: 3 },
  sly: { ...HARSH, hiddenDamage: true },
  halfway: { ...HARSH, startAccuracy: 0.5, hiddenDamage: true },
  forgetful: { ...PLAIN, rules: 3, lostRules: 0.25 },
  lucky: { ...PLAIN, luckyAnswers: 0.3 },
  careless: { ...OVERCRITICAL, feedbackAccuracy: 0.7, lostRules: 0.2, luckyAnswers: 0.2 },
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
} satisfies Readonly<Record<string, Kind>>;

/** @throws Error if there is none of this name */
export function worldNamed(name: string): Kind {
  const worlds: Readonly<Record<string, Kind>> = WORLDS;
  const world = worlds[name];
  if (!world) throw new Error(`There is no world named ${name}. There are: ${Object.keys(WORLDS).join(", ")}.`);
  return world;
}

/** Additional shapes of some worlds. All worlds have the chain and the diamond. */
const MORE: Readonly<Record<string, readonly Shape[]>> = {
  demanding: ["single", "fan"],
  severe: ["single"],
};

export function shapesOf(world: string): readonly Shape[] {
  return ["chain", "diamond", ...(MORE[world] ?? [])];
}
