import dagre from "@dagrejs/dagre";
import { coordGreedy, decrossTwoLayer, graphStratify, layeringLongestPath, sugiyama } from "d3-dag";
import ELK from "elkjs/lib/elk.bundled.js";
import { type LayoutNode, SHAPES } from "../../src/graph/layout/node.ts";
import { layout } from "../../src/graph/layout.ts";

type Layouter = (nodes: readonly LayoutNode[]) => unknown;

const stratified = (nodes: readonly LayoutNode[]) =>
  graphStratify()(nodes.map(({ id, inputs }) => ({ id, parentIds: [...inputs] })));

/** Ours and others, each with boxes of the same sizes. */
export const LAYOUTERS: Readonly<Record<string, Layouter>> = {
  agentgraph: (nodes) => layout(nodes, "down"),
  "d3-dag, its fastest": (nodes) =>
    sugiyama()
      .layering(layeringLongestPath())
      .decross(decrossTwoLayer())
      .coord(coordGreedy())
      .nodeSize(SHAPES.llm.size)(stratified(nodes)),
  "d3-dag": (nodes) => sugiyama().nodeSize(SHAPES.llm.size)(stratified(nodes)),
  dagre: (nodes) => {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "TB" });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const { id, kind } of nodes) graph.setNode(id, { width: SHAPES[kind].size[0], height: SHAPES[kind].size[1] });
    for (const { id, inputs } of nodes) for (const input of inputs) graph.setEdge(input, id);
    dagre.layout(graph);
  },
  elkjs: (nodes) =>
    new ELK().layout({
      id: "root",
      layoutOptions: { "elk.algorithm": "layered", "elk.direction": "DOWN" },
      children: nodes.map(({ id, kind }) => ({ id, width: SHAPES[kind].size[0], height: SHAPES[kind].size[1] })),
      edges: nodes.flatMap(({ id, inputs }) =>
        inputs.map((input) => ({ id: `${input} ${id}`, sources: [input], targets: [id] })),
      ),
    }),
};
