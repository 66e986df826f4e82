import { describe, expect, it } from "vitest";
import { chain } from "../../../bench/experiments/chain.ts";
import { edges } from "../../../bench/experiments/edges.ts";
import type { Estimate, Experiment, Outcome } from "../../../bench/experiments/experiment.ts";
import { gate } from "../../../bench/experiments/gate.ts";
import { neighbors } from "../../../bench/experiments/neighbors.ts";
import { page } from "../../../bench/experiments/page.ts";

/** Points of one plot's series by name. */
function series({ plots }: Outcome, plot: number, name: string): readonly (Estimate & { readonly x: number })[] {
  return plots[plot]?.series.find((one) => one.name === name)?.points ?? [];
}

function last(points: readonly Estimate[]): number {
  return points.at(-1)?.value ?? Number.NaN;
}

async function shown(experiment: Experiment, options: Record<string, readonly number[]>): Promise<Outcome> {
  const outcome = await experiment.run(options);
  const written = page(experiment, outcome, "npm run experiment");
  expect(written).not.toMatch(/NaN|undefined|Infinity/);
  expect(outcome.rows.every((row) => row.length === outcome.head.length)).toBe(true);
  return outcome;
}

describe("the experiments", () => {
  it("chain: the comparison of the final answer keeps gradients telling, however far they travel", async () => {
    const outcome = await shown(chain, { seeds: [4], depths: [6] });
    const [both, alone] = ["feedback and final comparison", "feedback alone"].map((arm) => series(outcome, 0, arm));
    expect(both).toHaveLength(5);
    expect(last(both ?? [])).toBeGreaterThan(1.3 * last(alone ?? []));
    // At the last node both see the same; the runs differ in how many gradients they make.
    expect(both?.[0]?.value).toBeCloseTo(alone?.[0]?.value ?? Number.NaN, 1);
  });

  it("neighbors: who sees all inputs blames the one at fault", async () => {
    const outcome = await shown(neighbors, { seeds: [4], siblings: [4] });
    const of = (plot: number) =>
      ["all inputs at once", "each input alone"].map((arm) => last(series(outcome, plot, arm)));
    const [aware = 0, alone = 1] = of(0);
    expect(aware).toBeGreaterThan(2 * alone);
    const [awareEnd = 0, aloneEnd = 1] = of(1);
    // Both can end at the ceiling.
    expect(awareEnd).toBeGreaterThanOrEqual(aloneEnd);
  });

  it("edges: gradients mend a missing edge that edge probabilities do not find with as many calls", async () => {
    const outcome = await shown(edges, { seeds: [2] });
    const ends = (name: string) => series(outcome, 0, name).map(({ value }) => value);
    const [missing = 0] = ends("semantic gradients, 90% right");
    const [searched = 1] = ends("edge probabilities (GPTSwarm)");
    expect(missing).toBeGreaterThan(0.9);
    expect(searched).toBeLessThan(missing);
  });

  it("gate: off lets everything through, strict little of what is no better, significant hardly anything", async () => {
    const outcome = await shown(gate, { seeds: [8], sizes: [20] });
    expect(last(series(outcome, 1, "off"))).toBe(1);
    expect(last(series(outcome, 2, "off"))).toBe(0);
    expect(last(series(outcome, 1, "significant"))).toBeLessThan(0.1);
    expect(last(series(outcome, 1, "strict"))).toBeLessThan(0.25);
  });
});
