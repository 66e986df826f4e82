import { expect, it } from "vitest";
import { estimate } from "../../../../src/editor/runs/estimate.ts";
import type { Task } from "../../../../src/engine/task.ts";
import { nodeFiles } from "../../../../src/platform/files.ts";
import { loadTask } from "../../../../src/run/load.ts";

async function example(name: string): Promise<Task> {
  const { task } = await loadTask(`${process.cwd()}/examples/${name}/${name}.agentgraph.json`, nodeFiles());
  if (!task) throw new Error(`the example ${name} has faults`);
  return task;
}

it("counts the calls that score the graph as it is exactly", async () => {
  const { graph, data } = await example("chain");
  const calling = graph.nodes.filter(({ kind }) => kind === "llm").length;
  const { firstCalls } = estimate(await example("chain"), () => 0);
  expect(firstCalls).toBe(calling * (data.validation.length + data.test.length));
});

it("says that the price is not known rather than a wrong one", async () => {
  const task = await example("chain");
  const optimizer = task.models.optimizer.model;
  expect(estimate(task, (model) => (model === optimizer ? null : 1)).usd).toBeNull();
  expect(estimate(task, () => 1).usd).toBe(3);
});

it("grows with the graph, the data and the patience", async () => {
  const task = await example("diamond");
  const { calls } = estimate(task, () => 0);
  const patient = { ...task, options: { ...task.options, patience: task.options.patience + 1 } };
  expect(estimate(patient, () => 0).calls).toBeGreaterThan(calls);
  const [sample] = task.data.validation;
  if (!sample) throw new Error("no sample");
  const more = {
    ...task,
    data: { ...task.data, validation: [...task.data.validation, { ...sample, id: "one more" }] },
  };
  expect(estimate(more, () => 0).calls).toBeGreaterThan(calls);
});
