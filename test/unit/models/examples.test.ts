import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finished, RunEvent } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { methods } from "../../../src/methods/registry.ts";
import { priceList } from "../../../src/models/prices.ts";
import { TASKS } from "../../../src/models/simulated/forward.ts";
import { createSimulated } from "../../../src/models/simulated/simulated.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { FakeClock, stackOver } from "./fakes.ts";

const examples = resolve(import.meta.dirname, "../../../examples");
const NAMES = ["chain", "diamond", "fan-in"];

let made = "";
beforeAll(() => {
  made = mkdtempSync(join(tmpdir(), "examples-"));
  execFileSync(process.execPath, [resolve(examples, "../scripts/make-examples.mjs"), made]);
});
afterAll(() => rmSync(made, { recursive: true, force: true }));

async function load(name: string) {
  const { task, faults } = await loadTask(join(examples, name, `${name}.agentgraph.json`), nodeDeps());
  expect(faults).toEqual([]);
  if (!task) throw new Error(`${name} cannot be read`);
  return task;
}

async function run(name: string) {
  const task = await load(name);
  const { model, budget } = stackOver(createSimulated(), new FakeClock(), { limits: task.options.budget });
  const events: RunEvent[] = [];
  for await (const event of optimize(methods)(
    task,
    { model, budget, price: priceList() },
    new AbortController().signal,
  )) {
    events.push(event);
  }
  const finished = events.find((event): event is Finished => event.type === "finished");
  if (!finished) throw new Error("the run did not end");
  return { events, finished };
}

describe.each(NAMES)("the example %s", (name) => {
  it("has the rows that its script makes, each once", () => {
    const seen = new Set<string>();
    for (const file of readdirSync(join(made, name, "data"))) {
      const text = readFileSync(join(examples, name, "data", file), "utf8");
      expect(text).toBe(readFileSync(join(made, name, "data", file), "utf8"));
      for (const line of text.trimEnd().split("\n")) {
        expect(seen.has(line)).toBe(false);
        seen.add(line);
      }
    }
    expect(seen.size).toBe(70);
  });

  it("starts low, and a run improves it on rows that the run has not seen", async () => {
    const { finished } = await run(name);
    expect(finished.status).toBe("done");
    expect(finished.validation.before).toBeLessThan(0.5);
    expect(finished.validation.after).toBeGreaterThan(0.7);
    const { before, after } = finished.test ?? { before: null, after: null };
    expect(after ?? 0).toBeGreaterThan((before ?? 1) + 0.25);
    expect(finished.proposals.length).toBeGreaterThan(0);
  });
});

describe("the examples", () => {
  it("are solved by their steps when asked for everything, by an answer worked out apart", async () => {
    const everything = () => true;
    for (const [index, name] of NAMES.entries()) {
      const { data, loss } = await load(name);
      const steps = TASKS[index]?.steps ?? [];
      for (const sample of [...data.train, ...data.validation, ...data.test]) {
        let shown = Object.values(sample.inputs).join("\n");
        for (const step of steps) shown += `\n${step.run(shown, everything)}`;
        const answer = shown.split("\n").at(-1) ?? "";
        expect(await loss.score(sample, answer.replace("Answer: ", "")), shown).toMatchObject({ loss: 0 });
      }
    }
  });

  it("give the gate something to turn down", async () => {
    const verdicts = [];
    for (const name of NAMES) {
      const { events } = await run(name);
      verdicts.push(...events.flatMap((event) => (event.type === "verdict" ? [event.verdict.decision] : [])));
    }
    expect(verdicts).toContain("accepted");
    expect(verdicts).toContain("rejected");
  });
});
