import { type Cut, type FaultView, type GraphView, LIMITS, type NodeView, shortId } from "../../../webview/protocol.ts";
import type { Fault } from "../../graph/fault.ts";
import { type Graph, type GraphInput, type GraphNode, ownModel } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";

/**
 * The view of a graph for the page; of a very large graph, the nodes nearest to the answer.
 * @param model name of the model for nodes that name none; empty if unknown
 */
export function graphView(graph: Graph, model: string): GraphView {
  const shown = nearestTo(graph, LIMITS.nodes);
  const nodes = [
    ...graph.inputs.filter(({ name }) => shown.has(name)).map(inputView),
    ...graph.nodes.filter(({ id }) => shown.has(id)).map((node) => nodeView(node, model)),
  ];
  return {
    name: line(graph.name),
    description: line(graph.description),
    nodes,
    output: shortId(graph.output),
    left: graph.inputs.length + graph.nodes.length - nodes.length,
  };
}

/** The faults to send, the most severe first. */
export function visibleFaults(faults: readonly Fault[]): readonly Fault[] {
  const severities = ["error", "warning", "information"];
  const rank = ({ severity }: Fault) => severities.indexOf(severity);
  return faults.toSorted((a, b) => rank(a) - rank(b)).slice(0, LIMITS.faults);
}

export function faultViews(faults: readonly Fault[]): FaultView[] {
  return visibleFaults(faults).map((fault) => ({
    severity: fault.severity,
    message: line(`${fault.message} ${fault.remedy}`),
    line: fault.line,
  }));
}

/** Collapses whitespace and truncates to the limit of a line, without reading all of a huge text. */
export function line(text: string, most: number = LIMITS.line): string {
  const start = text
    .slice(0, 4 * most)
    .replace(/\s+/g, " ")
    .trim();
  return start.length > most || text.length > 4 * most ? `${start.slice(0, most - 1)}…` : start;
}

export function cut(text: string): Cut {
  return { text: text.slice(0, LIMITS.text), length: text.length };
}

function nearestTo({ nodes, inputs, output }: Graph, most: number): ReadonlySet<string> {
  const all = [...inputs.map(({ name }) => name), ...nodes.map(({ id }) => id)];
  if (all.length <= most) return new Set(all);
  const known = new Map(nodes.map((node) => [node.id, node]));
  const shown = new Set([output]);
  for (const id of shown) {
    const node = known.get(id);
    for (const input of node?.inputs ?? []) {
      if (shown.size < most) shown.add(input);
    }
  }
  for (const id of all) if (shown.size < most) shown.add(id);
  return shown;
}

function inputView({ name, description }: GraphInput): NodeView {
  const role = line(description);
  return { id: shortId(name), kind: "input", inputs: [], role, excerpt: "", words: 0, trainable: false, model: "" };
}

function nodeView(node: GraphNode, model: string): NodeView {
  return {
    id: shortId(node.id),
    kind: node.kind,
    inputs: node.inputs.slice(0, LIMITS.inputs).map(shortId),
    role: line(node.role),
    excerpt: line(node.text),
    words: wordCount(node.text),
    trainable: node.trainable,
    model: traitsOf(node).asksModel ? line(ownModel(node)?.model ?? model) : "",
    ...(node.perElement && { perElement: line(node.perElement.join(", ")) }),
  };
}

function wordCount(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/\S+/g)) count++;
  return count;
}
