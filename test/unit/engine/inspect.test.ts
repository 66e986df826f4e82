import { describe, expect, it } from "vitest";
import { type Inspection, inspect, mostCalls } from "../../../src/engine/inspect.ts";
import { openInputs } from "../../../src/graph/edges.ts";
import { RequestRefused } from "../../../src/models/errors.ts";
import { type Given, prepare } from "./runs.ts";

async function look(wanted: "right" | "wrong", given: Given = {}, tunesEdges = false) {
  const { task: made, deps, provider, world } = prepare({ samples: 20, ...given });
  const task = { ...made, graph: openInputs(made.graph, () => tunesEdges) };
  const start = Object.fromEntries(world.graph.nodes.map(({ id, text }) => [id, text]));
  const truth = wanted === "right" ? 1 : 0;
  const sample = task.data.validation.find((one) => world.truth(start, [one]) === truth)!;
  const reader = inspect(task, "validation", sample, deps, new AbortController().signal);
  for (;;) {
    const step: IteratorResult<unknown, Inspection> = await reader.next();
    if (step.done) return { inspection: step.value, provider, task };
  }
}

describe("inspect", () => {
  it("shows each node's prompt and value, and asks for no gradient if the answer is right", async () => {
    const { inspection, provider, task } = await look("right");
    expect(inspection.right).toBe(true);
    expect(inspection.nodes.map(({ node }) => node.id)).toEqual(["draft", "answer"]);
    for (const [index, { prompt, value, gradients }] of inspection.nodes.entries()) {
      expect(prompt).toEqual(provider.seen[index]?.messages);
      expect(value?.text).toBeTruthy();
      expect(gradients).toEqual([]);
    }
    expect(provider.seen).toHaveLength(task.graph.nodes.length);
  });

  it("carries the criticism back through the nodes if the answer is wrong", async () => {
    const { inspection, provider, task } = await look("wrong");
    expect(inspection).toMatchObject({ right: false, score: { loss: 1 } });
    const answer = inspection.nodes.find(({ node }) => node.id === "answer");
    expect(answer?.gradients).toContainEqual(
      expect.objectContaining({ of: "value", from: null, text: expect.stringContaining("Expected") }),
    );
    expect(inspection.nodes.flatMap(({ gradients }) => gradients).some(({ of }) => of === "text")).toBe(true);
    const purposes = provider.seen.map(({ tag }) => tag.purpose);
    expect(purposes.filter((purpose) => purpose === "backward").length).toBeGreaterThan(0);
    expect(purposes.length).toBeLessThanOrEqual(mostCalls(task));
    expect(mostCalls(task)).toBe(3);
  });

  it("also asks a step about its inputs if a run can change them, and makes no more calls than it says", async () => {
    const { provider, task } = await look("wrong", {}, true);
    expect(new Set(provider.seen.map(({ tag }) => `${tag.purpose} ${tag.node}`))).toContain("backward draft");
    expect(provider.seen.length).toBeLessThanOrEqual(mostCalls(task));
  });

  it("shows what there is of a sample whose call failed", async () => {
    const { inspection } = await look("wrong", {
      instead: ({ tag }) =>
        tag.node === "answer" ? Promise.reject(new RequestRefused("world", 400, "world", "too long")) : null,
    });
    expect(inspection.score).toBeNull();
    expect(inspection.nodes.map(({ value }) => value !== null)).toEqual([true, false]);
  });
});
