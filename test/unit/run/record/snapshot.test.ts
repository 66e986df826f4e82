import { appendFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { nodeMachine } from "../../../../src/platform/machine.ts";
import { openRunState, readRun, recordAct } from "../../../../src/run/record/runs.ts";
import { readSnapshot, writeSnapshot } from "../../../../src/run/record/snapshot.ts";
import { type Run, startRun } from "../../../../src/run/run.ts";
import type { RecordedState } from "../../../../src/run/state/state.ts";
import { type Bench, openBench, subject } from "../scripted.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

async function ended(): Promise<Run> {
  const run = await startRun(subject, bench.place, bench.root, bench.deps, new AbortController().signal);
  for await (const _ of run.events);
  return run;
}

async function snapshotOf(run: Run): Promise<void> {
  const { size: bytes } = await stat(run.files.events);
  await writeSnapshot(bench.deps, run.files, run.id, bytes, run.state());
}

/** Bytes of the log that were read since. */
function watchLog(run: Run): () => number {
  let read = 0;
  const { parts } = bench.files;
  vi.spyOn(bench.files, "parts").mockImplementation(async function* (path, from) {
    for await (const part of parts(path, from)) {
      if (path === run.files.events) read += part.length;
      yield part;
    }
  });
  return () => read;
}

describe("a run with a snapshot", () => {
  it("is opened without its log, and is the same as read from it", async () => {
    const run = await ended();
    await snapshotOf(run);
    const whole = await readRun(bench.deps, bench.place, run.id);
    const read = watchLog(run);
    const { keysOf, ...opened } = await openRunState(bench.deps, bench.place, run.id);
    const { values, ...state } = whole.state;
    expect(opened).toEqual({ ...whole, state });
    for (const theta of values.thetas()) {
      for (const id of values.samples(theta)) expect(await keysOf(theta, id)).toEqual(values.of(theta, id));
    }
    expect(await keysOf(state.theta, "nobody")).toBeUndefined();
    expect(await keysOf("no theta", [...values.samples(state.theta)][0] ?? "")).toBeUndefined();
    expect(read()).toBe(0);
  });

  it("says nothing of values that were changed since", async () => {
    const run = await ended();
    await snapshotOf(run);
    const { values, theta } = run.state();
    const [id = ""] = values.samples(theta);
    const text = await readFile(run.files.values, "utf8");
    await writeFile(run.files.values, text.replaceAll(/[0-9a-f]{64}/g, "0".repeat(64)));
    const { keysOf } = await openRunState(bench.deps, bench.place, run.id);
    expect(await keysOf(theta, id)).toBeUndefined();
  });

  it("knows what the user did since", async () => {
    const run = await ended();
    await snapshotOf(run);
    const [proposal] = run.state().proposals;
    await recordAct(bench.deps, bench.place, run.id, { type: "applied", proposals: [proposal?.id ?? ""] });
    await recordAct(bench.deps, bench.place, run.id, {
      type: "committed",
      proposals: [proposal?.id ?? ""],
      sha: "abc",
    });
    const whole = await readRun(bench.deps, bench.place, run.id);
    const { state } = await openRunState(bench.deps, bench.place, run.id);
    expect(state.acts).toEqual(whole.state.acts);
    expect(state.commits).toEqual(["abc"]);
  });

  it("is read from its log where that went on, was cut, or the snapshot isn't this machine's for this run", async () => {
    const run = await ended();
    const read = watchLog(run);
    const { size } = await stat(run.files.events);
    const changes = [
      async () => appendFile(run.files.events, '{"type":"resumed","attempt":2,"at":1}\n'),
      async () => writeFile(run.files.events, (await readFile(run.files.events)).subarray(0, size)),
      async () => {
        const forged = (await readFile(run.files.snapshot, "utf8")).replace('"status":"done"', '"status":"gone"');
        await writeFile(run.files.snapshot, forged);
      },
      async () => {
        const elsewhere = { ...bench.deps, machine: nodeMachine(join(bench.root, "other home")) };
        await writeSnapshot(elsewhere, run.files, run.id, size, run.state());
      },
      async () => writeSnapshot(bench.deps, run.files, "another", size, run.state()),
      async () => writeFile(run.files.snapshot, (await readFile(run.files.snapshot)).subarray(0, -40)),
    ];
    await snapshotOf(run);
    for (const [at, change] of changes.entries()) {
      if (at === 1 || at === 2) await snapshotOf(run);
      await change();
      const before = read();
      const opened = await openRunState(bench.deps, bench.place, run.id);
      if (at !== 1) expect(read(), `change ${at}`).toBeGreaterThan(before);
      const { values: _, ...state } = (await readRun(bench.deps, bench.place, run.id)).state;
      expect(opened.state).toMatchObject(state);
    }
  });

  it("of somebody else changes nothing outside it before it is refused", async () => {
    const run = await ended();
    const lines = [
      { version: 1, run: run.id, bytes: 1 },
      { places: { __proto__: [{ start: 0, end: 1, digest: "" }] } },
      { table: "__proto__", theta: "polluted", entries: [["a", 1]] },
      { table: "constructor", theta: "polluted", entries: [["a", 1]] },
      { list: "constructor", entries: [1] },
      { mark: "forged" },
    ];
    await writeFile(run.files.snapshot, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    expect(await readSnapshot(bench.deps, run.files.snapshot, run.id)).toBeNull();
    expect({}).not.toHaveProperty("polluted");
    expect(Object).not.toHaveProperty("polluted");
  });

  it("holds any state, whatever samples and nodes are called", async () => {
    const run = await ended();
    const name = fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "\n", "\u2028"));
    const scores = fc.dictionary(name, fc.record({ split: fc.constant("train"), loss: fc.float({ noNaN: true }) }));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, scores), async (table) => {
        const state = { ...run.state(), scores: table } as unknown as RecordedState;
        await writeSnapshot(bench.deps, run.files, run.id, 1, state);
        const read = await readSnapshot(bench.deps, run.files.snapshot, run.id);
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value));
        const { values: _, ...rest } = state;
        expect(plain(read?.state)).toEqual(plain(rest));
      }),
      { numRuns: 40 },
    );
  });
});
