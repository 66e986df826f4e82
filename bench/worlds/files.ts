import type { Sample } from "../../src/data/sample.ts";
import type { GraphNode } from "../../src/graph/graph.ts";
import type { World } from "./world.ts";

/** A world as a user's folder: the graph file and its rows by path, with test rows on request. */
export function filesOf(
  { graph, train, validation, test }: World,
  seed: number,
  withTest = false,
): Record<string, string> {
  const file = {
    version: 1,
    name: graph.name,
    description: graph.description,
    inputs: Object.fromEntries(graph.inputs.map(({ name, description }) => [name, description])),
    nodes: Object.fromEntries(graph.nodes.map((node) => [node.id, nodeOf(node)])),
    output: graph.output,
    data: {
      train: "data/train.jsonl",
      validation: "data/validation.jsonl",
      ...(withTest && { test: "data/test.jsonl" }),
      fields: { question: "question" },
      target: "answer",
      id: "id",
    },
    loss: { kind: "exact" },
    optimize: { seed },
  };
  return {
    "graph.agentgraph.json": JSON.stringify(file),
    "data/train.jsonl": rowsOf(train),
    "data/validation.jsonl": rowsOf(validation),
    ...(withTest && { "data/test.jsonl": rowsOf(test) }),
  };
}

function nodeOf(node: GraphNode): Record<string, unknown> {
  if (node.kind === "text") return { kind: "text", role: node.role, text: node.text };
  const output = node.output?.kind === "after" && { output: { after: node.output.after } };
  return { role: node.role, inputs: node.inputs, instruction: node.text, ...output };
}

function rowsOf(samples: readonly Sample[]): string {
  return samples.map(({ id, inputs, targets }) => JSON.stringify({ id, ...inputs, answer: targets[0] })).join("\n");
}
