import { expect, it } from "vitest";
import type { Graph, GraphNode } from "../../../../src/graph/graph.ts";
import { topologyOf } from "../../../../src/graph/topology.ts";
import { playedGraph } from "../../../../src/run/estimate/played-graph.ts";

function node(id: string, inputs: readonly string[], more: Partial<GraphNode> = {}): GraphNode {
  const text = { role: "", text: "Do it.", trainable: true, keep: [], maxWords: null, constraints: [], output: null };
  const asking = more.kind === "function" ? { file: "own.js" } : { model: null, message: "system" };
  return { kind: "llm", id, inputs: [...inputs], ...text, ...asking, ...more } as GraphNode;
}

function graphOf(nodes: readonly GraphNode[], output: string, targets?: readonly string[]): Graph {
  const inputs = [{ name: "question", description: "" }];
  return { name: "", description: "", inputs, nodes: [...nodes], output, ...(targets && { targets: [...targets] }) };
}

/** Layers of nodes, each of which reads all of the layer before and the question. */
function layered(layers: number, width: number): Graph {
  const ids = (layer: number) => Array.from({ length: layer < 0 ? 0 : width }, (_, at) => `n${layer}_${at}`);
  const nodes = Array.from({ length: layers }, (_, layer) =>
    ids(layer).map((id) => node(id, ["question", ...ids(layer - 1)])),
  ).flat();
  return graphOf([...nodes, node("answer", ids(layers - 1))], "answer");
}

it("leaves a graph of a usual size as it is", () => {
  const graph = layered(10, 5);
  expect(playedGraph(graph).graph).toBe(graph);
});

it("is a graph of 60 nodes that leads to the same answer, and they stand for all of them", () => {
  for (const graph of [layered(500, 2), layered(20, 10)]) {
    const { graph: played, weightOf, depth } = playedGraph(graph);
    expect(played.nodes).toHaveLength(60);
    const sum = played.nodes.reduce((all, { id }) => all + weightOf(id), 0);
    expect(sum).toBeCloseTo(graph.nodes.length);
    const names = new Set(["question", ...played.nodes.map(({ id }) => id)]);
    expect(played.nodes.flatMap(({ inputs }) => inputs).every((name) => names.has(name))).toBe(true);
    const { order, isNeeded, depth: depthOf } = topologyOf(played);
    expect(order).toHaveLength(60);
    expect(order.filter(({ id }) => isNeeded(id)).length).toBeGreaterThan(50);
    expect(depth * (depthOf("answer") + 1)).toBeCloseTo(topologyOf(graph).depth("answer") + 1);
  }
});

it("keeps what code reads, what has targets, and what runs for each element of a list", () => {
  const chain = Array.from({ length: 200 }, (_, at) => node(`n${at}`, at === 0 ? ["question"] : [`n${at - 1}`]));
  const code = node("code", ["n70"], { kind: "function" });
  const each = node("each", ["n71", "code"], { perElement: ["code"] });
  const answer = node("answer", ["n199", "each"]);
  const { graph } = playedGraph(graphOf([...chain, code, each, answer], "answer", ["n72"]));
  const kept = graph.nodes.map(({ id }) => id);
  expect(kept).toEqual(expect.arrayContaining(["n70", "n71", "n72", "code", "each", "answer"]));
  expect(graph.nodes.find(({ id }) => id === "code")?.inputs).toEqual(["n70"]);
  expect(kept).toHaveLength(60);
  expect(graph.nodes[0]?.inputs).toEqual(["question"]);
});
