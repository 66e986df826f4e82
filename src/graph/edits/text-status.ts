import { inputsText, nodeOfInputs } from "../edges.ts";
import type { Graph } from "../graph.ts";
import { isSameButSpacing } from "../text/formatting.ts";
import { type Change, fittedChanges, nodesOf } from "./fitted-changes.ts";

/**
 * The current state of a change in the file: the text from before it, the proposed one, or another one to which the
 * verdict doesn't apply. `unknown`: the graph has errors or is not in the workspace.
 */
export type TextStatus = "base" | "proposed" | "changed" | "unknown";

/**
 * Ignores spacing at line ends, which VS Code changes on save.
 * @param run the graph as the run started
 * @param graph the graph as in the file; null: unknown
 */
export function textStatusOf(change: Change, run: Graph, graph: Graph | null): TextStatus {
  if (!graph) return "unknown";
  const [{ change: fitted } = { change }] = fittedChanges([change], run, graph);
  const { node, base, text } = fitted;
  const now = textIn(graph, node);
  if (now === null) return "changed";
  if (now === base) return "base";
  if (isSameButSpacing(now, text)) return "proposed";
  return isSameButSpacing(now, base) ? "base" : "changed";
}

/** The text of a node, or the names of its inputs; null if the graph has no such node. */
export function textIn(graph: Graph, id: string): string | null {
  const reader = nodeOfInputs(id);
  const node = nodesOf(graph).get(reader ?? id);
  if (!node) return null;
  return reader === null ? node.text : inputsText(node.inputs);
}
