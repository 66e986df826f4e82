import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoggedEvent, RunEvent } from "../../../../src/engine/events.ts";
import { readEvent } from "../../../../src/engine/events.ts";
import { progressOf } from "../../../../src/run/state/pace.ts";
import { RunReducer, reduceAll } from "../../../../src/run/state/reduce.ts";
import { verdict } from "../scripted.ts";

let clock = 0;
function logged(...events: RunEvent[]): LoggedEvent[] {
  return events.map((event) => {
    clock += 10;
    return { ...event, at: clock };
  });
}

const started: RunEvent = {
  type: "started",
  engine: "1",
  method: "semantic",
  theta: "t0",
  texts: { a: "A", b: "B" },
  parameters: ["a", "b"],
  samples: { train: 4, validation: 4, test: 0 },
  iterations: 3,
};
const about = { purpose: "forward", node: "a", sample: "s", split: "validation" } as const;
const requested: RunEvent = { type: "requested", ...about, attempt: 1 };
const called: RunEvent = {
  type: "call",
  ...about,
  key: "k1",
  model: "m",
  usage: { prompt: 10, completion: 5, estimated: false },
  usd: 0.25,
  milliseconds: 1,
  source: "provider",
  requests: 1,
  error: null,
};

function attempt(id: string, node: string, iteration: number): RunEvent {
  return {
    type: "attempt",
    iteration,
    id,
    node,
    base: node,
    text: `${node}!`,
    hypothesis: "h",
    samples: ["s"],
    invalid: null,
  };
}

function judged(
  scope: "joint" | "part" | "combination",
  proposals: string[],
  decision: "accepted" | "rejected",
): RunEvent {
  return { type: "verdict", iteration: 1, scope, proposals, theta: "t1", verdict: { ...verdict, decision } };
}

function iterated(iteration: number, accepted: string[], validationLoss: [number, number]): RunEvent {
  return { type: "iteration", iteration, theta: `t${iteration}`, accepted, batch: ["s"], looked: 4, validationLoss };
}

describe("calls", () => {
  it("are counted as they leave, so that a crash never hides one", () => {
    const state = reduceAll(logged(started, requested, { ...requested, attempt: 2 }, { ...requested, split: "test" }));
    expect(state.calls).toMatchObject({ total: 3, forward: 3, test: 1, retried: 1 });
    expect(state.nodes.a).toMatchObject({ forwardInFlight: 2 });
  });

  it("that did not leave after all are ignored", () => {
    const withdrawn: RunEvent = { ...requested, type: "withdrawn" };
    const again: RunEvent[] = [
      { ...requested, split: "test", attempt: 2 },
      { ...withdrawn, split: "test", attempt: 2 },
    ];
    const state = reduceAll(logged(started, requested, requested, withdrawn, ...again));
    expect(state.calls).toMatchObject({ total: 1, forward: 1, test: 0, retried: 0 });
    expect(state.nodes.a).toMatchObject({ forwardInFlight: 1 });
  });

  it("come back: tokens and money are added, nothing is left in flight", () => {
    const state = reduceAll(logged(started, requested, called));
    expect(state.tokens).toEqual({ prompt: 10, completion: 5, estimated: false });
    expect(state.usd).toBe(0.25);
    expect(state.nodes.a).toMatchObject({ forwardInFlight: 0, forward: 1 });
  });

  it("that cost nothing are counted apart", () => {
    const free = { ...called, usd: 0, requests: 0 } as const;
    const state = reduceAll(logged(started, { ...free, source: "cached" }, { ...free, source: "shared" }));
    expect(state.calls).toMatchObject({ total: 0, cached: 2 });
    expect(state.tokens.prompt).toBe(0);
  });

  it("counts what another run paid for as free, also when a later segment replays it", () => {
    const state = reduceAll(
      logged(
        started,
        { ...called, key: "theirs", source: "cached", requests: 0, usd: 0 },
        { type: "resumed", attempt: 2 },
        started,
        { ...called, key: "theirs", source: "replayed", requests: 0 },
      ),
    );
    expect(state).toMatchObject({ tokens: { prompt: 0, completion: 0 }, usd: 0 });
  });

  it("of an unknown price make the sum unknown", () => {
    const state = reduceAll(logged(started, called, { ...called, key: "k2", usd: null }, { ...called, key: "k3" }));
    expect(state.usd).toBeNull();
  });
});

describe("a resumed run", () => {
  const first = logged(
    started,
    requested,
    called,
    attempt("p1", "a", 1),
    judged("joint", ["p1"], "accepted"),
    requested,
  );
  const second = logged(
    { type: "resumed", attempt: 2 },
    started,
    { ...called, source: "replayed", requests: 0, usd: 0 },
    { ...called, key: "lost", source: "replayed", requests: 0, usd: 0 },
  );

  it("keeps what was spent and clears what was found", () => {
    const state = reduceAll([...first, ...second]);
    expect(state.calls).toMatchObject({ total: 2, cached: 2 });
    expect(state.attempts).toEqual([]);
    expect(state.judged).toEqual([]);
    expect(state.segments).toBe(2);
    expect(state.nodes.a?.forwardInFlight).toBe(0);
  });

  it("counts a paid reply whose call the crash kept from the log, and none twice", () => {
    expect(reduceAll([...first, ...second]).tokens.prompt).toBe(20);
  });

  it("adds up the work of its segments, not the time between", () => {
    const late = second.map((event) => ({ ...event, at: event.at + 1_000_000 }));
    const work = (events: LoggedEvent[]) => events.at(-1)!.at - events[0]!.at;
    expect(reduceAll([...first, ...late]).elapsed).toBe(work(first) + work(late));
  });

  it("leaves out the step in which the clock was set back, and nothing else", () => {
    const [begun, ...rest] = first;
    const back = rest.map((event) => ({ ...event, at: event.at - 3_600_000 }));
    expect(reduceAll([begun!, ...back]).elapsed).toBe(rest.at(-1)!.at - rest[0]!.at);
  });
});

describe("verdicts", () => {
  it("of the parts and of their combination follow the joint one: the last word counts", () => {
    const state = reduceAll(
      logged(
        started,
        attempt("p1", "a", 1),
        attempt("p2", "b", 1),
        judged("joint", ["p1", "p2"], "rejected"),
        judged("part", ["p1"], "accepted"),
        judged("part", ["p2"], "rejected"),
        judged("combination", ["p1"], "accepted"),
      ),
    );
    expect(state.attempts.map(({ decision, verdict: index }) => [decision, index])).toEqual([
      ["accepted", 3],
      ["rejected", 2],
    ]);
    expect(state.nodes.a?.verdict).toBe("accepted");
    expect(state.nodes.b?.verdict).toBe("rejected");
  });

  it("change the incumbent when the iteration ends", () => {
    const state = reduceAll(
      logged(started, attempt("p1", "a", 1), judged("joint", ["p1"], "accepted"), iterated(1, ["p1"], [0.25, 0.5])),
    );
    expect(state.texts).toEqual({ a: "a!", b: "B" });
    expect(state.startTexts).toEqual({ a: "A", b: "B" });
    expect(state).toMatchObject({ theta: "t1", startTheta: "t0", iteration: 1 });
  });
});

/** The end of an iteration that keeps the texts. */
const nothingAccepted: RunEvent = {
  type: "iteration",
  iteration: 1,
  theta: "t0",
  accepted: [],
  batch: [],
  looked: 1,
  validationLoss: [0, 1],
};

it("looks at no score again to say where the curve starts, and how many there are", () => {
  const reducer = new RunReducer();
  const scores = Array.from({ length: 100 }, (_, at): RunEvent => {
    return {
      type: "scored",
      theta: "t0",
      split: "validation",
      sample: `s${at}`,
      loss: 0.5,
      lenient: null,
      formatError: false,
    };
  });
  for (const event of logged(started, ...scores)) reducer.apply(event);
  let looks = 0;
  const recorded = reducer.state.scores as Record<string, (typeof reducer.state.scores)[string]>;
  recorded.t0 = new Proxy(recorded.t0 ?? {}, {
    ownKeys(target) {
      looks += 1;
      return Reflect.ownKeys(target);
    },
  });
  for (const event of logged(nothingAccepted)) reducer.apply(event);
  expect(reducer.state.curve[0]).toMatchObject({ low: 0.5, high: 0.5 });
  // Without iterations, the scored samples are the progress: it is asked for each second.
  expect(progressOf({ ...reducer.state, iterations: 0 })).toEqual({ done: 100, of: 8 });
  expect(looks).toBe(0);
});

it("counts a score that is replaced, and those before a resume, once", () => {
  const score = (sample: string, loss: number | null): RunEvent => ({
    type: "scored",
    theta: "t0",
    split: "validation",
    sample,
    loss,
    lenient: null,
    formatError: false,
  });
  const resumed: RunEvent = { type: "resumed", attempt: 2 };
  const all = [
    started,
    score("a", 0),
    resumed,
    started,
    score("a", 1),
    score("b", 0.5),
    score("a", null),
    score("c", 0),
  ];
  // b and c are known, of 4.
  expect(reduceAll(logged(...all, nothingAccepted)).curve[0]).toMatchObject({ low: 1.5 / 4, high: 3.5 / 4 });
});

describe("the curve", () => {
  const score = (sample: string, loss: number | null, theta = "t0"): RunEvent => ({
    type: "scored",
    theta,
    split: "validation",
    sample,
    loss,
    lenient: loss,
    formatError: false,
  });

  it("starts with the bounds of the start and has a point for each iteration", () => {
    const events = logged(started, score("1", 0), score("2", 1), score("3", null), iterated(1, [], [0.5, 0.75]));
    expect(reduceAll(events).curve).toEqual([
      { iteration: 0, low: 0.25, high: 0.75, accepted: 0 },
      { iteration: 1, low: 0.25, high: 0.5, accepted: 0 },
    ]);
  });

  it("is exact at both ends once the run has measured them", () => {
    const finished: RunEvent = {
      type: "finished",
      status: "done",
      error: null,
      detail: null,
      theta: "t1",
      texts: { a: "A!", b: "B" },
      proposals: [],
      validation: { n: 4, before: 0.5, after: 0.75 },
      test: null,
      formatErrors: { before: 0, after: 0 },
    };
    const { curve } = reduceAll(logged(started, score("1", 0), iterated(1, [], [0, 1]), finished));
    expect(curve.map(({ low, high }) => [low, high])).toEqual([
      [0.5, 0.5],
      [0.75, 0.75],
    ]);
  });
});

describe("a node's counts", () => {
  it("are until the next iteration does something", () => {
    const reducer = new RunReducer();
    for (const event of logged(started, requested, called, iterated(1, [], [0, 1]))) reducer.apply(event);
    expect(reducer.state.nodes.a?.forward).toBe(1);
    for (const event of logged({ ...called, node: "b", key: "k2" })) reducer.apply(event);
    expect(reducer.state.nodes.a?.forward).toBe(0);
    expect(reducer.state.nodes.b?.forward).toBe(1);
  });
});

describe("hostile input", () => {
  it("is ids that are names of objects' own properties", () => {
    const value = (node: string): RunEvent => ({
      type: "value",
      theta: "__proto__",
      node,
      sample: "constructor",
      key: "k",
      formatError: false,
      tokens: 1,
    });
    const state = reduceAll(logged(value("__proto__"), value("toString")));
    expect([...state.values.thetas()]).toEqual(["__proto__"]);
    expect([...state.values.samples("__proto__")]).toEqual(["constructor"]);
    const keys = Object.entries(state.values.of("__proto__", "constructor") ?? {});
    expect(keys).toEqual([
      ["__proto__", "k"],
      ["toString", "k"],
    ]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("is any JSON at all: what is not an event is refused, what is one reduces", () => {
    const keys = fc.constantFrom(
      "type",
      "at",
      "node",
      "sample",
      "theta",
      "usage",
      "proposals",
      "verdict",
      "texts",
      "__proto__",
    );
    const kinds = fc.constantFrom(
      "started",
      "call",
      "value",
      "scored",
      "verdict",
      "finished",
      "applied",
      "resumed",
      "x",
    );
    const any = fc.dictionary(keys, fc.oneof(kinds, fc.jsonValue()));
    fc.assert(
      fc.property(fc.array(any), (values) => {
        const reducer = new RunReducer();
        for (const value of values) {
          const event = readEvent(value);
          if (event) reducer.apply(event);
        }
      }),
    );
  });

  it("is every event of a real run with one field damaged", () => {
    const events = logged(
      started,
      requested,
      called,
      attempt("p", "a", 1),
      judged("joint", ["p"], "accepted"),
      iterated(1, ["p"], [0, 1]),
    );
    for (const event of events) {
      expect(readEvent(event)).toEqual(event);
      for (const field of Object.keys(event)) {
        const damaged = readEvent({ ...event, [field]: { not: "it" } });
        if (damaged) reduceAll([...events, damaged]);
        expect(field === "type" || field === "at" ? damaged : undefined).toBeUndefined();
      }
    }
  });
});

it("changes its state in place: a run has hundreds of thousands of events", () => {
  const value = (sample: string): RunEvent => {
    return { type: "value", theta: "t0", node: "a", sample, key: "k", formatError: false, tokens: 5 };
  };
  const reducer = new RunReducer();
  for (const event of logged(started, requested, called, value("s1"))) reducer.apply(event);
  const { values, calls, nodes } = reducer.state;
  for (const event of logged(requested, called, value("s2"))) reducer.apply(event);
  expect(reducer.state.values).toBe(values);
  expect(reducer.state.calls).toBe(calls);
  expect(reducer.state.nodes).toBe(nodes);
  expect([...values.samples("t0")]).toEqual(["s1", "s2"]);
});
