import { describe, expect, it } from "vitest";
import type { Controlled } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { RunControl } from "../../../src/engine/run-control.ts";
import { openInputs } from "../../../src/graph/edges.ts";
import { methods } from "../../../src/methods/registry.ts";
import { MemoryReplies } from "../../../src/models/stack/store.ts";
import { engineOf, graphOf, llm, ofType, recorder } from "./fixtures.ts";
import { decided, type Given, HARSH, prepare, randomly, run } from "./runs.ts";

const LOOPS = Object.keys(methods).filter((name) => name !== "chain-of-thought");
/** No method finds the best texts at once, so there are iterations to stop after. */
const world = { ...HARSH, rules: 4, seed: 5 };

function listened(control: RunControl): Controlled[] {
  const said: Controlled[] = [];
  control.listen((event) => said.push(event));
  return said;
}

describe("a run that is paused", () => {
  /** Pauses at some events, and goes on when nothing is on its way any more. */
  async function pausing(given: Given, every: number) {
    const control = new RunControl();
    const said = listened(control);
    let count = 0;
    const ended = await run({
      ...given,
      control,
      onEvent: async ({ type }) => {
        if (type === "finished" || ++count % every > 0) return;
        control.pause("user");
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        control.proceed();
      },
    });
    return { ...ended, said };
  }

  it("ends as the same run without a pause, whenever it was paused", async () => {
    const given: Given = { world, latency: randomly(3) };
    const plain = await run({ ...given, latency: randomly(3) });
    for (const every of [3, 17, 50]) {
      const paused = await pausing({ ...given, latency: randomly(every) }, every);
      expect(decided(paused)).toEqual(decided(plain));
      expect(paused.provider.seen.length).toBe(plain.provider.seen.length);
      expect(paused.said.filter(({ type }) => type === "paused").length).toBeGreaterThan(1);
    }
  });

  it("sends nothing until it goes on, and then all that waited", async () => {
    const control = new RunControl();
    const { task, deps, provider } = prepare({ control, concurrency: 4 });
    const events = optimize(methods)(task, deps, new AbortController().signal);
    control.pause("user");
    const first: string[] = [];
    const reading = (async () => {
      for await (const { type } of events) first.push(type);
    })();
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(provider.seen).toHaveLength(0);
    expect(first).toEqual(["started"]);
    control.proceed();
    await reading;
    expect(first.at(-1)).toBe("finished");
    expect(provider.seen.length).toBeGreaterThan(20);
  });

  it("can be cancelled while it is paused", async () => {
    const control = new RunControl();
    const stop = new AbortController();
    const ended = run({
      control,
      signal: stop.signal,
      onEvent: ({ type }) => {
        if (type !== "call" || stop.signal.aborted) return;
        control.pause("user");
        setTimeout(() => stop.abort(new Error("cancelled")), 5);
      },
    });
    expect((await ended).finished.status).toBe("cancelled");
  });
});

describe("a run that is stopped after its iteration", () => {
  it.each(LOOPS)("ends after it, with everything measured: %s", async (method) => {
    const whole = await run({ world, options: { method }, own: {} });
    expect(ofType(whole.events, "iteration").length).toBeGreaterThan(1);
    const control = new RunControl();
    const { events, finished } = await run({
      world,
      test: 4,
      control,
      options: { method },
      own: {},
      onEvent: ({ type }) => {
        if (type === "requested" || type === "call") control.stop();
      },
    });
    expect(ofType(events, "iteration")).toHaveLength(1);
    expect(finished.status).toBe("done");
    expect(finished.validation.after).not.toBeNull();
    expect(finished.test?.after).not.toBeNull();
    expect(ofType(events, "warning")).toContainEqual(expect.objectContaining({ code: "stopped early", count: 1 }));
    // Nothing is left without a verdict.
    const judged = new Set([
      ...ofType(events, "verdict").flatMap(({ proposals }) => proposals),
      ...ofType(events, "screened").flatMap(({ proposals }) => proposals),
    ]);
    const open = ofType(events, "attempt").filter(({ id, invalid }) => invalid === null && !judged.has(id));
    expect(open).toEqual([]);
  });

  it("goes on to its end where that is taken back in time", async () => {
    const control = new RunControl();
    let isStopped = false;
    const { events } = await run({
      world,
      control,
      onEvent: ({ type }) => {
        if (type === "requested" && !isStopped) {
          control.stop();
          isStopped = true;
        }
        if (type === "gradient") control.stop(false);
      },
    });
    expect(ofType(events, "iteration").length).toBeGreaterThan(1);
  });

  it("takes the same course again from its replies and what the user decided", async () => {
    const replies = new MemoryReplies();
    const control = new RunControl();
    const said = listened(control);
    const first = await run({
      world,
      replies,
      control,
      onEvent: (event) => {
        if (event.type === "attempt") control.pin(event.node, true);
        if (event.type === "iteration" && event.iteration === 2) control.stop();
      },
    });
    const pins = said.flatMap((event) => (event.type === "pinned" ? [event] : []));
    expect(pins.length).toBeGreaterThan(0);
    const again = await run({ world, replies, control: new RunControl({ pins, stopAfter: control.stopAfter }) });
    expect(decided(again)).toEqual(decided(first));
    expect(again.provider.seen).toHaveLength(0);
  });
});

describe("a pinned node", () => {
  it.each(LOOPS)("gets no further text from its iteration on: %s", async (method) => {
    const control = new RunControl();
    const said = listened(control);
    const { task } = prepare({ world });
    const [node = ""] = task.graph.nodes.map(({ id }) => id);
    const { events } = await run({
      world,
      control,
      options: { method },
      own: {},
      onEvent: ({ type }) => {
        if (type === "started") control.pin(node, true);
      },
    });
    expect(said).toEqual([{ type: "pinned", node, pinned: true, from: 1 }]);
    expect(ofType(events, "attempt").filter((attempt) => attempt.node === node)).toEqual([]);
    expect(ofType(events, "attempt").length).toBeGreaterThan(0);
    expect(ofType(events, "requested").filter((one) => one.purpose === "optimizer" && one.node === node)).toEqual([]);
  });

  it("gets texts again once it is released", async () => {
    const control = new RunControl();
    const { task } = prepare({ world });
    const [node = ""] = task.graph.nodes.map(({ id }) => id);
    const { events } = await run({
      world,
      control,
      onEvent: (event) => {
        if (event.type === "started") control.pin(node, true);
        if (event.type === "iteration" && event.iteration === 1) control.pin(node, false);
      },
    });
    const iterations = ofType(events, "attempt").flatMap((attempt) => (attempt.node === node ? attempt.iteration : []));
    expect(iterations.length).toBeGreaterThan(0);
    expect(Math.min(...iterations)).toBeGreaterThan(1);
  });

  it("is not its inputs: each of the two is pinned by itself", async () => {
    const graph = openInputs(graphOf([llm("plan", ["question"]), llm("solve", ["question", "plan"])]), () => true);
    const texts = { solve: "Do solve well.", "solve:inputs": "question" };
    for (const pinned of ["solve", "solve:inputs"] as const) {
      const { emit, events } = recorder();
      const control = new RunControl();
      control.pin(pinned, true);
      const engine = engineOf({ graph, emit, control });
      for (const [id, text] of Object.entries(texts)) {
        await engine.candidate(id, engine.start, { text, hypothesis: "h" });
      }
      expect(ofType(events, "attempt").map(({ node }) => node)).toEqual(
        Object.keys(texts).filter((id) => id !== pinned),
      );
    }
  });
});

it("a node whose text was requested is pinned from the next iteration on, and is named until then", () => {
  const control = new RunControl();
  control.ask("plan");
  control.pin("plan", true);
  control.pin("solve", true);
  expect(control.pinnedLater).toEqual(["plan"]);
  control.enter(2);
  expect(control.pinnedLater).toEqual([]);
  expect(control.pinned).toEqual(["plan", "solve"]);
});
