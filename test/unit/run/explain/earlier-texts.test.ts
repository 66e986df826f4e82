import { afterEach, beforeEach, expect, it } from "vitest";
import type { Runner } from "../../../../src/engine/runner.ts";
import { earlierTexts } from "../../../../src/run/explain/earlier-texts.ts";
import type { RunRequest } from "../../../../src/run/record/run-manifest.ts";
import { readRun } from "../../../../src/run/record/runs.ts";
import { startRun } from "../../../../src/run/run.ts";
import { type Bench, openBench, scripted, subject } from "../scripted.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

const never = new AbortController().signal;

/** The scripted engine, whose gate rejects what it tries. */
const rejecting: Runner = async function* (task, deps, signal) {
  const steps = scripted(task, deps, signal);
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
    yield value.type === "verdict"
      ? { ...value, verdict: { ...value.verdict, decision: "rejected", reason: "tie" } }
      : value;
  }
};

async function run(request: RunRequest, engine: Runner = rejecting): Promise<string> {
  const earlier = await earlierTexts(bench.deps, bench.place, request);
  const asked = { ...request, task: { ...request.task, ...(earlier.length > 0 && { earlier }) } };
  const started = await startRun(asked, bench.place, bench.root, { ...bench.deps, engine }, never);
  for await (const _ of started.events);
  return started.id;
}

function withText(text: string): RunRequest {
  const { task } = subject;
  const nodes = task.graph.nodes.map((node) => ({ ...node, text }));
  return { ...subject, task: { ...task, graph: { ...task.graph, nodes } } };
}

const DROPPED = {
  node: "solve",
  text: "Solve!",
  outcome: "on 20 queries: 10 right before, 15 right after; fixed 1, broke 0",
};

it("a run on other texts knows what an earlier one tried and dropped", async () => {
  await run(subject);
  expect(await earlierTexts(bench.deps, bench.place, withText("Solve it."))).toEqual([DROPPED]);
});

it("the same run again knows what that run knew, so that it finds the same replies", async () => {
  await run(subject);
  expect(await earlierTexts(bench.deps, bench.place, subject)).toEqual([]);
  const second = await run(withText("Solve it."));
  const { start } = await readRun(bench.deps, bench.place, second);
  expect(start.earlier).toEqual([DROPPED]);
  expect(await earlierTexts(bench.deps, bench.place, withText("Solve it."))).toEqual([DROPPED]);
});

it("what the gate accepted, what the file holds now, and other graphs are no part of it", async () => {
  await run(subject, scripted);
  expect(await earlierTexts(bench.deps, bench.place, withText("Solve it."))).toEqual([]);
  await run({ ...withText("Solve this."), graphFile: "other.agentgraph.json" });
  expect(await earlierTexts(bench.deps, bench.place, withText("Solve it."))).toEqual([]);
  await run(withText("Solve that."));
  expect(await earlierTexts(bench.deps, bench.place, withText("Solve!"))).toEqual([]);
});
