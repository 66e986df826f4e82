import { inputsIdOf, inputsText, openInputs } from "../graph/edges.ts";
import type { Graph, GraphNode, Texts } from "../graph/graph.ts";
import { sha256 } from "../graph/text/sha256.ts";
import type { Theta } from "./events.ts";

/** Texts of all nodes as in the file, and the inputs of those that a run can change. */
export function textsOf(graph: Graph): Texts {
  return Object.fromEntries(
    graph.nodes.flatMap((node) => {
      const { id, text, inputs, tunesInputs } = node;
      return [[id, text], ...(tunesInputs ? [[inputsIdOf(id), inputsText(inputs)]] : [])];
    }),
  );
}

/** Θ ⊂ V: the nodes whose text can change, in the order of the file. */
export function parametersOf(graph: Graph): GraphNode[] {
  return graph.nodes.filter((node) => node.trainable);
}

/** By texts, which never change: thousands of samples share the same ones. */
const thetas = new WeakMap<Texts, Theta>();

export function thetaOf(texts: Texts): Theta {
  const known = thetas.get(texts);
  if (known !== undefined) return known;
  const theta = shortHash(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));
  thetas.set(texts, theta);
  return theta;
}

/** Θ of a graph in a run, including the inputs that the run can change. @param run the graph as the run started */
export function thetaIn(run: Graph, graph: Graph): Theta {
  const open = new Set(run.nodes.filter(({ tunesInputs }) => tunesInputs).map(({ id }) => id));
  return thetaOf(textsOf(openInputs(graph, ({ id }) => open.has(id))));
}

/** Identity of a proposal: the same change of the same node is the same proposal in every run. */
export function proposalId(node: string, base: string, text: string): string {
  return shortHash([node, base, text]);
}

export function shortHash(value: unknown): string {
  return sha256(JSON.stringify(value)).slice(0, 12);
}
