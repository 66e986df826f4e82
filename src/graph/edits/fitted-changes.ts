import { fitText, inputsIdOf, inputsText, namesIn, nodeOfInputs } from "../edges.ts";
import type { Graph, GraphNode } from "../graph.ts";

/** A new text for one element of Θ. */
export interface Change {
  readonly node: string;
  readonly base: string;
  readonly text: string;
}

export interface FittedChange<C extends Change> {
  readonly change: C;
  /** Whether it is the instruction of a node whose inputs change, which changes its placeholders. */
  readonly isCompanion: boolean;
}

/**
 * Adapts the changes of a run to the file. New inputs change the placeholders of their instruction, and a text that
 * the run wrote for other inputs than the file has now gets placeholders for the latter.
 * @param run the graph as the run started
 * @param now the graph as in the file
 */
export function fittedChanges<C extends Change>(changes: readonly C[], run: Graph, now: Graph): FittedChange<C>[] {
  const [inRun, inFile] = [nodesOf(run), nodesOf(now)];
  return changes.flatMap((change): FittedChange<C>[] => {
    const reader = nodeOfInputs(change.node);
    const id = reader ?? change.node;
    const [before, present] = [inRun.get(id), inFile.get(id)];
    const whole = { change, isCompanion: false };
    if (!before || !present) return [whole];
    if (reader === null) {
      const base = fitText(before, change.base, present.inputs);
      const text = fitText(before, change.text, inputsAfter(id, present.inputs));
      return [{ change: { ...change, base, text }, isCompanion: false }];
    }
    if (changes.some(({ node }) => node === id)) return [whole];
    const names = namesIn(change.text);
    const isApplied = inputsText(present.inputs) === change.text;
    const from = isApplied ? before : present;
    const text = fitText(from, from.text, names);
    const isKnown = isApplied ? present.text === text : inputsText(present.inputs) === change.base;
    if (!isKnown || text === from.text) return [whole];
    return [whole, { change: { ...change, node: id, base: from.text, text }, isCompanion: true }];
  });

  function inputsAfter(id: string, present: readonly string[]): readonly string[] {
    const change = changes.find(({ node }) => node === inputsIdOf(id));
    return change?.base === inputsText(present) ? namesIn(change.text) : present;
  }
}

const known = new WeakMap<Graph, ReadonlyMap<string, GraphNode>>();

/** The nodes of a graph by id. Views fit thousands of changes to one graph, each on its own. */
export function nodesOf(graph: Graph): ReadonlyMap<string, GraphNode> {
  const nodes = known.get(graph) ?? new Map(graph.nodes.map((node) => [node.id, node]));
  known.set(graph, nodes);
  return nodes;
}
