import { describe, expect, it } from "vitest";
import type { Saving } from "../../../src/engine/task.ts";
import { SAVINGS } from "../../../src/graph/schema-run.ts";
import { decided, HARSH, run } from "./runs.ts";

const runs = (without: readonly Saving[]) =>
  Promise.all(
    [1, 2, 3].flatMap((seed) =>
      (["chain", "diamond"] as const).map((shape) =>
        run({
          world: { ...HARSH, easy: 0.4, sly: true, shape, seed },
          latency: () => 0,
          options: { gateEvery: 1, without },
        }),
      ),
    ),
  );

describe("a saving that is switched off", () => {
  const plain = runs([]);
  it.each(SAVINGS)("%s changes no decision, and costs calls", async (saving) => {
    const [all, without] = [await plain, await runs([saving])];
    expect(without.map(decided)).toEqual(all.map(decided));
    const calls = (list: typeof all) => list.reduce((sum, { spent }) => sum + spent.calls, 0);
    expect(calls(without)).toBeGreaterThan(calls(all));
    for (const { spent, provider } of without) expect(spent.calls).toBe(provider.seen.length);
  });
});
