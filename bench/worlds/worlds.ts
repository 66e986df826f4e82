import type { WorldOptions } from "./world.ts";

/** From kind to unkind. None of them is what the engine was tuned to: they tell whether a change helps everywhere. */
export const WORLDS: Readonly<Record<string, Omit<WorldOptions, "shape" | "seed">>> = {
  plain: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  gradual: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.9, destructive: 0.1, useless: 0 },
  harsh: { rules: 2, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
  harsher: { rules: 3, easy: 0.08, adds: 2, accuracy: 0.4, destructive: 0.3, useless: 0.1 },
};
