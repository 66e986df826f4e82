import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Finished } from "../../../src/engine/events.ts";
import { optimize } from "../../../src/engine/optimize.ts";
import { methods } from "../../../src/methods/registry.ts";
import { priceList } from "../../../src/models/prices.ts";
import { createSimulated } from "../../../src/models/simulated/simulated.ts";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { FakeClock, stackOver } from "../models/fakes.ts";

const examples = resolve(import.meta.dirname, "../../../examples");

/** One run with the simulated model. */
async function runExample(name: string, method: string, methodOptions: object = {}) {
  const { task, faults } = await loadTask(join(examples, name, `${name}.agentgraph.json`), nodeDeps());
  expect(faults).toEqual([]);
  if (!task) throw new Error(`${name} cannot be read`);
  const options = { ...task.options, method, methodOptions: { ...methodOptions } };
  const { model, budget } = stackOver(createSimulated(), new FakeClock(), {
    limits: { calls: 20_000, tokens: null, usd: null },
  });
  let finished: Finished | null = null;
  const deps = { model, budget, price: priceList() };
  for await (const event of optimize(methods)({ ...task, options }, deps, new AbortController().signal)) {
    if (event.type === "finished") finished = event;
  }
  if (!finished) throw new Error("the run did not end");
  return { calls: budget.spent.calls, finished };
}

const gainOf = ({ validation: { before, after } }: Finished) => (after ?? 0) - (before ?? 0);

describe("with the simulated model", () => {
  it.each(["chain", "diamond", "fan-in"])("semantic-reference improves the example %s", async (name) => {
    const { finished } = await runExample(name, "semantic-reference");
    expect(finished.status).toBe("done");
    expect(gainOf(finished)).toBeGreaterThan(0.2);
  });

  it("copro improves an example, though it sees no feedback", async () => {
    const { finished } = await runExample("chain", "copro", { breadth: 6 });
    expect(finished.status).toBe("done");
    expect(gainOf(finished)).toBeGreaterThan(0.1);
  });

  it("gepa improves an example from runs with feedback", async () => {
    const { finished } = await runExample("chain", "gepa");
    expect(finished.status).toBe("done");
    expect(gainOf(finished)).toBeGreaterThan(0.3);
  });

  it("miprov2 improves an example a little at most, for worked examples teach this model nothing", async () => {
    const { finished } = await runExample("chain", "miprov2");
    expect(finished.status).toBe("done");
    expect(gainOf(finished)).toBeGreaterThanOrEqual(0);
  });
});
