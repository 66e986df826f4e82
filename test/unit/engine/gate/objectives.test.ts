import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../../src/engine/events.ts";
import { Spent } from "../../../../src/engine/forward/spent.ts";
import { type AnswerCost, isDear, paretoFront, ratioOf, weightOfCost } from "../../../../src/engine/gate/objectives.ts";
import { policyRule } from "../../../../src/engine/gate/rules.ts";
import type { Pair } from "../../../../src/engine/gate/statistics.ts";
import { verdictOf } from "../../../verdict.ts";
import { candidate, engineOf, graphOf, llm, ofType, recorder, sampleOf } from "../fixtures.ts";
import { run } from "../runs.ts";

const STRICT = { policy: "strict", alpha: 0.05 } as const;
const cost = (tokens: number, milliseconds: number | null = null, usd: number | null = null): AnswerCost => ({
  tokens,
  milliseconds,
  usd,
});

/** Ten samples, of which so many are right before and after, with these tokens per answer. */
function pairs(before: number, after: number, tokens: readonly [number, number], scored = 10): Pair[] {
  return Array.from({ length: 10 }, (_, index) => {
    const sample = sampleOf(String(index));
    if (index >= scored) return { sample, before: undefined, after: undefined };
    const costs = { before: cost(tokens[0]), after: cost(tokens[1]) };
    return { sample, before: index < before ? 0 : 1, after: index < after ? 0 : 1, costs };
  });
}

const weights = (more: object) => ({ loss: 1, tokens: 0, latency: 0, usd: 0, ...more });

describe("a gate that weighs costs", () => {
  const rule = policyRule(STRICT, weights({ tokens: 0.1 }));

  it("rejects a gain that costs more than it is worth, and says so", () => {
    expect(rule(pairs(4, 5, [100, 199]))).toEqual({ decision: "accepted", reason: "lower loss" });
    expect(rule(pairs(4, 5, [100, 201]))).toEqual({ decision: "rejected", reason: "costs more than it gains" });
    expect(policyRule(STRICT)(pairs(4, 5, [100, 900]))).toEqual({ decision: "accepted", reason: "lower loss" });
  });

  it("accepts what is cheaper at the same loss, which the loss alone calls a tie", () => {
    expect(rule(pairs(4, 4, [100, 50]))).toEqual({
      decision: "accepted",
      reason: "better by all objectives together",
    });
    expect(policyRule(STRICT)(pairs(4, 4, [100, 50]))).toEqual({ decision: "rejected", reason: "tie" });
  });

  it("decides on no part of the samples that the rest could turn", () => {
    expect(rule(pairs(0, 7, [100, 150], 7))?.decision).toBe("accepted");
    expect(rule(pairs(0, 5, [100, 150], 5))).toBeNull();
    // Certain to lower the loss, by at least 0.2; at three times the tokens not certain to be worth it.
    expect(rule(pairs(0, 6, [100, 300], 6))).toBeNull();
  });

  it("weighs time and money by their growth, and nothing that is not known", () => {
    const costs = [{ before: cost(10, 1000, 0.01), after: cost(10, 1500, 0.03) }];
    expect(weightOfCost(weights({ latency: 0.2 }), costs)).toBeCloseTo(0.1);
    expect(weightOfCost(weights({ usd: 0.1 }), costs)).toBeCloseTo(0.2);
    expect(weightOfCost(weights({ usd: 0.1 }), [{ before: cost(1), after: cost(9) }])).toBe(0);
    expect(weightOfCost("pareto", costs)).toBe(0);
    expect(ratioOf([undefined], ({ tokens }) => tokens)).toBeNull();
  });
});

describe("an update that buys little with much", () => {
  const of = (tokensBefore: number, tokensAfter: number, gain: number) =>
    isDear({ tokensBefore, tokensAfter, lossBefore: 0.5, lossAfter: 0.5 - gain });

  it("is one that doubles the tokens for a point, not one that doubles the score", () => {
    expect(of(100, 200, 0.01)).toBe(true);
    expect(of(100, 200, 0.4)).toBe(false);
    expect(of(100, 140, 0.01)).toBe(false);
    expect(of(0, 100, 0.01)).toBe(false);
  });
});

describe("the front", () => {
  const point = (score: number, tokens: number, milliseconds: number | null = null) => ({
    score,
    tokens,
    milliseconds,
    usd: null,
  });

  it("holds what no other beats in everything", () => {
    const [start, better, worse, quick] = [point(0.2, 10), point(0.8, 20), point(0.7, 30), point(0.7, 30, 5)];
    expect(paretoFront([start, better, worse])).toEqual([start, better]);
    // A time that is known of one alone speaks for neither.
    expect(paretoFront([better, quick])).toEqual([better]);
    expect(paretoFront([point(0.8, 20, 9), quick])).toHaveLength(2);
    expect(paretoFront([better, { ...better }])).toHaveLength(2);
  });
});

describe("what a pass takes", () => {
  const usage = { prompt: 3, completion: 1, estimated: false };
  const reply = (took?: number) => ({
    text: "",
    usage,
    model: "m",
    finish: "stop" as const,
    key: "",
    source: "provider" as const,
    requests: 1,
    milliseconds: 0,
    ...(took !== undefined && { took }),
  });
  const { nodes } = graphOf([llm("a", ["question"]), llm("b", ["question"]), llm("c", ["a", "b"])]);

  it("is the time of its slowest path and the price of all of it", () => {
    const spent = new Spent((model) => (model === "dear" ? 2 : 1));
    spent.add("a", "cheap", reply(100));
    spent.add("b", "dear", reply(300));
    spent.add("c", "cheap", reply(50));
    expect(spent.slowestPath(nodes, "c")).toBe(350);
    expect(spent.usd).toBe(4);
  });

  it("is not known where one of it is not", () => {
    const spent = new Spent((model) => (model === "new" ? null : 1));
    spent.add("a", "cheap", reply(100));
    spent.add("a", "new", reply());
    spent.add("c", "cheap", reply(1));
    expect(spent.slowestPath(nodes, "c")).toBeNull();
    expect(spent.usd).toBeNull();
  });
});

describe("a run", () => {
  it("keeps its texts where tokens weigh more than the gain", async () => {
    const { finished, events } = await run({ options: { objectives: weights({ tokens: 50 }) } });
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
    const reasons = ofType(events, "verdict").map(({ verdict }) => verdict.reason);
    expect(reasons).toContain("costs more than it gains");
    expect((await run()).finished.texts).not.toEqual(finished.texts);
  });

  it("leaves the front to the user where the objectives are Pareto's, each on the whole set", async () => {
    const { finished, events } = await run({ options: { objectives: "pareto" } });
    const { front = [] } = finished;
    expect(front[0]?.texts).toEqual(ofType(events, "started")[0]?.texts);
    expect(front.length).toBeGreaterThan(1);
    expect(front.map(({ n }) => n)).toEqual(front.map(() => 10));
    expect(front.filter(({ isResult }) => isResult).map(({ theta }) => theta)).toEqual([finished.theta]);
    const byScore = front.toSorted((a, b) => a.score - b.score);
    expect(byScore.map(({ tokens }) => tokens)).toEqual(byScore.map(({ tokens }) => tokens).toSorted((a, b) => a - b));
    expect((await run()).finished.front).toBeUndefined();
  });

  it("says of a gain that is dearly bought what it costs, before the verdict is on record", async () => {
    const graph = graphOf([llm("a", ["question"])]);
    const judged = async (more: Partial<Verdict>) => {
      const { emit, events } = recorder();
      const engine = engineOf({ graph, emit });
      const verdict = { ...verdictOf({ scored: 20 }), decision: "accepted" as const, ...more };
      const comparison = { before: { a: "old" }, after: { a: "new" }, verdict };
      await engine.judge([candidate("a", "new")], comparison);
      return events;
    };
    const dear = { lossBefore: 0.5, lossAfter: 0.45, tokensBefore: 100, tokensAfter: 210 };
    expect(await judged(dear)).toMatchObject([
      { type: "warning", code: "costly gain", points: 5, count: 210, of: 100 },
      { type: "verdict" },
    ]);
    expect(await judged({ ...dear, lossAfter: 0.1 })).toMatchObject([{ type: "verdict" }]);
    expect(await judged({ ...dear, decision: "rejected" })).toMatchObject([{ type: "verdict" }]);
  });
});
