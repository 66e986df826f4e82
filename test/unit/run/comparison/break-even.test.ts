import { describe, expect, it } from "vitest";
import { answerCost, breakEvenRow } from "../../../../src/run/comparison/break-even.ts";
import type { EndedRun } from "../../../../src/run/comparison/drive.ts";

const price = (model: string, { prompt, completion }: { prompt: number; completion: number }) =>
  model === "small" ? 1e-6 * (prompt + completion) : model === "large" ? 1e-5 * (prompt + completion) : null;

function run(answering: Record<string, [number, number]>, rows: number, model = "small", own = false): EndedRun {
  const usage = Object.entries(answering).map(([name, [prompt, completion]]) => [
    name,
    { prompt, completion, estimated: false },
  ]);
  return {
    id: "r",
    start: {
      graph: { nodes: own ? [{ kind: "llm", model: { model: "large", params: {} } }] : [] },
      data: { test: Array.from({ length: rows }, (_, id) => ({ id })) },
      models: { forward: { model } },
    },
    state: { answering: Object.fromEntries(usage) },
  } as unknown as EndedRun;
}

const cost = (usd: number | null) => ({ calls: 100, tokens: 10_000, usd, seconds: 1 });

describe("the cost of an answer", () => {
  it("is the mean over all rows of all runs, each model at its price", () => {
    const mixed = run({ small: [800, 200], large: [90, 10] }, 10, "small", true);
    const found = answerCost([run({ small: [800, 200] }, 10), mixed], price);
    expect(found.tokens).toBe(105);
    expect(found.usd).toBeCloseTo((2000 * 1e-6 + 100 * 1e-5) / 20, 12);
  });

  it("takes the price of the model that was asked where the one that answered has another name", () => {
    expect(answerCost([run({ "small-2026-01": [100, 0] }, 1)], price).usd).toBeCloseTo(1e-4, 12);
    // Whatever name it goes by: a server that answers for both models says the same name.
    expect(answerCost([run({ small: [100, 0] }, 1, "large")], price).usd).toBeCloseTo(1e-3, 12);
  });

  it("is unknown where a price is, and where there are no rows", () => {
    expect(answerCost([run({ other: [100, 0] }, 1, "other")], price).usd).toBeNull();
    expect(answerCost([run({}, 0)], price)).toEqual({ tokens: 0, usd: null });
  });
});

describe("the break-even", () => {
  const answer = (usd: number | null) => ({ tokens: 100, usd });

  it("is the search over what an answer saves, rounded up", () => {
    const row = breakEvenRow({ name: "m", cost: cost(1) }, answer(0.001), answer(0.004), null);
    expect(row.answers).toBe(334);
  });

  it("never comes where an answer costs as much or more, or a price is unknown", () => {
    const answers = (own: number | null, other: number | null, search: number | null) =>
      breakEvenRow({ name: "m", cost: cost(search) }, answer(own), answer(other), null).answers;
    expect([answers(0.004, 0.004, 1), answers(0.005, 0.004, 1)]).toEqual([null, null]);
    expect([answers(null, 1, 1), answers(0, null, 1), answers(0, 1, null)]).toEqual([null, null, null]);
  });
});
