import dagre from "@dagrejs/dagre";
import { coordGreedy, decrossTwoLayer, graphStratify, layeringLongestPath, sugiyama } from "d3-dag";
import ELK from "elkjs/lib/elk.bundled.js";

const stratified = (nodes) => graphStratify()(nodes.map(({ id, inputs }) => ({ id, parentIds: [...inputs] })));

/**
 * The layouts of other libraries, by name; each takes the nodes.
 * @param sizes width and height of a box in pixels, by kind of node
 */
export function othersWith(sizes) {
  return {
    "d3-dag, its fastest": (nodes) =>
      sugiyama().layering(layeringLongestPath()).decross(decrossTwoLayer()).coord(coordGreedy()).nodeSize(sizes.llm)(
        stratified(nodes),
      ),
    "d3-dag": (nodes) => sugiyama().nodeSize(sizes.llm)(stratified(nodes)),
    dagre: (nodes) => {
      const graph = new dagre.graphlib.Graph();
      graph.setGraph({ rankdir: "TB" });
      graph.setDefaultEdgeLabel(() => ({}));
      for (const { id, kind } of nodes) graph.setNode(id, { width: sizes[kind][0], height: sizes[kind][1] });
      for (const { id, inputs } of nodes) for (const input of inputs) graph.setEdge(input, id);
      dagre.layout(graph);
    },
    elkjs: (nodes) =>
      new ELK().layout({
        id: "root",
        layoutOptions: { "elk.algorithm": "layered", "elk.direction": "DOWN" },
        children: nodes.map(({ id, kind }) => ({ id, width: sizes[kind][0], height: sizes[kind][1] })),
        edges: nodes.flatMap(({ id, inputs }) =>
          inputs.map((input) => ({ id: `${input} ${id}`, sources: [input], targets: [id] })),
        ),
      }),
  };
}
