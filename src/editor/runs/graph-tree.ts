import { basename, dirname } from "node:path";
import {
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type Uri,
  workspace,
} from "vscode";
import type { Fault } from "../../graph/fault.ts";
import { Delayed, EDIT_PAUSE } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import type { GraphFiles } from "../graph-files.ts";
import { faultText, type GraphDocuments, toRange } from "../language/documents.ts";
import { literal } from "../ui/markdown.ts";
import type { RunStore } from "./run-store.ts";
import type { RunSummary } from "./run-summary.ts";
import type { Score, Scores } from "./scores.ts";

export type GraphElement =
  | {
      readonly kind: "graph";
      readonly file: Uri;
      readonly name: string;
      readonly faults: readonly Fault[];
      readonly run: RunSummary | null;
      readonly isPaused: boolean;
      readonly score: Score;
    }
  | { readonly kind: "fault"; readonly file: Uri; readonly fault: Fault };

/** The graphs of the workspace with their faults, last score and running state. */
export class GraphTree extends Disposable implements TreeDataProvider<GraphElement> {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #update = this.own(new Delayed(() => this.#changed.fire(), EDIT_PAUSE));

  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: GraphDocuments,
    private readonly runStore: RunStore,
    private readonly scores: Scores,
  ) {
    super();
    for (const event of [graphs.onDidChange, runStore.onDidChange]) this.own(event(() => this.#changed.fire()));
    // A score is stale as soon as a text changes, also in a prompt file.
    this.own(documents.onDidChange(() => this.#update.request()));
  }

  async getChildren(element?: GraphElement): Promise<GraphElement[]> {
    if (!element) return Promise.all((await this.graphs.list()).map((file) => this.#graph(file)));
    return element.kind === "graph"
      ? element.faults.map((fault) => ({ kind: "fault", file: element.file, fault }))
      : [];
  }

  async #graph(file: Uri): Promise<GraphElement> {
    const [{ graph, lastGood, faults }, run, result] = await Promise.all([
      this.documents.read(file),
      this.runStore.latest(file),
      this.runStore.lastResult(file),
    ]);
    const shown = graph ?? lastGood;
    const score = await this.scores.of(result, shown);
    const control = run === null ? null : this.runStore.live(run.id)?.control;
    return { kind: "graph", file, name: shown?.name ?? "", faults, run, isPaused: control?.paused != null, score };
  }

  async getTreeItem(element: GraphElement): Promise<TreeItem> {
    return element.kind === "graph" ? graphItem(element) : faultItem(element);
  }
}

function graphItem(element: GraphElement & { kind: "graph" }): TreeItem {
  const { file, name, faults, run, isPaused, score } = element;
  const state = faults.length > 0 ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None;
  const item = new TreeItem(name || basename(file.path), state);
  const errors = countOf(faults, "error");
  const running = run?.status === "running";
  item.resourceUri = file;
  const saidAs = (scored: string) => status(element, scored);
  item.description = [saidAs(score.figure), relativeFolder(file)].filter(Boolean).join(" · ");
  const lines = [name || basename(file.path), saidAs(score.score), workspace.asRelativePath(file)].filter(Boolean);
  item.tooltip = new MarkdownString(lines.map(literal).join("\n\n"));
  item.iconPath = running
    ? new ThemeIcon(isPaused ? "debug-pause" : "sync~spin")
    : errors > 0
      ? new ThemeIcon("error", new ThemeColor("list.errorForeground"))
      : score.isStale
        ? new ThemeIcon("type-hierarchy-sub", new ThemeColor("disabledForeground"))
        : new ThemeIcon("type-hierarchy-sub");
  item.contextValue = running ? "graph-running" : "graph";
  item.command = { command: "vscode.open", title: l10n.t("Open"), arguments: [file] };
  return item;
}

function countOf(faults: readonly Fault[], severity: Fault["severity"]): number {
  return faults.filter((fault) => fault.severity === severity).length;
}

function status({ faults, run, isPaused }: GraphElement & { kind: "graph" }, score: string): string {
  const [errors, warnings] = [countOf(faults, "error"), countOf(faults, "warning")];
  const notes = faults.length - errors - warnings;
  if (errors > 0) return errors === 1 ? l10n.t("1 error") : l10n.t("{0} errors", errors);
  if (run?.status === "running") return isPaused ? l10n.t("paused") : l10n.t("running");
  if (score !== "") return score;
  if (warnings > 0) return warnings === 1 ? l10n.t("1 warning") : l10n.t("{0} warnings", warnings);
  return notes === 0 ? "" : notes === 1 ? l10n.t("1 note") : l10n.t("{0} notes", notes);
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
