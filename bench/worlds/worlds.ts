import type { WorldOptions } from "./world.ts";

/** From kind to unkind. In the last two a ruined text stays ruined until it is taken back, and nothing but scores shows it. None of them is what the engine was tuned to: they tell whether a change helps everywhere. */
export const WORLDS: Readonly<Record<string, Omit<WorldOptions, "shape" | "seed">>> = {
  noiseless: { rules: 2, easy: 0.08, adds: 2, accuracy: 1, destructive: 0, useless: 0 },
  plain: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  gradual: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  harsh: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  harsher: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  sly: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1, sly: true },
  // As real models do, these ask for something where nothing can be mended; in the second, text that is too long hurts.
  talkative: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.05, useless: 0.14, talkative: true },
  lengthy: {
    rules: 3,
    easy: 0.08,
    adds: 2,
    accuracy: 0.7,
    destructive: 0.05,
    useless: 0.14,
    talkative: true,
    bloat: 0.08,
  },
  halfway: { rules: 2, easy: 0.5, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1, sly: true },
};
