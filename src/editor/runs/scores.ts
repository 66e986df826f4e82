import { l10n } from "vscode";
import { thetaIn } from "../../engine/theta.ts";
import type { TextStatus } from "../../graph/edits/text-status.ts";
import type { Graph } from "../../graph/graph.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { acceptedNodes, textsSince } from "../../run/explain/texts-since.ts";
import { LOCALE } from "../editor-locale.ts";
import type { RunStore } from "./run-store.ts";
import { isEvaluation, type RunSummary } from "./run-summary.ts";

/** Maximum number of evaluations to search for one of the current texts. */
const NEWEST = 5;

/** The score of the current graph; empty if it is unknown. */
export interface Score {
  /** The score, such as `0.20 → 0.90, text changed since`. */
  readonly figure: string;
  /** The score with its name, such as `score 0.20 → 0.90, text changed since`. */
  readonly score: string;
  /** Whether it is about texts that the file no longer contains. */
  readonly isStale: boolean;
}

/** Finds the scores of graphs in their runs. */
export class Scores {
  constructor(private readonly runStore: RunStore) {}

  /** The score of the newest evaluation of the current texts, else of the last optimization. */
  async of(run: RunSummary | null, graph: Graph | null): Promise<Score> {
    if (!run) return scoreOf("");
    const evaluation = graph && (await this.#evaluationOf(run, graph));
    if (evaluation) return scoreOf(evaluationFigure(evaluation));
    if (run.after === null) return scoreOf("");
    if (isEvaluation(run)) return scoreOf(evaluationFigure(run), true);
    const after = LOCALE.decimal(run.after);
    const change = run.before === null ? after : `${LOCALE.decimal(run.before)} → ${after}`;
    if (run.untrusted) return scoreOf(l10n.t("{0}, from another machine", change));
    const textStatus = await this.#textStatus(run, graph);
    // Accepted texts count once they are in the file; until then, the file's own score is shown first.
    const figure = textStatus === "proposed" ? after : change;
    return textStatus === "changed" ? scoreOf(l10n.t("{0}, text changed since", figure), true) : scoreOf(figure);
  }

  async #evaluationOf({ graphPath }: RunSummary, graph: Graph): Promise<RunSummary | null> {
    const runs = (await this.runStore.list()).filter((entry) => entry.graphPath === graphPath);
    // Older evaluations than the last optimization are of the texts that it started from, or of none that are left.
    const last = runs.findIndex((entry) => !isEvaluation(entry));
    const newer = (last < 0 ? runs : runs.slice(0, last)).filter(
      ({ evaluated, untrusted, job }) =>
        evaluated?.score != null && !untrusted && job?.kind === "evaluate" && !job.method,
    );
    for (const entry of newer.slice(0, NEWEST)) {
      const run = await this.runStore.open(entry.id).catch(() => null);
      if (run && run.state.theta === thetaIn(run.graph, graph)) return entry;
    }
    return null;
  }

  /** Whether the file has the texts from the start of a run (`base`) or all accepted texts (`proposed`). */
  async #textStatus({ id, proposals }: RunSummary, graph: Graph | null): Promise<TextStatus> {
    const run = await this.runStore.open(id).catch(() => null);
    if (!run || !graph) return "unknown";
    const { startTexts, texts } = run.state;
    return textsSince({ graph: run.graph, startTexts, texts }, acceptedNodes(proposals), graph).status;
  }
}

function scoreOf(figure: string, isStale = false): Score {
  return { figure, score: figure === "" ? "" : l10n.t("score {0}", figure), isStale: isStale && figure !== "" };
}

/** The score of an evaluation, such as `0.85 on the test set`. */
function evaluationFigure({ evaluated }: RunSummary): string {
  if (!evaluated || evaluated.score === null) return "";
  return l10n.t("{0} on the {1}", LOCALE.decimal(evaluated.score), splitLabel(evaluated.split, LOCALE));
}
