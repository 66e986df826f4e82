import { l10n } from "vscode";
import { inputsText, nodeOfInputs } from "../../graph/edges.ts";
import { fittedChanges } from "../../graph/fitted-changes.ts";
import type { Graph } from "../../graph/graph.ts";
import { isSameButSpacing } from "../../graph/text/formatting.ts";
import { type Act, actLabel } from "../../i18n/labels.ts";
import { LOCALE } from "../editor-locale.ts";
import type { GraphSource } from "../graph/graph-source.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { Change } from "./instructions.ts";

/**
 * What the file contains of a change now: the text from before it, the proposed one, or neither, so that the verdict no longer
 * says anything of the file. `unknown`: the graph has errors or is not in the workspace.
 */
export type TextStatus = "base" | "proposed" | "changed" | "unknown";

/**
 * VS Code changes spacing at line ends when it saves, so that is ignored.
 * @param run the graph as the run started. Default: its nodes had the same inputs
 */
export function textStatusOf(
  change: Pick<Change, "node" | "base" | "text">,
  graph: Graph | null,
  run: Graph | null = null,
): TextStatus {
  if (!graph) return "unknown";
  const [{ change: fitted } = { change }] = run ? fittedChanges([change], run, graph) : [];
  const { node, base, text } = fitted;
  const reader = nodeOfInputs(node);
  const found = graph.nodes.find(({ id }) => id === (reader ?? node));
  if (!found) return "changed";
  const now = reader === null ? found.text : inputsText(found.inputs);
  if (now === base) return "base";
  if (isSameButSpacing(now, text)) return "proposed";
  return isSameButSpacing(now, base) ? "base" : "changed";
}

/** `applied`, `applied and undone`, `text changed since`; null if nothing happened yet. */
export function textStatusLabel(act: Act | undefined, textStatus: TextStatus): string | null {
  if (!act || act === "dismissed") {
    const changed = textStatus === "changed" ? l10n.t("text changed since") : null;
    return [act && actLabel(act, LOCALE), changed].filter(Boolean).join(", ") || null;
  }
  const isApplied = act === "applied";
  switch (textStatus) {
    case "base":
      return isApplied ? l10n.t("applied and undone") : l10n.t("committed and undone");
    case "changed":
      return isApplied ? l10n.t("applied, text changed since") : l10n.t("committed, text changed since");
    default:
      return actLabel(act, LOCALE);
  }
}

/** Whether an applied or committed text was taken back, so that it can be applied again. */
export function isUndone(act: Act | undefined, textStatus: TextStatus): boolean {
  return (act === "applied" || act === "committed") && textStatus === "base";
}

/** The text status of a run's changes in the graph as the editor shows it, with unsaved edits. */
export class TextStatuses {
  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: Pick<GraphSource, "current">,
  ) {}

  async of({ entry, graph: run }: OpenedRun): Promise<(change: Pick<Change, "node" | "base" | "text">) => TextStatus> {
    const file = await this.graphs.known(entry.graphPath);
    const { graph, stale } = await this.documents
      .current(file)
      .catch((): { graph: Graph | null; stale: boolean } => ({ graph: null, stale: true }));
    return (change) => textStatusOf(change, stale ? null : graph, run);
  }
}
