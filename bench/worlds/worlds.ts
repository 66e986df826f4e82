import type { WorldOptions } from "./world.ts";

type Kind = Omit<WorldOptions, "shape" | "seed">;
type Shape = WorldOptions["shape"];

const TALKATIVE: Kind = {
  rules: 3,
  easy: 0.08,
  adds: 2,
  accuracy: 0.9,
  destructive: 0.05,
  useless: 0.14,
  talkative: true,
};

/**
 * From kind to unkind. In `sly` and `halfway` a ruined text stays ruined until it is taken back, and nothing but scores
 * shows it. From `demanding` on there are feedback that never falls silent, as of real models, and rewrites that add only
 * what does not help; `lengthy` and `unkind` turn answers wrong for each sentence too many. None of them is what the
 * engine was tuned to alone: a default is what wins over all of them.
 */
export const WORLDS: Readonly<Record<string, Kind>> = {
  noiseless: { rules: 2, easy: 0.08, adds: 2, accuracy: 1, destructive: 0, useless: 0 },
  plain: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  gradual: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  harsh: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  harsher: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  sly: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1, sly: true },
  halfway: { rules: 2, easy: 0.5, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1, sly: true },
  talkative: { ...TALKATIVE, rules: 2 },
  demanding: TALKATIVE,
  severe: { ...TALKATIVE, accuracy: 0.4, destructive: 0.3 },
  lengthy: { ...TALKATIVE, accuracy: 0.7, bloat: 0.08 },
  noisy: { ...TALKATIVE, noise: 0.05 },
  misled: { ...TALKATIVE, blame: 0.3 },
  few: { ...TALKATIVE, rows: { train: 8, validation: 12 } },
  unkind: { ...TALKATIVE, bloat: 0.04, noise: 0.05, blame: 0.3, rows: { train: 8, validation: 12 } },
};

/** Graphs that only some worlds are tried on, beside the chain and the diamond. */
const MORE: Readonly<Record<string, readonly Shape[]>> = {
  demanding: ["single", "fan"],
  severe: ["single"],
};

export function shapesOf(world: string): readonly Shape[] {
  return ["chain", "diamond", ...(MORE[world] ?? [])];
}
