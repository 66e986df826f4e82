import { describe, expect, it } from "vitest";
import { ofType } from "./fixtures.ts";
import { callsPerAnswer, run } from "./runs.ts";

describe("a budget of calls", () => {
  it.each([
    [0, 30],
    [31, 60],
    [61, 90],
    [91, 120],
  ])("is never exceeded from %i to %i, and everything that was proposed has its word", async (from, to) => {
    for (let calls = from; calls <= to; calls++) {
      const { finished, provider, events, spent } = await run({
        samples: 3,
        latency: () => 0,
        concurrency: 1 + (calls % 7),
        options: { budget: { calls, tokens: null, usd: null }, iterations: 3 },
      });
      expect(provider.seen.length).toBeLessThanOrEqual(calls);
      expect(spent.calls).toBe(provider.seen.length);
      expect(ofType(events, "requested")).toHaveLength(provider.seen.length);
      expect(finished).toMatchObject({
        status: calls < 30 ? "budget" : expect.stringMatching(/done|budget/),
        error: null,
      });
      if (calls > 90) expect(finished.status).toBe("done");
      const decided = [...ofType(events, "verdict"), ...ofType(events, "screened")];
      const judged = new Set(decided.flatMap(({ proposals }) => proposals));
      for (const { id, invalid } of ofType(events, "attempt")) expect(judged.has(id)).toBe(invalid === null);
      for (const { verdict } of ofType(events, "verdict")) {
        if (verdict.decision === "undecided") expect(verdict.reason).toBe("budget reached");
      }
    }
  });

  it("keeps what the test rows need, so that a run that reaches it has its figures all the same", async () => {
    const [samples, test] = [6, 5];
    const given = { samples, test, latency: () => 0 };
    const unbounded = await run(given);
    const testCost = 2 * test * callsPerAnswer(unbounded.world.graph);
    const calls = testCost + 2 * samples * callsPerAnswer(unbounded.world.graph) + 3;
    expect(calls).toBeLessThan(unbounded.provider.seen.length);
    const { finished, provider } = await run({ ...given, options: { budget: { calls, tokens: null, usd: null } } });
    expect(provider.seen.length).toBeLessThanOrEqual(calls);
    expect(finished).toMatchObject({
      status: "budget",
      test: { n: test, before: expect.any(Number), after: expect.any(Number) },
    });
  });

  it("too small for test rows goes to the loop alone, and says so", async () => {
    const { finished, events, provider } = await run({
      test: 10,
      options: { budget: { calls: 45, tokens: null, usd: null } },
    });
    expect(ofType(events, "warning")).toContainEqual({ type: "warning", code: "budget too small", count: 10 });
    expect(finished.test).toBeNull();
    expect(provider.seen.some(({ reservation }) => reservation === "test")).toBe(false);
    expect(ofType(events, "attempt").length).toBeGreaterThan(0);
  });
});

describe("a budget of tokens", () => {
  it.each([0, 1_000, 5_000, 8_000])("of %i is never exceeded", async (tokens) => {
    const { finished, spent } = await run({
      latency: () => 0,
      options: { budget: { calls: null, tokens, usd: null } },
    });
    expect(spent.tokens).toBeLessThanOrEqual(tokens);
    expect(finished.status).toBe("budget");
  });
});
