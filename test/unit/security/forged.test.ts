import { appendFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readReplies } from "../../../src/run/record/replies.ts";
import { listRuns, readRun } from "../../../src/run/record/runs.ts";
import { type Run, resumeRun, startRun } from "../../../src/run/run.ts";
import { type Bench, openBench, subject } from "../run/scripted.ts";

/**
 * Runs and cache that this machine made, published by their user, and given back by somebody else with other content:
 * what bears the machine's mark for its name alone proves nothing of what it says.
 */
const never = new AbortController().signal;
const FORGED = "forged by somebody else";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

async function drain(run: Run): Promise<Run> {
  for await (const _ of run.events);
  return run;
}

const start = () => startRun(subject, bench.place, bench.root, bench.deps, never);

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, "utf8");
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(path, after);
}

const forgeAnswers = (text: string) => text.replaceAll(/"text":"answer [^"]*"/g, `"text":"${FORGED}"`);

describe("replies that someone has changed are asked for anew", () => {
  it("in a run whose end was cut off, so that it would be resumed", async () => {
    const run = await drain(await start());
    await rm(bench.place.cache, { recursive: true });
    await edit(run.files.events, (text) => text.replace(/.*"type":"finished".*\n/, ""));
    await edit(run.files.replies, forgeAnswers);
    const resumed = await drain(await resumeRun(run.id, bench.place, bench.deps, never));
    expect(resumed.state().status).toBe("done");
    expect(bench.provider.asked).toHaveLength(40);
    for await (const { text } of resumed.replies.paid()) expect(text).not.toBe(FORGED);
  });

  it("in the cache, under the name and the head of a segment of ours", async () => {
    await drain(await start());
    const [segment = ""] = await readdir(bench.place.cache);
    await edit(join(bench.place.cache, segment), forgeAnswers);
    const second = await drain(await start());
    expect(bench.provider.asked).toHaveLength(40);
    expect(await readFile(second.files.replies, "utf8")).not.toContain(FORGED);
  });
});

it("replies that someone has changed are not shown as what a model said, unless all of the run is a claim", async () => {
  const run = await drain(await start());
  await edit(run.files.replies, forgeAnswers);
  const [key = ""] = [...(await readFile(run.files.replies, "utf8")).matchAll(/^\{"key":"([^"]+)"/gm)].map(
    (one) => one[1],
  );
  const shown = async (trusted: boolean) =>
    (await (await readReplies(bench.deps, run.files.replies, trusted))(key))?.text;
  expect([await shown(true), await shown(false)]).toEqual([undefined, FORGED]);
});

it("what someone else puts into the cache, whatever its size, ousts nothing of ours", async () => {
  await drain(await start());
  const [ours = ""] = await readdir(bench.place.cache);
  const giant = join(bench.place.cache, "99991231-235959-999-ffffff-1.jsonl");
  await writeFile(giant, "");
  await truncate(giant, 70_000_000);
  await drain(await start());
  expect(bench.provider.asked).toHaveLength(20);
  expect(await readdir(bench.place.cache)).toContain(ours);
});

describe("a run of ours counts as made elsewhere when its log says something else", () => {
  it.each<[string, (log: string) => string]>([
    ["of a verdict on the way", (log) => log.replace('"scope":"joint"', '"scope":"part"')],
    ["of a sample's score", (log) => log.replace('"loss":1,', '"loss":0,')],
    ["by leaving a line out", (log) => log.replace(/.*"type":"scored".*\n/, "")],
    ["after its end", (log) => `${log}{"type":"warning","code":"no gate","at":1}\n`],
  ])("%s", async (_, forge) => {
    const { id, files } = await drain(await start());
    expect((await readRun(bench.deps, bench.place, id)).trusted).toBe(true);
    await edit(files.events, forge);
    expect((await readRun(bench.deps, bench.place, id)).trusted).toBe(false);
  });

  it("but not for what its user does with it, nor for having been resumed", async () => {
    const run = await start();
    for await (const event of run.events) if (event.type === "scored" && event.sample === "v4") break;
    await appendFile(run.files.events, '{"type":"dismissed","proposals":["p1"],"at":1}\n{"type":"requ');
    await drain(await resumeRun(run.id, bench.place, bench.deps, never));
    await appendFile(run.files.events, '{"type":"applied","proposals":["p1"],"at":1}\n');
    expect((await readRun(bench.deps, bench.place, run.id)).trusted).toBe(true);
  });
});

describe("a run that someone ships", () => {
  it.each([
    "../other/graph.agentgraph.json",
    "/etc/graph.agentgraph.json",
    "C:\\graph.agentgraph.json",
    "a\\..\\..\\b",
  ])("is not a run when it is about a graph elsewhere: %s", async (graphFile) => {
    const { id, files } = await drain(await start());
    await rm(files.summary);
    await edit(files.start, (json) => JSON.stringify({ ...JSON.parse(json), graphFile }));
    await expect(readRun(bench.deps, bench.place, id)).rejects.toMatchObject({ name: "RunUnreadable" });
    expect(await listRuns(bench.deps, bench.place)).toEqual([]);
  });

  it("is not read to be listed when it is large, and is when it is requested", async () => {
    const { id, files } = await drain(await start());
    await edit(files.summary, (json) => json.replace('"mark":"', '"mark":"x'));
    expect(await listRuns(bench.deps, bench.place)).toHaveLength(1);
    await appendFile(files.events, `${" ".repeat(70_000_000)}\n`);
    expect(await listRuns(bench.deps, bench.place)).toEqual([]);
    expect((await readRun(bench.deps, bench.place, id)).state.status).toBe("done");
  });
});
