import { inputsText, nodeOfInputs } from "./edges.ts";
import { type Change, fittedChanges } from "./fitted-changes.ts";
import type { Graph } from "./graph.ts";
import { isSameButSpacing } from "./text/formatting.ts";

/**
 * What the file contains of a change now: the text from before it, the proposed one, or neither, so that the verdict no longer
 * says anything of the file. `unknown`: the graph has errors or is not in the workspace.
 */
export type TextStatus = "base" | "proposed" | "changed" | "unknown";

/**
 * VS Code changes spacing at line ends when it saves, so that is ignored.
 * @param run the graph as the run started
 * @param graph the graph as the file has it; null: unknown
 */
export function textStatusOf(change: Change, run: Graph, graph: Graph | null): TextStatus {
  if (!graph) return "unknown";
  const [{ change: fitted } = { change }] = fittedChanges([change], run, graph);
  const { node, base, text } = fitted;
  const reader = nodeOfInputs(node);
  const found = graph.nodes.find(({ id }) => id === (reader ?? node));
  if (!found) return "changed";
  const now = reader === null ? found.text : inputsText(found.inputs);
  if (now === base) return "base";
  if (isSameButSpacing(now, text)) return "proposed";
  return isSameButSpacing(now, base) ? "base" : "changed";
}
