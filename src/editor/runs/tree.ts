import {
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
} from "vscode";
import { statusLabel } from "../../i18n/labels.ts";
import type { Run } from "../../run/run.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { literal, oneLine } from "../ui/markdown.ts";
import { type FailedSample, failedSamples } from "./failed-samples.ts";
import { costLabel, evaluationFigure, progressLine, runFigures, runLabel, startedLabel } from "./messages.ts";
import type { RunStore } from "./run-store.ts";
import { isEvaluation, type RunSummary, resumable } from "./run-summary.ts";

/** A run, or a wrong sample below an evaluation. */
export type RunElement = { readonly entry: RunSummary } | SampleElement;

interface SampleElement extends FailedSample {
  readonly entry: RunSummary;
}

/** All runs with time, method, scores, cost and status, the newest first. */
export class RunTree extends Disposable implements TreeDataProvider<RunElement> {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(private readonly runStore: RunStore) {
    super();
    this.own(runStore.onDidChange(() => this.#changed.fire()));
  }

  async getChildren(element?: RunElement): Promise<RunElement[]> {
    if (!element) return (await this.runStore.list()).map((entry) => ({ entry }));
    const { entry } = element;
    const run = "sample" in element || !isEvaluation(entry) ? null : await this.runStore.open(entry.id);
    return run ? (await failedSamples(run)).map((sample) => ({ entry, ...sample })) : [];
  }

  async getTreeItem(element: RunElement): Promise<TreeItem> {
    if ("sample" in element) return sampleItem(element);
    const all = await this.runStore.list();
    const rechecked = all.some(
      ({ job, status }) => job?.kind === "recheck" && job.run === element.entry.id && status === "done",
    );
    const isOnly = all.every(({ graphPath }) => graphPath === element.entry.graphPath);
    return runItem(element.entry, rechecked, isOnly, this.runStore.live(element.entry.id));
  }
}

/** The row of a sample that is not right. */
function sampleItem({ entry, label, sample, answer, expected, score }: SampleElement): TreeItem {
  const item = new TreeItem(label);
  item.description = [
    answer === null ? "" : l10n.t("answered {0}", oneLine(answer, 60) || l10n.t("nothing")),
    expected ? l10n.t("expected {0}", oneLine(expected, 60)) : "",
  ]
    .filter(Boolean)
    .join(" · ");
  const lines = [
    label,
    item.description,
    score === null ? l10n.t("not scored") : l10n.t("score {0}", LOCALE.decimal(score)),
  ];
  item.tooltip = new MarkdownString(lines.map(literal).join("\n\n"));
  item.iconPath =
    score === null
      ? new ThemeIcon("question", new ThemeColor("testing.iconQueued"))
      : new ThemeIcon("error", new ThemeColor("testing.iconFailed"));
  item.contextValue = "sample";
  item.command = { command: "agentgraph.trySample", title: l10n.t("Try this sample"), arguments: [{ entry, sample }] };
  return item;
}

/**
 * The row of a run.
 * @param isOnly whether all runs are of one graph, so that its name comes last
 * @param live the run, if it is running in this window
 */
function runItem(entry: RunSummary, rechecked: boolean, isOnly: boolean, live: Run | null): TreeItem {
  const isPaused = live !== null && live.control.paused !== null;
  const scores = isEvaluation(entry) && entry.status !== "running";
  const [first = "", ...others] = runFigures(entry);
  const figure = isPaused ? l10n.t("paused") : first;
  const item = new TreeItem(
    figure || entry.graphName,
    scores ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None,
  );
  item.id = entry.id;
  // A narrow side bar cuts the end: what tells runs apart comes first.
  const name = figure === "" ? "" : entry.graphName;
  const parts = [
    ...others,
    isOnly ? "" : name,
    rechecked ? l10n.t("rechecked here") : "",
    startedLabel(entry.startedAt),
    oneLine(entry.model, 40),
    // The list shows no progress, which the status bar and the graph view show.
    entry.status === "running" ? "" : costLabel(entry),
    isOnly ? name : "",
  ];
  item.description = parts.filter(Boolean).join(" · ");
  item.accessibilityInformation = { label: [entry.graphName, figure, ...parts].filter(Boolean).join(", ") };
  item.iconPath = isPaused ? ICONS.interrupted : iconOf(entry);
  item.tooltip = new MarkdownString(details(entry, live).map(literal).join("\n\n"));
  item.contextValue = contextOf(entry, isPaused);
  const [command, title] =
    entry.proposals.length > 0
      ? ["agentgraph.reviewAll", l10n.t("Review all proposals")]
      : ["agentgraph.showReport", l10n.t("Show report")];
  item.command = { command, title, arguments: [{ entry }] };
  return item;
}

/** The context value for menus: `run-done-reviewable-untrusted`. */
function contextOf(entry: RunSummary, isPaused: boolean): string {
  const running = isPaused ? "running-paused" : "running";
  const status = entry.status === "running" ? running : resumable(entry) ? "resumable" : "done";
  const reviewable = entry.proposals.length > 0 ? "-reviewable" : "";
  return `run-${status}${reviewable}${reviewable && entry.untrusted ? "-untrusted" : ""}`;
}

function iconOf(entry: RunSummary): ThemeIcon {
  if (entry.status !== "done") return ICONS[entry.status];
  if (entry.untrusted) return new ThemeIcon("cloud-download");
  if (isEvaluation(entry)) return new ThemeIcon("beaker", new ThemeColor("testing.iconPassed"));
  return entry.job?.kind === "recheck" ? new ThemeIcon("verified", new ThemeColor("testing.iconPassed")) : ICONS.done;
}

const ICONS: Record<RunSummary["status"], ThemeIcon> = {
  running: new ThemeIcon("sync~spin"),
  interrupted: new ThemeIcon("debug-pause", new ThemeColor("testing.iconQueued")),
  done: new ThemeIcon("pass", new ThemeColor("testing.iconPassed")),
  budget: new ThemeIcon("credit-card", new ThemeColor("testing.iconQueued")),
  cancelled: new ThemeIcon("circle-slash", new ThemeColor("testing.iconSkipped")),
  failed: new ThemeIcon("error", new ThemeColor("testing.iconFailed")),
};

function details(entry: RunSummary, live: Run | null): string[] {
  // The list is not updated by progress, so counts of a run elsewhere would be outdated.
  if (entry.status === "running") {
    return [l10n.t("{0}, method {1}", runLabel(entry), entry.method), live ? progressLine(live) : l10n.t("running")];
  }
  const accepted = entry.proposals.filter(({ decision }) => decision === "accepted").length;
  const lines = [
    isEvaluation(entry)
      ? l10n.t("{0}, the graph at that time, {1}", runLabel(entry), statusLabel(entry.status, LOCALE))
      : l10n.t("{0}, method {1}, {2}", runLabel(entry), entry.method, statusLabel(entry.status, LOCALE)),
    entry.evaluated
      ? l10n.t("{0}, with a 95% interval", evaluationFigure(entry.evaluated))
      : l10n.t("{0} of {1} proposals accepted", accepted, entry.proposals.length),
    LOCALE.count(entry.calls, "call"),
  ];
  if (entry.usd !== null) lines.push(LOCALE.money(entry.usd, entry.estimated));
  if (entry.estimated) lines.push(l10n.t("Token counts are estimates because the provider did not report usage."));
  if (entry.detail) lines.push(entry.detail);
  if (entry.untrusted) lines.push(l10n.t("Made on another machine: its verdicts have not been verified on this one."));
  return lines;
}
