import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { nodeDeps } from "../../../src/platform/node.ts";
import { loadTask } from "../../../src/run/load.ts";
import { invalid, valid } from "../graph/fixtures.ts";

describe("the fixtures", () => {
  it.each(valid)("$name makes a task without a fault", async ({ path }) => {
    const { task, faults } = await loadTask(path, nodeDeps());
    expect(faults).toEqual([]);
    expect(task?.graph.nodes.length).toBeGreaterThan(0);
  });

  it.each(invalid)("$name has exactly the faults it lists", async ({ path, expected }) => {
    const { task, faults } = await loadTask(path, nodeDeps());
    expect(faults.map(({ code, line, column }) => `${code}@${line}:${column}`).sort()).toEqual([...expected].sort());
    expect(task === null).toBe(faults.some(({ severity, code }) => severity === "error" || code === "no-model"));
  });
});

describe("what the user says beside the file", () => {
  const path = valid.find(({ name }) => name === "everything")?.path ?? "";

  it("wins: models over names, parameters merged, and the smaller budget", async () => {
    const { task } = await loadTask(path, nodeDeps(), {
      set: [["optimize.batch", "4"]],
      models: { forward: { model: "mine", params: { seed: 1 } } },
      budget: { calls: 50, tokens: 200_000 },
    });
    expect(task?.models.forward).toEqual({ model: "mine", params: { temperature: 0, seed: 1 } });
    expect(task?.models.optimizer.model).toBe("mine");
    expect(task?.models.judge.model).toBe("large");
    expect(task?.graph.nodes.map((node) => (node.kind === "llm" ? node.model : null))).toEqual([
      null,
      { model: "mine", params: { temperature: 0.5, top_p: 0.9, seed: 1 } },
      { model: "mine", params: { temperature: 0, seed: 1 } },
      null,
    ]);
    expect(task?.options).toMatchObject({
      methodOptions: { batch: 4 },
      budget: { calls: 50, tokens: 100_000, usd: null },
    });
  });

  it("is not needed", async () => {
    const { task } = await loadTask(path, nodeDeps());
    expect(task?.graph.nodes[1]).toMatchObject({ model: { model: "small", params: { temperature: 0.5, top_p: 0.9 } } });
    expect(task?.options.budget).toEqual({ calls: null, tokens: 100_000, usd: null });
  });
});

describe("a graph file that can't be read", () => {
  it("is a fault like any other", async () => {
    const { task, faults } = await loadTask("/none/at/all.agentgraph.json", nodeDeps());
    expect(task).toBeNull();
    expect(faults).toMatchObject([{ code: "no-such-file", line: 1, column: 1, message: "The file does not exist." }]);
  });
});

it("a node with the name of what objects inherit gets a loss by the form of its targets, like any other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "agentgraph-load-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "a.agentgraph.json");
  const rows = (from: number) =>
    [from, from + 1].map((at) => ({ question: `What is ${at}?`, answer: String(at), step: at % 2 ? "odd" : "even" }));
  const graph = {
    version: 1,
    name: "a",
    inputs: { question: "a question" },
    nodes: {
      constructor: { role: "sorts", inputs: ["question"], instruction: "Sort." },
      answer: { role: "answers", inputs: ["question", "constructor"], instruction: "Answer." },
    },
    output: "answer",
    data: { train: rows(1), validation: rows(3), target: "answer", targets: { constructor: "step" } },
    loss: { kind: "number" },
    models: { forward: { model: "m", params: { constructor: 1 } } },
  };
  await writeFile(path, JSON.stringify(graph));
  const { task, faults } = await loadTask(path, nodeDeps());
  expect(faults.map(({ code }) => code)).toEqual(["chosen-loss"]);
  expect(Object.values(task?.losses ?? {}).map(({ kind }) => kind)).toEqual(["exact"]);
});
