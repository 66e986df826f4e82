import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Model } from "../../../../src/models/model.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { NO_REPLIES } from "../../../../src/models/stack/store.ts";
import { ablationVariants, NotVariable, readVary, usualVary } from "../../../../src/run/comparison/ablation.ts";
import { driveComparison, type Measured, progressOf } from "../../../../src/run/comparison/drive.ts";
import { estimateComparison } from "../../../../src/run/comparison/estimate.ts";
import { comparisonMarkdown } from "../../../../src/run/comparison/pages.ts";
import { type ComparisonPlan, comparisonPaths } from "../../../../src/run/comparison/plan.ts";
import { comparisonOf } from "../../../../src/run/comparison/result.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { runRequestOf } from "../../../../src/run/record/run-manifest.ts";
import { listRuns } from "../../../../src/run/record/runs.ts";
import type { RunDeps } from "../../../../src/run/run.ts";
import { type Bench, openBench } from "../scripted.ts";

const chain = join(import.meta.dirname, "../../../../examples/chain/chain.agentgraph.json");
const UNBOUND = { calls: null, tokens: null, usd: null };

let bench: Bench;
let requests: number;
let deps: RunDeps;
beforeEach(async () => {
  bench = await openBench();
  requests = 0;
  const inner = createSimulated();
  const provider: Model = {
    identity: inner.identity,
    complete: (request, signal) => {
      requests++;
      return inner.complete(request, signal);
    },
  };
  deps = { ...bench.deps, provider, engine: undefined };
});
afterEach(() => bench.remove());

/** @param vary as `--vary` has it @param only which of the variants, by name */
async function planOf(vary: string, only?: readonly string[], repeats = 1): Promise<ComparisonPlan> {
  const models = { forward: { model: "simulated", params: {} } };
  const loaded = await loadTask(chain, bench.deps, { models, set: [["optimize.iterations", "2"]] });
  const request = runRequestOf(loaded);
  if (!request) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  const { options, data } = request.task;
  const [train, validation, test] = [data.train.slice(0, 8), data.validation.slice(0, 8), data.test.slice(0, 8)];
  const small = { ...request, task: { ...request.task, data: { train, validation, test } } };
  const variants = ablationVariants(options, readVary(vary)).filter(({ name }) => !only || only.includes(name));
  return { kind: "ablation", request: small, variants, repeats, budget: options.budget, scoring: UNBOUND };
}

async function drive(plan: ComparisonPlan, place = bench.place, signal = new AbortController().signal) {
  const steps = driveComparison(plan, place, bench.root, deps, signal);
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
  }
}

function outcome(plan: ComparisonPlan, measured: Measured) {
  const { variants, pairs, baselines } = comparisonOf(plan, measured, "simulated", () => null);
  const still = variants.map(({ name, heldOut, gain, repeats }) => ({
    name,
    heldOut,
    gain,
    repeats: repeats.map(({ seed, calls, tokens, accepted, heldOut: score }) => ({
      seed,
      calls,
      tokens,
      accepted,
      score,
    })),
  }));
  return { still, pairs, baselines };
}

describe("a comparison", () => {
  it("scores another model and Reflexion beside the variants, and says when a search has paid for itself", async () => {
    const plan = { ...(await planOf("iterations=1", ["unchanged"])), againstModel: "dear", reflexion: true };
    const perToken = { dear: 1e-5, simulated: 1e-6 };
    const price = (model: string, { prompt, completion }: { prompt: number; completion: number }) =>
      (model === "dear" ? perToken.dear : perToken.simulated) * (prompt + completion);
    const measured = await drive(plan);
    expect(Object.keys(measured.baselines)).toEqual(["untouched", "chain-of-thought", "reflexion", "other model"]);
    const report = comparisonOf(plan, measured, "simulated", price);
    expect(report.baselines.map(({ name, scored }) => [name, scored])).toEqual(
      ["untouched", "chain-of-thought", "reflexion", "other model"].map((name) => [name, 8]),
    );
    expect(measured.baselines["other model"]?.[0]?.start.models.forward.model).toBe("dear");
    const [row] = report.breakEven?.rows ?? [];
    const { tokens } = report.breakEven?.answer ?? { tokens: 0 };
    // Two calls an answer; that replies are shared with other runs makes no answer cheaper.
    expect(tokens).toBeGreaterThan(20);
    expect(row?.answer.tokens).toBeGreaterThan(20);
    // The simulated model answers under one name, whatever it is asked for.
    expect(report.breakEven?.answer.usd).toBeCloseTo(perToken.dear * tokens, 12);
    expect(row?.answer.usd).toBeCloseTo(perToken.simulated * (row?.answer.tokens ?? 0), 12);
    expect(await progressOf(plan, bench.place, deps)).toEqual({ done: 6, of: 6 });
  });

  it("shows no search a held-out sample, and scores each result on all of them", async () => {
    const plan = await planOf("neighbors");
    const { variants, baselines } = await drive(plan);
    const { test } = plan.request.task.data;
    for (const { searches, scores } of variants) {
      for (const { start } of searches) expect(start.data.test).toEqual([]);
      for (const { state } of scores) expect(Object.keys(state.scores[state.theta] ?? {})).toHaveLength(test.length);
    }
    expect(baselines.untouched).toHaveLength(1);
    expect(baselines["chain-of-thought"]).toHaveLength(1);
  });

  it("gives each variant of a repeat the same seed, and each repeat another", async () => {
    const { variants } = await drive(await planOf("neighbors", undefined, 2));
    const seeds = variants.map(({ searches }) => searches.map(({ start }) => start.options.seed));
    expect(seeds).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("costs a method what it costs alone: no search is served a reply of another", async () => {
    const both = await planOf("batch=4");
    const together = outcome(both, await drive(both));
    const alone = await planOf("batch=4", ["batch 4"]);
    const other = await openBench();
    const single = outcome(alone, await drive(alone, other.place));
    await other.remove();
    expect(together.still[1]?.repeats).toEqual(single.still[0]?.repeats);
  });

  it("goes on from its runs after it was cancelled, to the same end and without asking twice", async () => {
    const plan = await planOf("neighbors", undefined, 2);
    const whole = await drive(plan);
    const needed = requests;
    const other = await openBench();
    requests = 0;
    for (const after of [40, 200]) {
      const stop = new AbortController();
      const steps = driveComparison(plan, other.place, other.root, deps, stop.signal);
      let seen = 0;
      await (async () => {
        for await (const _ of steps) if (++seen === after) stop.abort(new Error("enough"));
      })().catch(() => {});
    }
    const resumed = await drive(plan, other.place);
    await other.remove();
    expect(outcome(plan, resumed)).toEqual(outcome(plan, whole));
    // What was on its way when it was cancelled is asked again.
    expect(requests).toBeLessThanOrEqual(needed + 2 * bench.deps.concurrency);
  });

  it("that is complete asks nothing when it is requested again", async () => {
    const plan = await planOf("neighbors");
    const first = outcome(plan, await drive(plan));
    const { done, of } = await progressOf(plan, bench.place, deps);
    expect(done).toBe(of);
    requests = 0;
    expect(outcome(plan, await drive(plan))).toEqual(first);
    expect(requests).toBe(0);
  });

  it("keeps its runs apart from those of the graph", async () => {
    await drive(await planOf("neighbors"));
    expect(await listRuns(deps, bench.place)).toEqual([]);
  });

  it("stops each search at the budget, and counts what it had accepted by then", async () => {
    const plan = { ...(await planOf("neighbors", ["unchanged"])), budget: { ...UNBOUND, calls: 30 } };
    const report = comparisonOf(plan, await drive(plan), "simulated", () => null);
    for (const { calls, status, heldOut } of report.variants.flatMap(({ repeats }) => repeats)) {
      expect(calls).toBeLessThanOrEqual(30);
      expect(status).toBe("budget");
      expect(heldOut).not.toBeNull();
    }
  });

  it("finds no difference, and no interval of one, between the same texts", async () => {
    const plan = { ...(await planOf("batch=4", undefined, 2)), budget: { ...UNBOUND, calls: 3 } };
    const report = comparisonOf(plan, await drive(plan), "simulated", () => null);
    const none = { mean: 0, interval: [0, 0], better: 0, worse: 0, isSignificant: false };
    for (const { repeats, gain } of report.variants) {
      expect(repeats.map(({ accepted }) => accepted)).toEqual([0, 0]);
      expect(gain).toMatchObject(none);
    }
    expect(report.pairs).toMatchObject([none]);
    expect(comparisonMarkdown(report)).toContain("0 (no sample differs)");
  });

  it("is foreseen as a whole", async () => {
    const plan = await planOf("neighbors");
    const known = { provider: "simulated", replies: NO_REPLIES, price: () => null, clock: deps.clock };
    const estimate = await estimateComparison(plan, known);
    expect(estimate.runs).toBe(2 + 2 * 2);
    await drive(plan);
    expect(requests).toBeGreaterThan(estimate.calls / 3);
    expect(requests).toBeLessThan(estimate.calls * 3);
  });
});

describe("what an ablation varies", () => {
  const task = async () => (await planOf("neighbors")).request.task;
  const options = async () => (await task()).options;

  it("is the option alone, beside the options as they are", async () => {
    const [unchanged, ...others] = ablationVariants(await options(), usualVary(await task()));
    expect(unchanged?.name).toBe("unchanged");
    expect(others.map(({ name }) => name)).toEqual([
      "neighbors off",
      "gradients off",
      "gate off",
      "gate significant",
      "batch 4",
      "batch 16",
    ]);
    expect(others[0]?.options).toEqual({
      ...unchanged?.options,
      methodOptions: { ...unchanged?.options.methodOptions, neighbors: false },
    });
  });

  it("is the threshold only if a loss can lie between 0 and 1", async () => {
    const { loss, ...rest } = await task();
    const varied = (kind: string) => usualVary({ ...rest, loss: { ...loss, kind } }).map(({ option }) => option);
    expect(varied("number")).not.toContain("threshold");
    expect(varied("f1")).toContain("threshold");
  });

  it("takes values of one's own, of any option that the method has", async () => {
    const variants = ablationVariants(await options(), readVary("patience=1|5,gate=off"));
    expect(variants.map(({ name }) => name)).toEqual(["unchanged", "patience 1", "patience 5", "gate off"]);
  });

  it.each(["colour", "batch=0", "gate=maybe", "threshold=2", "patience", ""])("refuses %j", async (vary) => {
    const given = await options();
    expect(() => ablationVariants(given, readVary(vary))).toThrow(NotVariable);
  });
});

it("does not continue with runs that searched other files", async () => {
  const plan = await planOf("gate");
  const folderWith = (text: string) => {
    const corpora = { search: [{ path: "docs/a.md", text }] };
    const { request } = plan;
    const changed = { ...plan, request: { ...request, task: { ...request.task, corpora } } };
    return comparisonPaths(changed, bench.place, "simulated").runs;
  };
  expect(folderWith("Tea is hot.")).toBe(folderWith("Tea is hot."));
  expect(folderWith("Tea is hot.")).not.toBe(folderWith("Tea is cold."));
  expect(folderWith("Tea is hot.")).not.toBe(comparisonPaths(plan, bench.place, "simulated").runs);
});
