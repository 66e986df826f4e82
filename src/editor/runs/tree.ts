import { EventEmitter, l10n, MarkdownString, ThemeColor, ThemeIcon, type TreeDataProvider, TreeItem } from "vscode";
import { Disposable } from "../disposable.ts";
import { literal } from "../markdown.ts";
import { type RunEntry, resumable } from "./entry.ts";
import type { Library } from "./library.ts";
import { money, runLabel, runOutcome, statusWord } from "./words.ts";

export interface RunElement {
  readonly entry: RunEntry;
}

/** When, method, score before → after, cost and status of every run, the newest first. */
export class RunTree extends Disposable implements TreeDataProvider<RunElement> {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(private readonly library: Library) {
    super();
    this.own(library.onDidChange(() => this.#changed.fire()));
  }

  async getChildren(element?: RunElement): Promise<RunElement[]> {
    return element ? [] : (await this.library.list()).map((entry) => ({ entry }));
  }

  getTreeItem({ entry }: RunElement): TreeItem {
    const item = new TreeItem(entry.graphName);
    item.id = entry.id;
    item.description = [runOutcome(entry), cost(entry)].filter(Boolean).join(" · ");
    item.accessibilityInformation = { label: `${runLabel(entry)}, ${item.description}` };
    item.iconPath = ICONS[entry.status];
    item.tooltip = new MarkdownString(details(entry).map(literal).join("\n\n"));
    const standing = entry.status === "running" ? "running" : resumable(entry) ? "resumable" : "done";
    item.contextValue = `run-${standing}${entry.proposals.length > 0 ? "-reviewable" : ""}`;
    if (entry.proposals.length > 0) {
      item.command = { command: "agentgraph.reviewAll", title: l10n.t("Review all proposals"), arguments: [{ entry }] };
    }
    return item;
  }
}

const ICONS: Record<RunEntry["status"], ThemeIcon> = {
  running: new ThemeIcon("sync~spin"),
  interrupted: new ThemeIcon("debug-pause", new ThemeColor("testing.iconQueued")),
  done: new ThemeIcon("pass", new ThemeColor("testing.iconPassed")),
  budget: new ThemeIcon("credit-card", new ThemeColor("testing.iconQueued")),
  cancelled: new ThemeIcon("circle-slash", new ThemeColor("testing.iconSkipped")),
  failed: new ThemeIcon("error", new ThemeColor("testing.iconFailed")),
};

function cost({ calls, usd }: RunEntry): string {
  return usd ? money(usd) : l10n.t("{0} calls", calls);
}

function details(entry: RunEntry): string[] {
  const accepted = entry.proposals.filter(({ decision }) => decision === "accepted").length;
  const lines = [
    l10n.t("{0}, method {1}, {2}", runLabel(entry), entry.method, statusWord(entry.status)),
    l10n.t("{0} of {1} proposals accepted", accepted, entry.proposals.length),
    l10n.t("{0} calls", entry.calls),
  ];
  if (entry.usd !== null) lines.push(money(entry.usd));
  if (entry.detail) lines.push(entry.detail);
  if (entry.elsewhere) lines.push(l10n.t("Made elsewhere: its verdicts are claims that this machine has not checked."));
  return lines;
}
