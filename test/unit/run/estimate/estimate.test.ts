import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { known, scored, used, world } from "../../../../bench/estimate/runs.ts";
import { median } from "../../../../bench/worlds/run.ts";
import { WORLDS } from "../../../../bench/worlds/worlds.ts";
import { SPLITS } from "../../../../src/data/sample.ts";
import { CodeLimit } from "../../../../src/deps.ts";
import { evaluation } from "../../../../src/engine/evaluate.ts";
import { inspect } from "../../../../src/engine/inspect.ts";
import type { Task } from "../../../../src/engine/task.ts";
import type { GraphNode } from "../../../../src/graph/graph.ts";
import { makeLoss } from "../../../../src/loss/make.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { type Estimate, estimateRun, estimateRunner } from "../../../../src/run/estimate/estimate.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { noSandbox } from "../../sandboxes.ts";

async function example(name: string): Promise<Task> {
  const path = join(import.meta.dirname, `../../../../examples/${name}/${name}.agentgraph.json`);
  const models = { forward: { model: "simulated", params: {} } };
  const { task } = await loadTask(path, nodeDeps(), { models, budget: { calls: null } });
  if (!task) throw new Error("the example cannot run");
  return { ...task, options: { ...task.options, budget: { calls: null, tokens: null, usd: null } } };
}

/** The same with few samples: for what does not hang on how many there are. */
async function small(name: string): Promise<Task> {
  const task = await example(name);
  const { train, validation, test } = task.data;
  return { ...task, data: { train: train.slice(0, 8), validation: validation.slice(0, 6), test: test.slice(0, 4) } };
}

/** What is estimated of these tasks while nothing is known of them: made once, for it is the same every time. */
const blind = {
  example: onceEach(async (name) => estimateRun(await example(name), known(createSimulated()))),
  small: onceEach(async (name) => estimateRun(await small(name), known(createSimulated()))),
};

function onceEach(make: (name: string) => Promise<Estimate>): (name: string) => Promise<Estimate> {
  const made = new Map<string, Promise<Estimate>>();
  return (name) => {
    const one = made.get(name) ?? make(name);
    made.set(name, one);
    return one;
  };
}

/** As many times the samples, each another one. */
function grown(samples: Task["data"]["test"], times: number): Task["data"]["test"] {
  return Array.from({ length: times }, (_, copy) =>
    samples.map(({ id, inputs, ...rest }) => ({
      ...rest,
      id: `${id} ${copy}`,
      inputs: { question: `${inputs.question} ${"again ".repeat(copy)}` },
    })),
  ).flat();
}

function expectWithin(share: number, estimated: number | null, actual: number): void {
  expect(estimated).toBeGreaterThan((1 - share) * actual);
  expect(estimated).toBeLessThan((1 + share) * actual);
}

describe("the estimate of a run", () => {
  /** The figures: `npm run bench -- estimate`. */
  it.each(["chain", "diamond"])("is within 30% on the example %s, which it was not fitted to", async (name) => {
    const task = await example(name);
    const estimate = await blind.example(name);
    const actual = await used(task, createSimulated());
    expectWithin(0.3, estimate.calls, actual.calls);
    expect(actual.tokens).toBeGreaterThan(estimate.range.least.tokens);
    expect(actual.tokens).toBeLessThan(estimate.range.most.tokens);
    expect(estimate.cached).toBe(0);
  });

  it.each([{ method: "optoprime" }, { method: "gepa" }])(
    "is near the middle of runs that improve a lot and runs that hardly improve (%o)",
    async (flat) => {
      const kinds = [WORLDS.plain, WORLDS.demanding, WORLDS.harsh] as const;
      const runs = await Promise.all(
        kinds.map(async (kind) => {
          const { task, provider } = world({ ...kind, shape: "chain", seed: 3 }, flat);
          return (await used(task, provider)).calls;
        }),
      );
      const { task, provider } = world({ shape: "chain", seed: 3 }, flat);
      const { calls, range } = await estimateRun(task, known(provider));
      expectWithin(0.5, calls, median(runs));
      for (const one of runs) {
        expect(one).toBeGreaterThanOrEqual(range.least.calls);
        expect(one).toBeLessThanOrEqual(range.most.calls);
      }
    },
  );

  it("leaves less open the more is known", async () => {
    const width = ({ range }: Estimate) => range.most.tokens - range.least.tokens;
    const widths = { blind: 0, seeing: 0 };
    // Of single seeds it is 0.6 to 0.9 of the range.
    for (const seed of [1, 2]) {
      const { task, provider } = world({ shape: "chain", seed });
      widths.blind += width(await estimateRun(task, known(provider)));
      const seeing = width(await estimateRun(task, known(provider, await scored(task, provider))));
      widths.seeing += seeing;
      const replies = new MemoryReplies();
      await used(task, provider, replies);
      expect(width(await estimateRun(task, known(provider, replies)))).toBeLessThan(0.5 * seeing);
    }
    expect(widths.seeing).toBeLessThan(0.8 * widths.blind);
  });

  it("knows better once the graph was scored: how much is right, and how long replies are", async () => {
    const widths = { blind: 0, seeing: 0 };
    for (const seed of [1]) {
      const { task, provider } = world({ shape: "diamond", seed, startAccuracy: 0.8 });
      const [blind, actual] = [await estimateRun(task, known(provider)), await used(task, provider)];
      const replies = await scored(task, provider);
      const [seeing, left] = [await estimateRun(task, known(provider, replies)), await used(task, provider, replies)];
      widths.blind += blind.range.most.tokens - blind.range.least.tokens;
      widths.seeing += seeing.range.most.tokens - seeing.range.least.tokens;
      expect(seeing.cached).toBeGreaterThanOrEqual(80);
      // How many training samples fail decides whether the gate is asked at all, so the calls may be few or many: the range says so.
      for (const [{ range }, { calls }] of [
        [blind, actual],
        [seeing, left],
      ] as const) {
        expect(calls).toBeGreaterThanOrEqual(range.least.calls);
        expect(calls).toBeLessThanOrEqual(range.most.calls);
      }
    }
    expect(widths.seeing).toBeLessThan(widths.blind);
  });

  /** Measured (`npm run bench -- estimate 5`, shares of 0.05 … 0.95 right): 59 of 60 runs within it by calls, 56 by tokens. */
  it("names the bounds between which it lies, whatever the graph gets right at the start", async () => {
    for (const [shape, easy] of [
      ["chain", 0.05],
      ["diamond", 0.8],
    ] as const) {
      const { task, provider } = world({ shape, seed: 4, startAccuracy: easy });
      const { range, calls, tokens } = await estimateRun(task, known(provider));
      const actual = await used(task, provider);
      for (const [unit, usual] of [
        ["calls", calls],
        ["tokens", tokens],
      ] as const) {
        expect(range.least[unit]).toBeLessThanOrEqual(1.05 * actual[unit]);
        expect(range.most[unit]).toBeGreaterThanOrEqual(0.95 * actual[unit]);
        expect(usual).toBeGreaterThanOrEqual(range.least[unit]);
        expect(usual).toBeLessThanOrEqual(range.most[unit]);
      }
    }
  });

  it("costs nothing if an earlier run has paid for all of it", async () => {
    const task = await small("chain");
    const provider = createSimulated();
    const replies = new MemoryReplies();
    const first = await used(task, provider, replies);
    const again = await estimateRun(task, known(provider, replies));
    expect(again).toMatchObject({ calls: 0, tokens: 0, usd: 0, scoring: 0 });
    expect(again.cached).toBeGreaterThanOrEqual(first.calls);
    const elsewhere = await estimateRun(task, { ...known(provider, replies), provider: "another" });
    expect(elsewhere.cached).toBe(0);
    expect(elsewhere.calls).toBeGreaterThan(first.calls / 2);
  });

  it("takes large sets for what they are without playing all of them", async () => {
    const { task, provider } = world({ shape: "chain", seed: 2 });
    const data = { ...task.data, validation: grown(task.data.validation, 6), test: grown(task.data.test, 6) };
    const large = { ...task, data };
    const estimate = await estimateRun(large, known(provider));
    const actual = await used(large, provider);
    expectWithin(0.4, estimate.calls, actual.calls);
    expect(estimate.scoring).toBe(2 * (120 + 180));
  });

  it.each(SPLITS)("knows what it takes to score a large set (%s)", async (split) => {
    const { task, provider } = world({ shape: "chain", seed: 2 });
    const samples = grown(task.data.test, 10);
    const large = { ...task, data: { ...task.data, [split]: samples } };
    const { calls } = await estimateRunner(large, known(provider), evaluation(split));
    expect(calls).toBe(2 * samples.length);
  });

  it.each(SPLITS)("counts the feedback on a single sample, too, whatever set it is of (%s)", async (split) => {
    const { task, provider } = world({ shape: "chain", seed: 2 });
    const calls = task.data.test.slice(0, 10).map(async (sample) => {
      const only = { ...task, data: { train: [], validation: [], test: [], [split]: [sample] } };
      const { calls } = await estimateRunner(only, known(provider), (one, deps, signal) =>
        inspect(one, split, sample, deps, signal),
      );
      return calls;
    });
    expect(Math.max(...(await Promise.all(calls)))).toBeGreaterThan(2);
  });

  it("counts a judge's votes", async () => {
    const loss = makeLoss({ kind: "judge", rubric: "The number.", votes: 2 });
    const plain = await blind.example("chain");
    const voted = await estimateRun({ ...(await example("chain")), loss }, known(createSimulated()));
    expect(voted.scoring).toBe(2 * plain.scoring);
    expect(voted.calls).toBeGreaterThan(1.8 * plain.calls);
  });

  it("counts alike whatever the form of an output", async () => {
    const task = await small("chain");
    const plain = await blind.small("chain");
    for (const output of [
      { kind: "after", after: "So:" },
      { kind: "tag", tag: "a" },
      { kind: "json", json: "a.0.b" },
    ] as const) {
      const nodes = task.graph.nodes.map((node) => (node.kind === "llm" ? { ...node, output } : node));
      const formed = await estimateRun({ ...task, graph: { ...task.graph, nodes } }, known(createSimulated()));
      expectWithin(0.25, formed.calls, plain.calls);
      expect(formed.scoring).toBe(plain.scoring);
    }
  });

  it("says what the budget lets pass, and money only where prices are known", async () => {
    const task = await small("chain");
    const budget = { calls: 1000, tokens: null, usd: null };
    const bounded = { ...task, options: { ...task.options, budget } };
    const provider = createSimulated();
    const { calls, tokens, usd, most } = await estimateRun(bounded, known(provider));
    expect(most.calls).toBe(1000);
    expect(most.tokens).toBeCloseTo((1000 * tokens) / calls);
    expect(most.usd).toBeCloseTo((1000 * (usd ?? 0)) / calls);
    const unpriced = await estimateRun(task, { ...known(provider), price: () => null });
    expect(unpriced).toMatchObject({ usd: null, most: { calls: null, tokens: null, usd: null } });
  });

  it("grows with the patience and with the data", async () => {
    const task = await small("diamond");
    const { calls } = await blind.small("diamond");
    const patient = {
      ...task,
      options: { ...task.options, methodOptions: { ...task.options.methodOptions, patience: 4 } },
    };
    expect((await estimateRun(patient, known(createSimulated()))).calls).toBeGreaterThan(calls);
    const fewer = { ...task, data: { ...task.data, test: task.data.test.slice(1) } };
    expect((await estimateRun(fewer, known(createSimulated()))).calls).toBe(calls - 2 * 3);
  });

  it("is the same every time", async () => {
    const again = await estimateRun(await small("diamond"), known(createSimulated()));
    expect(again).toEqual(await blind.small("diamond"));
  });

  it("runs code once for equal arguments, and code that never ends for one sample", async () => {
    const task = await small("chain");
    const node = {
      ...task.graph.nodes[0],
      id: "own",
      kind: "function",
      inputs: ["question"],
      trainable: false,
      file: "own.js",
    };
    const coded = { ...task, graph: { ...task.graph, nodes: [node as GraphNode], output: "own" } };
    let calls = 0;
    const sandbox = { ...noSandbox, call: async () => `${++calls}` };
    const deps = { ...known(createSimulated()), sandbox };
    await estimateRun(coded, deps);
    expect(calls).toBe(8 + 6 + 4);
    const endless = { ...deps, sandbox: { ...noSandbox, call: async () => fail(++calls) } };
    calls = 0;
    await estimateRunner(coded, endless, evaluation("test"));
    expect(calls).toBe(1);
  });
});

function fail(calls: number): never {
  throw new CodeLimit("own.js", "time", calls);
}
