import { appendFile, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Finished, LoggedEvent } from "../../../src/engine/events.ts";
import { EventStream } from "../../../src/engine/stream.ts";
import type { Model } from "../../../src/models/model.ts";
import { nodeMachine } from "../../../src/platform/machine.ts";
import { RunInProgress, RunUnreadable } from "../../../src/run/errors.ts";
import { filesOf } from "../../../src/run/record/run-paths.ts";
import { deleteRun, listRuns, readRun, recordAct, writtenAt } from "../../../src/run/record/runs.ts";
import { type Run, resumeRun, startRun } from "../../../src/run/run.ts";
import type { RunState } from "../../../src/run/state/state.ts";
import { type Bench, openBench, subject } from "./scripted.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

const never = new AbortController().signal;

function start(signal = never): Promise<Run> {
  return startRun(subject, bench.place, bench.root, bench.deps, signal);
}

async function drain({ events }: Run, after = Number.POSITIVE_INFINITY): Promise<LoggedEvent[]> {
  const seen: LoggedEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length >= after) break;
  }
  return seen;
}

/** What a resumed run must share with one that was never interrupted. */
function outcome({ status, texts, proposals, curve, scores, attempts }: RunState) {
  return { status, texts, proposals, curve, scores, attempts };
}

it("what tells of changes is another once a run has come, was written or has gone, and not by what is our own", async () => {
  const mark = async (own?: string) =>
    JSON.stringify([...(await writtenAt(bench.deps, bench.place, (id) => id === own))]);
  const marks = [await mark()];
  const run = await start();
  await drain(run);
  marks.push(await mark());
  const own = await mark(run.id);
  await utimes(run.files.summary, 1, 1);
  marks.push(await mark());
  expect(await mark(run.id)).toBe(own);
  await deleteRun(bench.deps, bench.place, run.id);
  expect(await mark()).toBe(marks[0]);
  expect(new Set(marks).size).toBe(3);
});

describe("a run", () => {
  it("leaves a folder from which its state is read again", async () => {
    const run = await start();
    const events = await drain(run);
    expect(run.state().status).toBe("done");
    const read: LoggedEvent[] = [];
    const again = await readRun(bench.deps, bench.place, run.id, (event) => read.push(event));
    expect(read).toEqual(events);
    expect(again.state).toEqual(run.state());
    expect(again).toMatchObject({ status: "done", trusted: true, damaged: 0 });
    expect((await readdir(run.files.folder)).sort()).toEqual([
      "events.jsonl",
      "replies.jsonl",
      "start.json",
      "summary.json",
    ]);
    expect(await readFile(join(bench.root, ".agentgraph", ".gitignore"), "utf8")).toBe("*\n");
  });

  it("counts what it asked and paid", async () => {
    const run = await start();
    await drain(run);
    expect(bench.provider.asked).toHaveLength(20);
    expect(run.state().calls).toMatchObject({ total: 20, forward: 20, cached: 0, retried: 0 });
    expect(run.state().tokens).toEqual({ prompt: 200, completion: 40, estimated: false });
    expect(run.state().usd).toBe(10);
  });

  it("is alone on its graph", async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(RunInProgress);
    expect((await listRuns(bench.deps, bench.place))[0]?.status).toBe("running");
    await drain(first);
    const second = await start();
    await drain(second);
    expect((await listRuns(bench.deps, bench.place)).map(({ summary }) => summary.id)).toEqual([second.id, first.id]);
  });

  it("asks nothing that an earlier run asked, and keeps those replies of its own", async () => {
    await drain(await start());
    const second = await start();
    await drain(second);
    expect(bench.provider.asked).toHaveLength(20);
    expect(second.state().calls).toMatchObject({ total: 0, cached: 20 });
    await rm(bench.place.cache, { recursive: true });
    const replies = await readFile(second.files.replies, "utf8");
    expect(replies.trim().split("\n")).toHaveLength(21);
  });

  it("is served no reply that another machine's cache contains", async () => {
    const elsewhere = { ...bench.deps, machine: nodeMachine(join(bench.root, "other home")) };
    await drain(await startRun(subject, bench.place, bench.root, elsewhere, never));
    await drain(await start());
    expect(bench.provider.asked).toHaveLength(40);
  });

  it("stops at its budget with everything so far to review", async () => {
    const task = {
      ...subject.task,
      options: { ...subject.task.options, budget: { calls: 7, tokens: null, usd: null } },
    };
    const run = await startRun({ ...subject, task }, bench.place, bench.root, bench.deps, never);
    await drain(run);
    expect(bench.provider.asked).toHaveLength(7);
    expect(run.state()).toMatchObject({ status: "budget", calls: { total: 7 } });
    expect(run.state().proposals).toHaveLength(1);
  });

  it("ends as failed when the disk is full, and sends nothing more", async () => {
    const run = await start();
    for await (const event of run.events) {
      if (event.type === "scored" && event.sample === "v4") bench.files.breakWith = "ENOSPC";
    }
    expect(run.state()).toMatchObject({ status: "failed", error: "NotRecorded" });
    expect(run.state().detail).toContain("ENOSPC");
    expect(bench.provider.asked).toHaveLength(5);
    bench.files.breakWith = null;
    const resumed = await resumeRun(run.id, bench.place, bench.deps, never);
    await drain(resumed);
    expect(resumed.state().status).toBe("done");
    expect(bench.provider.asked).toHaveLength(20);
  });

  it("ends as failed, with an end in its log, when the engine breaks", async () => {
    const engine = () => new EventStream().during<Finished>(() => Promise.reject(new TypeError("broken")));
    const run = await startRun(subject, bench.place, bench.root, { ...bench.deps, engine }, never);
    await drain(run);
    const { state, trusted } = await readRun(bench.deps, bench.place, run.id);
    expect(state).toMatchObject({ status: "failed", error: "TypeError", detail: "broken" });
    expect(trusted).toBe(true);
  });
});

describe("resume", () => {
  it("gives the same outcome wherever the run was interrupted, and asks nothing twice", async () => {
    const whole = await start();
    const length = (await drain(whole)).length;
    for (let after = 1; after < length; after += 3) {
      const other = await openBench();
      const cut = await startRun(subject, other.place, other.root, other.deps, never);
      await drain(cut, after);
      expect((await listRuns(other.deps, other.place))[0]?.status).toBe("interrupted");
      const resumed = await resumeRun(cut.id, other.place, other.deps, never);
      await drain(resumed);
      expect(outcome(resumed.state())).toEqual(outcome(whole.state()));
      expect(new Set(other.provider.asked).size).toBe(20);
      expect(other.provider.asked).toHaveLength(20);
      // A request may be on record and never have left.
      expect(resumed.state().calls.total - 20).toBeOneOf([0, 1]);
      expect(resumed.state().tokens).toEqual(whole.state().tokens);
      await other.remove();
    }
  });

  it("survives a log and replies cut at any byte", async () => {
    const whole = await start();
    await drain(whole);
    const [events, replies] = await Promise.all([readFile(whole.files.events), readFile(whole.files.replies)]);
    for (let cut = 1; cut < 12; cut++) {
      const id = whole.id;
      const paths = filesOf(bench.place, id);
      // No end, so that it can be resumed; both files cut somewhere, as a killed process leaves them.
      const end = events.lastIndexOf('{"type":"finished"');
      await writeFile(paths.events, events.subarray(0, Math.floor((end * cut) / 12)));
      await writeFile(paths.replies, replies.subarray(0, Math.floor((replies.length * cut) / 11)));
      await rm(bench.place.cache, { recursive: true, force: true });
      const resumed = await resumeRun(id, bench.place, bench.deps, never);
      await drain(resumed);
      expect(outcome(resumed.state())).toEqual(outcome(whole.state()));
      expect((await readRun(bench.deps, bench.place, id)).state).toEqual(resumed.state());
    }
  });

  it("keeps its word when it was killed at its very end", async () => {
    const whole = await start();
    await drain(whole);
    const events = await readFile(whole.files.events);
    const seal = events.lastIndexOf('{"seal"');
    expect(seal).toBeGreaterThan(0);
    for (let cut = seal; cut <= events.length; cut += 25) {
      await writeFile(whole.files.events, events.subarray(0, cut));
      const read = await readRun(bench.deps, bench.place, whole.id);
      expect(read).toMatchObject({ trusted: true, status: cut < events.length ? "interrupted" : "done" });
    }
  });

  it("is listed as what its log says when it was killed before its summary was written", async () => {
    const run = await start();
    let running = "";
    for await (const _ of run.events) running ||= await readFile(run.files.summary, "utf8").catch(() => "");
    await writeFile(run.files.summary, running);
    expect(JSON.parse(running)).toMatchObject({ status: "running" });
    expect(await listRuns(bench.deps, bench.place)).toMatchObject([{ status: "done", summary: { status: "done" } }]);
  });

  it("stops at once where its replies can't be kept, though its log can", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const { files } = bench.deps;
    const append = (path: string, text: string) =>
      path.endsWith("replies.jsonl") && text.includes("key") ? Promise.reject(full) : files.append(path, text);
    const run = await startRun(subject, bench.place, bench.root, { ...bench.deps, files: { ...files, append } }, never);
    await drain(run);
    expect(run.state()).toMatchObject({ status: "failed", error: "NotRecorded" });
    expect(run.state().detail).toContain("replies.jsonl");
    expect(bench.provider.asked).toHaveLength(1);
    expect((await readRun(bench.deps, bench.place, run.id)).state).toEqual(run.state());
  });

  it("counts earlier segments against the budget", async () => {
    const cut = await start();
    await drain(cut, 20);
    const sent = bench.provider.asked.length;
    await rm(bench.place.cache, { recursive: true });
    const limits = { calls: sent + 3, tokens: null, usd: null };
    const resumed = await resumeRun(cut.id, bench.place, bench.deps, never, limits);
    await drain(resumed);
    expect(bench.provider.asked).toHaveLength(sent + 3);
    expect(resumed.state().status).toBe("budget");
  });

  it("knows what was spent though the server calls the model by a name without a price", async () => {
    const provider: Model = {
      identity: bench.provider.identity,
      complete: async (request, signal) => ({ ...(await bench.provider.complete(request, signal)), model: "served" }),
    };
    const deps = { ...bench.deps, provider, price: (model: string) => (model === "m" ? 0.5 : null) };
    const budget = { calls: null, tokens: null, usd: 3 };
    const task = { ...subject.task, options: { ...subject.task.options, budget } };
    const run = await startRun({ ...subject, task }, bench.place, bench.root, deps, never);
    await drain(run);
    expect(run.state().status).toBe("budget");
    const asked = bench.provider.asked.length;
    const again = await resumeRun(run.id, bench.place, deps, never);
    await drain(again);
    expect(again.state().status).toBe("budget");
    expect(bench.provider.asked).toHaveLength(asked);
  });

  it("refuses a run that is done, one that is missing and one that asked another provider", async () => {
    const run = await start();
    await drain(run);
    await expect(resumeRun(run.id, bench.place, bench.deps, never)).rejects.toMatchObject({ name: "RunComplete" });
    const missing = "20260101-000000-000-abcdef";
    await expect(resumeRun(missing, bench.place, bench.deps, never)).rejects.toMatchObject({ name: "RunMissing" });
    const cut = await start();
    await drain(cut, 5);
    const provider = { ...bench.provider, identity: "other", complete: bench.provider.complete };
    await expect(resumeRun(cut.id, bench.place, { ...bench.deps, provider }, never)).rejects.toMatchObject({
      name: "OtherProvider",
      recorded: "counting",
    });
  });
});

describe("a run folder that someone changed", () => {
  async function doneRun(): Promise<Run> {
    const run = await start();
    await drain(run);
    return run;
  }

  it("counts as made elsewhere when its end says something else", async () => {
    const run = await doneRun();
    const events = await readFile(run.files.events, "utf8");
    await writeFile(run.files.events, events.replaceAll("Solve!", "Obey!"));
    await rm(run.files.summary);
    const read = await readRun(bench.deps, bench.place, run.id);
    expect(read.state.proposals[0]?.text).toBe("Obey!");
    expect(read.trusted).toBe(false);
    expect((await listRuns(bench.deps, bench.place))[0]?.trusted).toBe(false);
  });

  it("counts as made elsewhere when its start says something else, and is not resumed", async () => {
    const cut = await start();
    await drain(cut, 10);
    const json = await readFile(cut.files.start, "utf8");
    const { graph, mark } = JSON.parse(json);
    const obey = JSON.stringify(graph).replace("Solve.", "Obey.");
    // The last of two fields of one name is the one that is read.
    const forged = [
      json.replace("Solve.", "Obey."),
      json.replace(/\}\n$/, `,"graph":${obey}}\n`),
      json.replace(/\}\n$/, `,"graph":${obey},"mark":"${mark}"}\n`),
      json.replace(`,"mark":`, `,"graph":${obey},"mark":`),
    ];
    for (const one of forged) {
      await writeFile(cut.files.start, one);
      const read = await readRun(bench.deps, bench.place, cut.id);
      expect(read.start.graph.nodes[0]?.text).toBe("Obey.");
      expect(read.trusted).toBe(false);
      await expect(resumeRun(cut.id, bench.place, bench.deps, never)).rejects.toMatchObject({ name: "UntrustedRun" });
    }
    await writeFile(cut.files.start, json);
    expect((await readRun(bench.deps, bench.place, cut.id)).trusted).toBe(true);
  });

  it("does not forge a summary either", async () => {
    const run = await doneRun();
    const json = await readFile(run.files.summary, "utf8");
    await writeFile(run.files.summary, json.replace('"accepted"', '"rejected"'));
    const [listed] = await listRuns(bench.deps, bench.place);
    expect(listed?.summary.proposals[0]?.decision).toBe("accepted");
  });

  it("is refused in words when a later program wrote it", async () => {
    const run = await doneRun();
    const events = await readFile(run.files.events, "utf8");
    await writeFile(run.files.events, events.replace('{"version":1}', '{"version":2}'));
    await expect(readRun(bench.deps, bench.place, run.id)).rejects.toMatchObject({ name: "RunUnreadable" });
  });

  it("is read past garbage, which is counted", async () => {
    const run = await doneRun();
    await appendFile(run.files.events, 'garbage\n{"type":"call"}\n{"type":"unheard of","at":1}\n\0\0\0');
    const read = await readRun(bench.deps, bench.place, run.id);
    expect(read.damaged).toBe(3);
    expect(read.state.status).toBe("done");
  });

  it("is read without harm, whatever bytes are in its log", async () => {
    const run = await doneRun();
    const events = await readFile(run.files.events);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(events.length), async (bytes, at) => {
        await writeFile(run.files.events, Buffer.concat([events.subarray(0, at), bytes, events.subarray(at)]));
        await readRun(bench.deps, bench.place, run.id).catch((error: unknown) => {
          if (!(error instanceof RunUnreadable)) throw error;
        });
      }),
      { numRuns: 50 },
    );
  });

  it("with an empty log is an interrupted run", async () => {
    const run = await doneRun();
    await truncate(run.files.events);
    await rm(run.files.summary);
    expect(await readRun(bench.deps, bench.place, run.id)).toMatchObject({ status: "interrupted" });
  });
});

describe("acts", () => {
  it("join the run and its summary", async () => {
    const run = await start();
    await drain(run);
    const read = vi.spyOn(bench.deps.files, "read");
    await recordAct(bench.deps, bench.place, run.id, { type: "applied", proposals: ["p1"] });
    // The log may hold hundreds of thousands of events: it is not read again for one more.
    expect(read.mock.calls.map(([path]) => path)).not.toContain(run.files.events);
    read.mockRestore();
    await recordAct(bench.deps, bench.place, run.id, { type: "committed", proposals: ["p1"], sha: "abc" });
    const { state, trusted } = await readRun(bench.deps, bench.place, run.id);
    expect(state).toMatchObject({ acts: { p1: "committed" }, commits: ["abc"], status: "done" });
    expect(trusted).toBe(true);
    expect((await listRuns(bench.deps, bench.place))[0]?.summary.proposals[0]?.act).toBe("committed");
  });

  it("delete a run, but not one that is under way", async () => {
    const run = await start();
    await expect(deleteRun(bench.deps, bench.place, run.id)).rejects.toThrow(RunInProgress);
    await drain(run);
    await deleteRun(bench.deps, bench.place, run.id);
    expect(await listRuns(bench.deps, bench.place)).toEqual([]);
  });
});
