import { basename, dirname } from "node:path";
import {
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type Uri,
  workspace,
} from "vscode";
import { textsOf, thetaOf } from "../../engine/theta.ts";
import type { Fault } from "../../graph/fault.ts";
import type { Graph } from "../../graph/graph.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { GraphFiles } from "../graph-files.ts";
import { faultText, type GraphDocuments, toRange } from "../language/documents.ts";
import { type Standing, standingOf } from "../review/standing.ts";
import type { RunStore } from "./run-store.ts";
import { isEvaluation, type RunSummary } from "./run-summary.ts";

/** Evaluations that are looked at for one of the present texts. */
const NEWEST = 5;

export type GraphElement =
  | {
      readonly kind: "graph";
      readonly file: Uri;
      readonly name: string;
      readonly faults: readonly Fault[];
      readonly run: RunSummary | null;
      /** What is known of the score of the file as it is now; empty if nothing is. */
      readonly score: string;
      /** The score is of texts that the file no longer contains. */
      readonly isStale: boolean;
    }
  | { readonly kind: "fault"; readonly file: Uri; readonly fault: Fault };

/** The graphs of the workspace with their faults, last score and running state. */
export class GraphTree extends Disposable implements TreeDataProvider<GraphElement> {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: GraphDocuments,
    private readonly library: RunStore,
  ) {
    super();
    for (const event of [graphs.onDidChange, library.onDidChange]) this.own(event(() => this.#changed.fire()));
  }

  async getChildren(element?: GraphElement): Promise<GraphElement[]> {
    if (!element) return Promise.all((await this.graphs.list()).map((file) => this.#graph(file)));
    return element.kind === "graph"
      ? element.faults.map((fault) => ({ kind: "fault", file: element.file, fault }))
      : [];
  }

  async #graph(file: Uri): Promise<GraphElement> {
    const [{ graph, lastGood, faults }, run] = await Promise.all([
      this.documents.read(file),
      this.library.latest(file),
    ]);
    const shown = graph ?? lastGood;
    const score = await this.#score(run, shown);
    return { kind: "graph", file, name: shown?.name ?? "", faults, run, ...score };
  }

  /** The newest evaluation of the present texts, else what the last optimization says of them. */
  async #score(run: RunSummary | null, graph: Graph | null): Promise<{ score: string; isStale: boolean }> {
    if (!run) return { score: "", isStale: false };
    const evaluation = graph && (await this.#evaluationOf(run, graph));
    if (evaluation) return { score: evaluationLabel(evaluation), isStale: false };
    if (isEvaluation(run)) {
      return run.after === null ? { score: "", isStale: false } : { score: evaluationLabel(run), isStale: true };
    }
    if (run.after === null) return { score: "", isStale: false };
    const after = run.after.toFixed(2);
    const change = run.before === null ? after : `${run.before.toFixed(2)} → ${after}`;
    if (run.untrusted) return { score: l10n.t("score {0}, from another machine", change), isStale: false };
    const standing = await this.#standing(run, graph);
    // Accepted texts count once they are in the file; until then, the file's own score is shown first.
    const score = standing === "proposed" ? after : change;
    return standing === "changed"
      ? { score: l10n.t("score {0}, text changed since", score), isStale: true }
      : { score: l10n.t("score {0}", score), isStale: false };
  }

  async #evaluationOf({ graphPath }: RunSummary, graph: Graph): Promise<RunSummary | null> {
    const theta = thetaOf(textsOf(graph));
    const runs = (await this.library.list()).filter((entry) => entry.graphPath === graphPath);
    // Older evaluations than the last optimization are of the texts that it started from, or of none that are left.
    const last = runs.findIndex((entry) => !isEvaluation(entry));
    const newer = (last < 0 ? runs : runs.slice(0, last)).filter(
      ({ evaluated, untrusted, job }) =>
        evaluated?.score != null && !untrusted && job?.kind === "evaluate" && !job.method,
    );
    for (const entry of newer.slice(0, NEWEST)) {
      const run = await this.library.open(entry.id).catch(() => null);
      if (run?.state.theta === theta) return entry;
    }
    return null;
  }

  /** `base`: as the run started. `proposed`: with every accepted text. */
  async #standing({ id, proposals }: RunSummary, graph: Graph | null): Promise<Standing> {
    const run = await this.library.open(id).catch(() => null);
    if (!run || !graph) return "unknown";
    const accepted = new Set(proposals.filter(({ decision }) => decision === "accepted").map(({ node }) => node));
    const standings = Object.entries(run.state.startTexts).map(([node, base]) => {
      const text = accepted.has(node) ? (run.state.texts[node] ?? base) : base;
      return { isAccepted: accepted.has(node), standing: standingOf({ node, base, text }, graph) };
    });
    if (standings.some(({ standing }) => standing === "changed")) return "changed";
    const isIn = ({ isAccepted, standing }: (typeof standings)[number]) => !isAccepted || standing === "proposed";
    return standings.every(isIn) ? "proposed" : "base";
  }

  async getTreeItem(element: GraphElement): Promise<TreeItem> {
    return element.kind === "graph" ? graphItem(element) : faultItem(element);
  }
}

function graphItem({ file, name, faults, run, score, isStale }: GraphElement & { kind: "graph" }): TreeItem {
  const state = faults.length > 0 ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None;
  const item = new TreeItem(name || basename(file.path), state);
  const errors = faults.filter(({ severity }) => severity === "error").length;
  const running = run?.status === "running";
  item.resourceUri = file;
  item.description = [status(errors, faults.length, run, score), relativeFolder(file)].filter(Boolean).join(" · ");
  item.iconPath = running
    ? new ThemeIcon("sync~spin")
    : errors > 0
      ? new ThemeIcon("error", new ThemeColor("list.errorForeground"))
      : isStale
        ? new ThemeIcon("type-hierarchy-sub", new ThemeColor("disabledForeground"))
        : new ThemeIcon("type-hierarchy-sub");
  item.contextValue = running ? "graph-running" : "graph";
  item.command = { command: "vscode.open", title: l10n.t("Open"), arguments: [file] };
  return item;
}

function status(errors: number, faults: number, run: RunSummary | null, score: string): string {
  if (errors > 0) return errors === 1 ? l10n.t("1 error") : l10n.t("{0} errors", errors);
  if (run?.status === "running") return l10n.t("running");
  if (score !== "") return score;
  return faults === 0 ? "" : faults === 1 ? l10n.t("1 hint") : l10n.t("{0} hints", faults);
}

/** `0.85 on the test set`: an evaluation of the file as it is. */
function evaluationLabel({ evaluated }: RunSummary): string {
  if (!evaluated || evaluated.score === null) return "";
  return l10n.t("score {0} on the {1}", evaluated.score.toFixed(2), splitLabel(evaluated.split, LOCALE));
}

function relativeFolder(file: Uri): string {
  const folder = dirname(workspace.asRelativePath(file));
  return folder === "." ? "" : folder;
}

async function faultItem({ file, fault }: GraphElement & { kind: "fault" }): Promise<TreeItem> {
  const item = new TreeItem(fault.message);
  item.tooltip = faultText(fault);
  item.description = l10n.t("line {0}", fault.line);
  item.iconPath = new ThemeIcon(fault.severity === "information" ? "info" : fault.severity);
  const selection = toRange(await workspace.openTextDocument(file), fault.range);
  item.command = { command: "vscode.open", title: l10n.t("Open"), arguments: [file, { selection }] };
  return item;
}
