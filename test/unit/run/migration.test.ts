import { describe, expect, it } from "vitest";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { type ModelFigures, migrationOf, migrationSentences } from "../../../src/run/migration.ts";

/** Figures of a model from the losses of its samples; null: unscored. */
function figures(model: string, losses: readonly (number | null)[]): ModelFigures {
  const scored = losses.flatMap((loss, at) => (loss === null ? [] : [[`s${at}`, loss] as const]));
  const score = scored.reduce((sum, [, loss]) => sum + 1 - loss, 0) / scored.length;
  return { model, scored: scored.length, score, losses: Object.fromEntries(scored), tokens: 10, usd: null };
}

describe("a model that can't answer hard samples", () => {
  const from = figures("old", [0, 0, 0, 0, 1, 1]);

  it("does not keep the score by leaving them out", () => {
    const to = figures("new", [0, 0, 1, 0, null, null]);
    expect(to.score).toBeGreaterThan(from.score ?? 1);
    const moved = migrationOf({ split: "test", n: 6, from, to, tuned: null, run: null }, 0);
    expect(moved.held).toBe(false);
    expect(migrationSentences(moved, ENGLISH)[0]).toBe(
      "new scores lower than old: 0.75 against 1.00 on 4 test samples. 2 test samples could not be scored with both models.",
    );
  });

  it("keeps it if it is as good on the others", () => {
    const to = figures("new", [0, 0, 0, 0, 1, null]);
    expect(migrationOf({ split: "test", n: 6, from, to, tuned: null, run: null }, 0).held).toBe(true);
  });

  it("counts one sample in the singular, and takes models without a price per answer for what they are", () => {
    const free = (model: string, losses: readonly number[], usd = 0) => ({ ...figures(model, losses), usd });
    const [old, next] = [free("old", [0, 0, 1]), free("new", [1, 1, 1])];
    const measured = { split: "test", n: 3, from: old, to: next, run: "r" } as const;
    const sentences = (tuned: ModelFigures) => migrationSentences(migrationOf({ ...measured, tuned }, 0), ENGLISH);
    expect(sentences(free("new", [0, 1, 1])).slice(1)).toEqual([
      "Without tuning, it scored 0.00: 2 broken, 0 fixed. After tuning, 1 is still broken.",
      "1,000 answers cost $0.00 with both.",
    ]);
    expect(sentences(free("new", [0, 0, 1], 0.5)).slice(1)).toEqual([
      "Without tuning, it scored 0.00: 2 broken, 0 fixed. After tuning, 0 are still broken.",
      "1,000 answers cost $0.00 → $0.50.",
    ]);
  });

  it("keeps nothing if no sample was scored with both", () => {
    const to = figures("new", [null, null, null, null, null, null]);
    expect(migrationOf({ split: "test", n: 6, from, to, tuned: null, run: null }, 0).held).toBe(false);
  });
});
