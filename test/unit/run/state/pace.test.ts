import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../../../src/engine/events.ts";
import { Pace, SoftLimit } from "../../../../src/run/state/pace.ts";
import { RunReducer } from "../../../../src/run/state/reduce.ts";
import type { RunState } from "../../../../src/run/state/state.ts";

const NONE = { calls: null, tokens: null, usd: null };
const counts = { pauses: 0 };

/** A run of iterations of a minute with 60 calls of a cent each, second by second. */
function follow(minutes: number, limits = NONE, iterations = 10) {
  const reducer = new RunReducer();
  const pace = new Pace(limits);
  const apply = (event: object, at: number) => {
    reducer.apply({ ...event, at } as LoggedEvent);
    pace.see(reducer.state);
  };
  const texts = { a: "x" };
  const samples = { train: 9, validation: 9, test: 0 };
  const about = { engine: "6", method: "semantic", theta: "t", texts, parameters: ["a"], samples, iterations };
  apply({ type: "started", ...about }, 0);
  const request = { purpose: "forward", node: "a", sample: "s", split: "train" };
  const cost = { usage: { prompt: 1, completion: 1, estimated: false }, usd: 0.01, milliseconds: 1000 };
  for (let second = 1; second <= 60 * minutes; second++) {
    const at = 1000 * second;
    apply({ type: "requested", ...request, attempt: 1 }, at);
    const call = { key: `k${second}`, model: "m", source: "provider", requests: 1, error: null };
    apply({ type: "call", ...request, ...cost, ...call }, at);
    if (second % 60 === 0) {
      const iteration = second / 60;
      apply(
        { type: "iteration", iteration, theta: "t", accepted: [], batch: [], looked: 9, validationLoss: [0, 1] },
        at,
      );
    }
  }
  return { pace, state: reducer.state, apply };
}

describe("the pace of a run", () => {
  it("is known after a while, and says what a minute costs and how long the rest takes at most", () => {
    const { pace, state } = follow(3);
    const { usdPerMinute, callsPerMinute, left } = pace.now(state);
    expect(usdPerMinute).toBeCloseTo(0.6, 1);
    expect(callsPerMinute).toBeCloseTo(60, 0);
    expect((left ?? 0) / 60_000).toBeCloseTo(7, 0);
  });

  it("is not known before the first iteration has ended", () => {
    const { pace, state } = follow(0.9);
    expect(pace.now(state).left).toBeNull();
  });

  it("reckons with a budget that ends the run earlier", () => {
    const { pace, state } = follow(3, { ...NONE, calls: 240 } as never);
    expect((pace.now(state).left ?? 0) / 60_000).toBeCloseTo(1, 0);
  });

  it("takes a pause for no work", () => {
    const { pace, state, apply } = follow(3);
    const before = { elapsed: state.elapsed, pace: pace.now(state) };
    apply({ type: "paused", reason: "user" }, 180_000);
    expect(state.paused).toBe("user");
    apply({ type: "continued" }, 3_780_000);
    expect(state.paused).toBeNull();
    expect(state.elapsed).toBe(before.elapsed);
    expect(pace.now(state)).toEqual(before.pace);
  });
});

describe("a soft limit", () => {
  it("is reached once at each multiple, however the sum grows", () => {
    const step = fc.tuple(fc.nat(30), fc.float({ min: 0, max: 3, noNaN: true }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (steps, every) => {
        const limit = new SoftLimit({ calls: every, usd: null }, { calls: { total: 0 }, usd: 0 } as RunState);
        let total = 0;
        let asked = 0;
        let crossed = 0;
        for (const [calls] of steps) {
          if (Math.floor((total + calls) / every) > Math.floor(total / every)) crossed++;
          total += calls;
          if (limit.isReached({ calls: { total }, usd: null } as RunState)) asked++;
        }
        counts.pauses += asked;
        expect(asked).toBe(crossed);
      }),
    );
    expect(counts.pauses).toBeGreaterThan(0);
  });

  it("goes by money as well, and counts what was spent before", () => {
    const limit = new SoftLimit({ calls: null, usd: 5 }, { calls: { total: 0 }, usd: 7 } as RunState);
    const at = (usd: number | null) => limit.isReached({ calls: { total: 0 }, usd } as RunState);
    expect([at(9.99), at(10), at(10.5), at(null), at(15.2)]).toEqual([false, true, false, false, true]);
  });
});
