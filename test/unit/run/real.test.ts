import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { LoggedEvent } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { methods } from "../../../src/methods/registry.ts";
import { createSimulated } from "../../../src/models/simulated/simulated.ts";
import { loadTask } from "../../../src/run/load.ts";
import { runRequestOf, taskOf } from "../../../src/run/record/run-manifest.ts";
import { readRun } from "../../../src/run/record/runs.ts";
import { resumeRun, startRun } from "../../../src/run/run.ts";
import { type Bench, openBench } from "./scripted.ts";

/** The run layer with the real engine and the example graphs. */

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

const signal = new AbortController().signal;
const examples = join(import.meta.dirname, "../../../examples");

async function example(name: string) {
  const models = { forward: { model: "simulated", params: {} } };
  const loaded = await loadTask(join(examples, name, `${name}.agentgraph.json`), bench.deps, { models });
  const subject = runRequestOf(loaded);
  if (!subject) throw new Error(loaded.faults.map(({ message }) => message).join("\n"));
  return { subject, deps: { ...bench.deps, provider: createSimulated(), engine: optimize(methods) } };
}

it.each(["chain", "diamond", "fan-in"])("every event of %s is read back as it was written", async (name) => {
  const { subject, deps } = await example(name);
  const run = await startRun(subject, bench.place, bench.root, deps, signal);
  const written: LoggedEvent[] = [];
  for await (const event of run.events) written.push(event);
  const read: LoggedEvent[] = [];
  const again = await readRun(deps, bench.place, run.id, (event) => read.push(event));
  expect(run.state().status).toBe("done");
  expect(again.damaged).toBe(0);
  expect(read).toEqual(JSON.parse(JSON.stringify(written)));
  expect(again.state).toEqual(run.state());
  expect({ ...taskOf(again.start), loss: null }).toEqual({ ...subject.task, loss: null });
});

it("keeps the reply of every value that it shows", async () => {
  const { subject, deps } = await example("diamond");
  const run = await startRun(subject, bench.place, bench.root, deps, signal);
  for await (const _ of run.events);
  const { values } = run.state();
  const keys = [...values].flatMap(([theta, sample]) => Object.values(values.of(theta, sample) ?? {}));
  expect(keys.length).toBeGreaterThan(100);
  for (const key of keys) expect((await run.replies.get(key))?.where).toBe("replayed");
});

it("is resumed from any event to the same end", async () => {
  const { subject, deps } = await example("chain");
  const whole = await startRun(subject, bench.place, bench.root, deps, signal);
  let length = 0;
  for await (const _ of whole.events) length++;
  for (const part of [0.1, 0.5, 0.9]) {
    const other = await openBench();
    const own = { ...deps, ...other.deps, provider: createSimulated(), engine: optimize(methods) };
    const cut = await startRun(subject, other.place, other.root, own, signal);
    let left = Math.ceil(part * length);
    for await (const _ of cut.events) if (--left === 0) break;
    const resumed = await resumeRun(cut.id, other.place, own, signal);
    for await (const _ of resumed.events);
    const { texts, proposals, finished } = resumed.state();
    expect({ texts, proposals }).toEqual({ texts: whole.state().texts, proposals: whole.state().proposals });
    expect(finished?.validation).toEqual(whole.state().finished?.validation);
    await other.remove();
  }
});
