import { l10n } from "vscode";
import type { Change } from "../../graph/edits/fitted-changes.ts";
import { type TextStatus, textStatusOf } from "../../graph/edits/text-status.ts";
import type { Graph } from "../../graph/graph.ts";
import { type Act, actLabel } from "../../i18n/labels.ts";
import { LOCALE } from "../editor-locale.ts";
import type { GraphSource } from "../graph/graph-source.ts";
import type { GraphFiles } from "../graph-files.ts";
import type { OpenedRun } from "../runs/opened-run.ts";

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

/** Whether an applied or committed text was undone, so that it can be applied again. */
export function isUndone(act: Act | undefined, textStatus: TextStatus): boolean {
  return (act === "applied" || act === "committed") && textStatus === "base";
}

/** The text status of a run's changes in the graph as the editor shows it, with unsaved edits. */
export class TextStatuses {
  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: Pick<GraphSource, "current">,
  ) {}

  async of({ entry, graph: run }: OpenedRun): Promise<(change: Change) => TextStatus> {
    const file = await this.graphs.known(entry.graphPath);
    const { graph, stale } = await this.documents
      .current(file)
      .catch((): { graph: Graph | null; stale: boolean } => ({ graph: null, stale: true }));
    return (change) => textStatusOf(change, run, stale ? null : graph);
  }
}
