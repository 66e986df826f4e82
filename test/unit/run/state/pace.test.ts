import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoggedEvent } from "../../../../src/engine/events.ts";
import { Pace, SoftLimit } from "../../../../src/run/state/pace.ts";
import { RunReducer } from "../../../../src/run/state/reduce.ts";
import type { RunState } from "../../../../src/run/state/state.ts";

const NONE = { calls: null, tokens: null, usd: null };
const counts = { pauses: 0 };

/** A run of iterations of a minute with 60 calls of a cent each, second by second. */
function follow(minutes: number, limits = NONE, iterations = 10, scoring = 0) {
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
  for (let second = 1; second <= 60 * (minutes + scoring); second++) {
    const at = 1000 * second;
    const tried = second - 60 * scoring;
    const purpose = tried > 0 && tried % 60 === 1 ? "backward" : "forward";
    apply({ type: "requested", ...request, purpose, attempt: 1 }, at);
    const call = { key: `k${second}`, model: "m", source: "provider", requests: 1, error: null };
    apply({ type: "call", ...request, ...cost, ...call }, at);
    // Some of an iteration is over when the gradients are there.
    if (tried % 60 === 30 && tried > 0) {
      const about = { of: "text", node: "a", sample: "s", from: null, text: "" };
      apply({ type: "gradient", iteration: (tried - 30) / 60 + 1, ...about }, at);
    }
    if (tried % 60 === 0 && tried > 0) {
      const iteration = tried / 60;
      apply(
        { type: "iteration", iteration, theta: "t", accepted: [], batch: [], looked: 9, validationLoss: [0, 1] },
        at,
      );
    }
  }
  return { pace, state: reducer.state, apply };
}

/** An evaluation of 100 samples of which each takes a second, resumed after `replayed` of them. */
function evaluate(replayed: number, seconds: number) {
  const reducer = new RunReducer();
  const pace = new Pace(NONE);
  const apply = (event: object, at: number) => {
    reducer.apply({ ...event, at } as LoggedEvent);
    pace.see(reducer.state);
  };
  const about = { engine: "6", method: "evaluate", theta: "t", texts: { a: "x" }, parameters: ["a"], iterations: 0 };
  apply({ type: "started", ...about, samples: { train: 0, validation: 0, test: 100 } }, 0);
  const score = (sample: string, source: string, at: number) => {
    const request = { purpose: "forward", node: "a", sample, split: "test" };
    if (source === "provider") apply({ type: "requested", ...request, attempt: 1 }, at);
    const cost = { usage: { prompt: 1, completion: 1, estimated: false }, usd: 0.01, milliseconds: 1000 };
    const requests = source === "provider" ? 1 : 0;
    apply({ type: "call", ...request, ...cost, key: sample, model: "m", source, requests, error: null }, at);
    apply({ type: "scored", theta: "t", split: "test", sample, loss: 0, lenient: 0, formatError: false }, at);
  };
  for (let sample = 0; sample < replayed; sample++) score(`s${sample}`, "replayed", 20 * sample);
  for (let second = 1; second <= seconds; second++) score(`n${second}`, "provider", 20 * replayed + 1000 * second);
  return pace.now(reducer.state);
}

describe("the pace of a run", () => {
  it("is known after a while, and says what a minute costs and how long the rest takes at most", () => {
    const { pace, state } = follow(3);
    const { usdPerMinute, callsPerMinute, left } = pace.now(state);
    expect(usdPerMinute).toBeCloseTo(0.6, 1);
    expect(callsPerMinute).toBeCloseTo(60, 0);
    expect((left ?? 0) / 60_000).toBeCloseTo(7, 0);
  });

  it("leaves out the scoring of the original graph, which only the first iteration waits for", () => {
    const { pace, state } = follow(3, NONE, 10, 30);
    expect((pace.now(state).left ?? 0) / 60_000).toBeCloseTo(7, 0);
  });

  it("takes nothing off later iterations while one takes long", () => {
    const { pace, state, apply } = follow(3);
    const about = { of: "text", node: "a", sample: "s", from: null, text: "", iteration: 4 };
    for (let second = 180; second < 900; second++) apply({ type: "gradient", ...about }, 1000 * second);
    expect((pace.now(state).left ?? 0) / 60_000).toBeCloseTo(6, 1);
  });

  it("does not take replies from a file for pace: a resumed evaluation is not done in a moment", () => {
    expect((evaluate(80, 6).left ?? 0) / 1000).toBeCloseTo(14, 0);
    expect((evaluate(0, 6).left ?? 0) / 1000).toBeCloseTo(94, 0);
  });

  it("looks at the samples of a resumed run once a second, not for each reply from a file", () => {
    const reducer = new RunReducer();
    const pace = new Pace(NONE);
    let looks = 0;
    const ownKeys = (scores: object) => {
      looks++;
      return Reflect.ownKeys(scores);
    };
    const apply = (event: object, at: number) => {
      reducer.apply({ ...event, at } as LoggedEvent);
      const scores = { t: new Proxy({ ...reducer.state.scores.t }, { ownKeys }) };
      pace.see({ ...reducer.state, theta: "t", scores } as RunState);
    };
    const about = { engine: "6", method: "evaluate", theta: "t", texts: { a: "x" }, parameters: ["a"], iterations: 0 };
    apply({ type: "started", ...about, samples: { train: 0, validation: 0, test: 900 } }, 0);
    const before = looks;
    const request = { purpose: "forward", node: "a", sample: "s", split: "test", key: "k", model: "m", error: null };
    const cost = { usage: { prompt: 1, completion: 1, estimated: false }, usd: 0, milliseconds: 1, requests: 0 };
    for (let sample = 0; sample < 900; sample++) {
      apply({ type: "call", ...request, ...cost, source: "replayed" }, 20 * sample);
      apply(
        { type: "scored", ...request, theta: "t", sample: `s${sample}`, loss: 0, lenient: 0, formatError: false },
        20 * sample,
      );
    }
    expect(looks - before).toBeLessThanOrEqual(18);
  });

  it("is never negative, infinite or no number, whatever happens and whatever the clock says", () => {
    const kind = fc.constantFrom("requested", "withdrawn", "call", "replay", "scored", "gradient", "iteration");
    const more = fc.constantFrom("paused", "continued", "resumed", "stopping", "started");
    const step = fc.tuple(fc.oneof({ weight: 6, arbitrary: kind }, more), fc.integer({ min: -3_000, max: 60_000 }));
    let known = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), fc.nat(4), fc.nat(3), (steps, iterations, size) => {
        const reducer = new RunReducer();
        const pace = new Pace({ calls: size === 0 ? null : 3 * size, tokens: null, usd: size === 1 ? 0.05 : null });
        let [at, number] = [1_000_000, 0];
        const apply = (event: object) => {
          reducer.apply({ ...event, at } as LoggedEvent);
          pace.see(reducer.state);
        };
        const samples = { train: 0, validation: size, test: 0 };
        const about = {
          engine: "6",
          method: "m",
          theta: "t",
          texts: { a: "x" },
          parameters: ["a"],
          samples,
          iterations,
        };
        const request = { purpose: "forward", node: "a", sample: "s", split: "test", attempt: 1 };
        const cost = { usage: { prompt: 1, completion: 1, estimated: false }, usd: 0.01, milliseconds: 1, error: null };
        const iteration = () => Math.max(1, reducer.state.iteration);
        const events: Readonly<Record<string, () => object>> = {
          started: () => about,
          call: () => ({ ...request, ...cost, key: `${number}`, model: "m", source: "provider", requests: 1 }),
          replay: () => ({
            ...request,
            ...cost,
            type: "call",
            key: `${number}`,
            model: "m",
            source: "replayed",
            requests: 0,
          }),
          scored: () => ({ theta: "t", split: "test", sample: `${number}`, loss: 0, lenient: 0, formatError: false }),
          gradient: () => ({ iteration: iteration(), of: "text", node: "a", sample: "s", from: null, text: "" }),
          iteration: () => ({
            iteration: iteration(),
            theta: "t",
            accepted: [],
            batch: [],
            looked: 1,
            validationLoss: [0, 1],
          }),
          paused: () => ({ reason: "user" }),
          resumed: () => ({ attempt: reducer.state.segments + 1 }),
          stopping: () => ({ after: number % 2 === 0 ? iteration() : null }),
        };
        apply({ type: "started", ...about });
        for (const [type, milliseconds] of steps) {
          at += milliseconds;
          number += 1;
          apply({ type, ...(events[type]?.() ?? request) });
          const { left, usdPerMinute, callsPerMinute } = pace.now(reducer.state);
          for (const figure of [left, usdPerMinute, callsPerMinute]) {
            if (figure === null) continue;
            known += 1;
            expect(Number.isFinite(figure)).toBe(true);
            expect(figure).toBeGreaterThanOrEqual(0);
          }
        }
      }),
    );
    expect(known).toBeGreaterThan(100);
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
