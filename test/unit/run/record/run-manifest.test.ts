import { describe, expect, it } from "vitest";
import { readManifest } from "../../../../src/run/record/run-manifest.ts";

const parameter = { role: "", trainable: true, keep: [], maxWords: null, constraints: [] };
const model = { model: "m", params: { temperature: 0 } };
const rows = [{ id: "1", inputs: { question: "1 + 1" }, targets: ["2"], feedback: null }];

/** As version 0.1 writes it. */
const old = {
  version: 1,
  id: "r",
  at: 5,
  engine: "0.1.0",
  provider: "simulated",
  graphFile: "a.agentgraph.json",
  graph: {
    name: "A",
    description: "",
    inputs: [{ name: "question", description: "" }],
    nodes: [
      { kind: "text", id: "style", text: "Be brief.", ...parameter },
      { kind: "text", id: "shots", text: '{"q":"1"}', ...parameter, form: "rows" },
      {
        kind: "llm",
        id: "solve",
        text: "Solve it.",
        ...parameter,
        inputs: ["question", "style", "shots"],
        output: { kind: "after", after: "Answer:" },
        model,
        message: "system",
      },
    ],
    output: "solve",
  },
  data: { train: rows, validation: rows, test: [] },
  loss: { kind: "number", tolerance: 0 },
  models: { forward: model, backward: model, optimizer: model, judge: model },
  options: {
    method: "semantic",
    iterations: 12,
    batch: 8,
    patience: 3,
    threshold: 0,
    proposals: 1,
    update: "all",
    gate: { policy: "strict", alpha: 0.05 },
    gateEvery: 4,
    neighbors: true,
    gradients: true,
    seed: 1,
    without: ["R1"],
    budget: { calls: 2000, tokens: null, usd: null },
  },
};

async function read(body: object) {
  const json = JSON.stringify(body);
  const content = `${json.slice(0, -1)},"mark":"${json.length}"}\n`;
  const outside = {
    files: { read: async () => new TextEncoder().encode(content) },
    clock: { sleep: async () => {} },
    machine: { sign: async (text: string) => String(text.length) },
  };
  return readManifest(outside as unknown as Parameters<typeof readManifest>[0], "start.json", "r");
}

describe("start.json", () => {
  it("of version 0.1 reads: a text node reads nothing, and all of its text is its value", async () => {
    const { start, trusted } = await read(old);
    expect(trusted).toBe(true);
    expect(start.graph.nodes[0]).toEqual({ ...old.graph.nodes[0], inputs: [], output: null });
    expect(start.graph.nodes.slice(1)).toMatchObject(old.graph.nodes.slice(1));
    expect(start.data).toEqual(old.data);
    expect(start.models).toEqual(old.models);
  });

  it("without a role's model, with a set too few, or about a graph outside of the root does not", async () => {
    const { judge: _, ...three } = old.models;
    const { test: __, ...two } = old.data;
    for (const body of [
      { ...old, models: three },
      { ...old, data: two },
      { ...old, graphFile: "../a.json" },
    ]) {
      await expect(read(body)).rejects.toThrow("start.json");
    }
  });
});
