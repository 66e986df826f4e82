import { appendFile, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Files } from "../../../src/deps.ts";
import { nodeMachine } from "../../../src/platform/machine.ts";
import { linesIn, linesOf } from "../../../src/run/record/jsonl.ts";
import { spendingHtml, spendingMarkdown } from "../../../src/run/report/spending.ts";
import { resumeRun, startRun } from "../../../src/run/run.ts";
import { readSpending, spendingBy, totalOf } from "../../../src/run/spending.ts";
import { type Bench, openBench, subject } from "./scripted.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.remove());

const never = new AbortController().signal;

async function drained(run: ReturnType<typeof startRun>, after = Number.POSITIVE_INFINITY) {
  const { events, state, id, files } = await run;
  let seen = 0;
  for await (const _ of events) if (++seen >= after) break;
  return { state: state(), id, files };
}

/** Makes the summary of a run that of an earlier version, which did not say what was spent: the log says it. */
async function withoutSums({ summary }: { readonly summary: string }): Promise<void> {
  const { spent, mark: _, ...body } = JSON.parse(await readFile(summary, "utf8"));
  expect(spent).not.toEqual([]);
  const mark = await bench.deps.machine.sign(JSON.stringify(body));
  await writeFile(summary, JSON.stringify({ ...body, mark }));
}

/** Files of which parts are counted as they are read. */
function counted(files: Files): { readonly files: Files; readonly read: () => readonly string[] } {
  const read: string[] = [];
  const parts: Files["parts"] = (path, start) => {
    read.push(path);
    return files.parts(path, start);
  };
  return { files: { ...files, parts }, read: () => read };
}

describe("what was spent", () => {
  it("is in the summary of a run, so that no log is read for it, and the same as in the log", async () => {
    const cut = await drained(startRun(subject, bench.place, bench.root, bench.deps, never), 23);
    await drained(resumeRun(cut.id, bench.place, bench.deps, never));
    const { files, read } = counted(bench.deps.files);
    const quick = await readSpending({ ...bench.deps, files }, bench.place, { since: 0 });
    expect(read()).toEqual([]);
    await withoutSums(cut.files);
    expect(await readSpending(bench.deps, bench.place, { since: 0 })).toEqual(quick);
    expect(totalOf(quick).calls).toBe(20);
  });

  it("is read from the log if a part of the run is left out", async () => {
    const { files } = await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    const { from, to } = await readSpending(bench.deps, bench.place);
    expect(from).not.toBeNull();
    const some = await readSpending(bench.deps, bench.place, { since: (from ?? 0) + 1 });
    await withoutSums(files);
    expect(await readSpending(bench.deps, bench.place, { since: (from ?? 0) + 1 })).toEqual(some);
    expect(to).toBeGreaterThanOrEqual(from ?? 0);
  });

  it("is the sum of what the runs say, and a reply that was reused costs nothing", async () => {
    const first = await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    const spending = await readSpending(bench.deps, bench.place);
    const total = totalOf(spending);
    expect(spending.runs).toBe(1);
    expect(total).toMatchObject({ calls: first.state.calls.total, usd: first.state.usd, unpriced: 0 });
    expect(total).toMatchObject({ prompt: first.state.tokens.prompt, completion: first.state.tokens.completion });
    expect(spendingBy(spending, ["purpose"]).map(({ purpose }) => purpose)).toEqual(["forward"]);
    expect(total).not.toHaveProperty("graph");
    expect(spendingBy(spending, ["purpose"])[0]).not.toHaveProperty("model");
  });

  it("counts each reply once, wherever a run was cut and resumed", async () => {
    for (const after of [7, 23, 41]) {
      const cut = await drained(startRun(subject, bench.place, bench.root, bench.deps, never), after);
      const { size } = { size: (await readFile(cut.files.events)).length };
      await truncate(cut.files.events, size - 9);
      const { state } = await drained(resumeRun(cut.id, bench.place, bench.deps, never));
      const { rows } = await readSpending(bench.deps, bench.place, { since: 0 });
      expect(state.usd).not.toBeNull();
      expect(totalOf({ rows }).usd).toBeCloseTo(state.usd ?? 0);
      await bench.remove();
      bench = await openBench();
    }
  });

  it("leaves out earlier calls, other graphs, runs of other machines and calls without a price", async () => {
    const { files } = await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    const log = await readFile(files.events, "utf8");
    await writeFile(files.events, log.replaceAll(/"usd":[\d.]+/g, '"usd":null'));
    await withoutSums(files);
    const elsewhere = { ...bench.deps, machine: nodeMachine(join(bench.root, "other home")) };
    await drained(startRun(subject, bench.place, bench.root, elsewhere, never));
    const spending = await readSpending(bench.deps, bench.place);
    expect(spending.elsewhere).toBe(1);
    expect(totalOf(spending)).toMatchObject({ usd: 0, unpriced: 20 });
    expect((await readSpending(bench.deps, bench.place, { since: Date.now() * 2 })).rows).toEqual([]);
    expect((await readSpending(bench.deps, bench.place, { graph: "other" })).rows).toEqual([]);
    for (const page of [spendingHtml(spending, "here"), spendingMarkdown(spending)]) {
      expect(page).toContain("price unknown for 20 calls of 1 run");
      expect(page).toContain("The price of 20 calls is unknown");
      expect(page).toContain("1 run from another machine not counted");
    }
  });

  it("counts every request of a call without a price", async () => {
    const { files } = await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    const log = (await readFile(files.events, "utf8")).replaceAll(/"usd":[\d.]+/g, '"usd":null');
    await writeFile(files.events, log.replace(/("type":"call".*"requests":)1/, "$13"));
    await withoutSums(files);
    const spending = await readSpending(bench.deps, bench.place);
    expect(totalOf(spending)).toMatchObject({ calls: 22, unpriced: 22 });
    expect(spendingMarkdown(spending)).toContain("price unknown for 22 calls of 1 run");
  });

  it("skips lines that are no calls, whatever they hold", async () => {
    const { files, state } = await drained(startRun(subject, bench.place, bench.root, bench.deps, never));
    await withoutSums(files);
    await appendFile(files.events, '{"type":"call"}\n{"type":"call","usd":1e9}\n\u0000\n{"type":"call","usd":');
    expect(totalOf(await readSpending(bench.deps, bench.place)).usd).toBe(state.usd);
  });
});

it("lines are the same whether a file is read at once or in parts", async () => {
  const line = fc.oneof(fc.json(), fc.constant(""), fc.constant('{"a":"ä\u2028"}'), fc.string());
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), fc.boolean(), async (lines, size, isWhole) => {
      const bytes = new TextEncoder().encode(lines.join("\n") + (isWhole ? "\n" : ""));
      const files = {
        async *parts() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
        },
      } as unknown as Files;
      const read: string[] = [];
      for await (const one of linesIn(files, "log")) read.push(new TextDecoder().decode(one));
      const whole = [...linesOf(bytes)].map(({ start, end }) => new TextDecoder().decode(bytes.subarray(start, end)));
      expect(read).toEqual(whole);
    }),
  );
});
