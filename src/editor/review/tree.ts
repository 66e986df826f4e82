import {
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCheckboxState,
  TreeItemCollapsibleState,
} from "vscode";
import type { Decision, Gradient, Proposal } from "../../engine/events.ts";
import type { TextStatus } from "../../graph/edits/text-status.ts";
import { edgeLabels } from "../../i18n/edges.ts";
import { decisionLabel } from "../../i18n/labels.ts";
import {
  changeFigures,
  invalidReason,
  rightFigure,
  shortPart,
  verdictFigures,
  verdictHeadline,
  verdictReason,
} from "../../i18n/verdict.ts";
import { isNote, warningMessage } from "../../i18n/warnings.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { attemptsOf, gradientsBehind } from "../../run/explain/evidence.ts";
import type { Attempt } from "../../run/state/state.ts";
import { Delayed, EDIT_PAUSE } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { GraphSource } from "../graph/graph-source.ts";
import { LoadedOnce } from "../load-once.ts";
import { runFigures, runOutcome, startedLabel } from "../runs/messages.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunSummary } from "../runs/run-summary.ts";
import { Slices } from "../slices.ts";
import { literal, oneLine } from "../ui/markdown.ts";
import { sampleAnswers, sampleLabel } from "./evidence.ts";
import type { ProposalRef } from "./instructions.ts";
import { isUndone, type TextStatuses, textStatusLabel } from "./text-status.ts";

export type ProposalElement =
  | {
      readonly kind: "run";
      readonly entry: RunSummary;
      readonly isLatest: boolean;
      /** Whether all runs are of one graph, so that labels omit its name. */
      readonly isOnly: boolean;
    }
  | { readonly kind: "range"; readonly run: OpenedRun; readonly from: number; readonly to: number }
  | { readonly kind: "proposal"; readonly run: OpenedRun; readonly proposal: Proposal }
  | { readonly kind: "group"; readonly run: OpenedRun; readonly proposal: Proposal; readonly group: Group }
  | { readonly kind: "gradient"; readonly run: OpenedRun; readonly gradient: Gradient }
  | { readonly kind: "sample"; readonly run: OpenedRun; readonly proposal: Proposal; readonly sample: string }
  | {
      readonly kind: "warnings";
      readonly run: OpenedRun;
      readonly texts: readonly string[];
      readonly areNotes: boolean;
    }
  | { readonly kind: "line"; readonly label: string; readonly text: string }
  | { readonly kind: "attempt"; readonly run: OpenedRun; readonly attempt: Attempt };

type Group = "gradients" | "fixed" | "broken" | "attempts";

/** Run → node → verdict; under each the gradients, the samples it fixed and broke, and the attempts. */
export class ProposalTree extends Disposable implements TreeDataProvider<ProposalElement> {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeTreeData = this.#changed.event;
  /** The user's check marks; the other proposals are checked if they are accepted and open. */
  readonly #ticks = new Map<string, boolean>();

  readonly #slices = new Slices();
  readonly #update = this.own(new Delayed(() => this.#refresh(), EDIT_PAUSE));
  /** By run: each row that comes into view needs the graph file, which takes longer to read than the row to make. */
  readonly #textStatuses: LoadedOnce<OpenedRun, (change: Proposal) => TextStatus>;

  constructor(
    private readonly runStore: RunStore,
    textStatuses: TextStatuses,
    documents: Pick<GraphSource, "onDidChange">,
  ) {
    super();
    this.#textStatuses = new LoadedOnce((run) => textStatuses.of(run));
    this.own(runStore.onDidChange(() => this.#refresh()));
    // An applied text can be undone in its file.
    this.own(documents.onDidChange(() => this.#update.request()));
  }

  #refresh(): void {
    this.#textStatuses.forget();
    this.#changed.fire();
  }

  tick(items: readonly (readonly [ProposalElement, TreeItemCheckboxState])[]): void {
    for (const [element, state] of items) {
      if (element.kind !== "proposal") continue;
      this.#ticks.set(tickKey(element.run, element.proposal), state === TreeItemCheckboxState.Checked);
    }
  }

  /** Checked proposals of a run that are not applied yet. */
  ticked(run: OpenedRun): readonly Proposal[] {
    return run.state.proposals.filter((proposal) => this.#isTicked(run, proposal));
  }

  #isTicked(run: OpenedRun, proposal: Proposal): boolean {
    const hasEffect = proposal.contributes !== false;
    const byDefault = proposal.verdict.decision === "accepted" && hasEffect && !run.entry.untrusted;
    return isOpen(run, proposal) && (this.#ticks.get(tickKey(run, proposal)) ?? byDefault);
  }

  async getChildren(element?: ProposalElement): Promise<ProposalElement[]> {
    if (!element) {
      const reviewable = (await this.runStore.list()).filter(({ proposals }) => proposals.length > 0);
      const isOnly = new Set(reviewable.map(({ graphPath }) => graphPath)).size === 1;
      return reviewable.map((entry, index) => {
        const isLatest = !reviewable.slice(0, index).some(({ graphPath }) => graphPath === entry.graphPath);
        return { kind: "run", entry, isLatest, isOnly };
      });
    }
    switch (element.kind) {
      case "run": {
        const run = await this.runStore.open(element.entry.id);
        if (!run) return [];
        return [
          ...proposalsOrRanges(run),
          ...[false, true].flatMap((areNotes): ProposalElement[] => {
            const some = run.state.warnings.filter((one) => isNote(one) === areNotes);
            const texts = [...new Set(some.map((one) => warningMessage(one, LOCALE)))];
            return texts.length > 0 ? [{ kind: "warnings", run, texts, areNotes }] : [];
          }),
        ];
      }
      case "range":
        return proposalElements(element.run, element.from, element.to);
      case "proposal":
        return groupsOf(element.run, element.proposal);
      case "group":
        return membersOf(element.run, element.proposal, element.group);
      case "sample":
        return (await sampleAnswers(element.run, element.proposal, element.sample)).map(({ label, text }) => ({
          kind: "line",
          label,
          text,
        }));
      default:
        return [];
    }
  }

  getParent(element: ProposalElement): ProposalElement | undefined {
    if (element.kind !== "proposal" && element.kind !== "range") return undefined;
    const { run } = element;
    const range =
      element.kind === "proposal"
        ? rangesOf(run).find(({ from, to }) => run.state.proposals.slice(from, to).includes(element.proposal))
        : undefined;
    return range ?? { kind: "run", entry: run.entry, isLatest: true, isOnly: false };
  }

  async getTreeItem(element: ProposalElement): Promise<TreeItem> {
    switch (element.kind) {
      case "run":
        return runItem(element);
      case "range":
        return rangeItem(element);
      case "proposal": {
        const { run, proposal } = element;
        const textStatus = (await this.#textStatuses.of(run))(proposal);
        await this.#slices.turn();
        return proposalItem(run, proposal, this.#isTicked(run, proposal), textStatus);
      }
      case "group":
        return groupItem(element.proposal, element.group, element.run);
      case "gradient":
        return textItem(sampleLabel(element.run, element.gradient.sample), element.gradient.text);
      case "sample":
        return new TreeItem(sampleLabel(element.run, element.sample), TreeItemCollapsibleState.Collapsed);
      case "warnings":
        return warningsItem(element);
      case "line":
        return textItem(element.label, element.text);
      case "attempt":
        return attemptItem(element.run, element.attempt);
    }
  }
}

/** Whether the user has not applied, rejected or committed it yet. */
export function isOpen(run: OpenedRun, proposal: Proposal): boolean {
  return run.state.acts[proposal.id] === undefined;
}

function tickKey(run: OpenedRun, proposal: Proposal): string {
  return `${run.entry.id} ${proposal.id}`;
}

/**
 * Maximum number of proposals below one row. VS Code draws rows as they come into view, but requests all rows of an
 * expanded element.
 */
const ROWS = 200;

function proposalElements(run: OpenedRun, from: number, to: number): ProposalElement[] {
  return run.state.proposals.slice(from, to).map((proposal) => ({ kind: "proposal", run, proposal }));
}

/** Rows that group the proposals of a run. Empty for a run with few proposals. */
function rangesOf(run: OpenedRun): (ProposalElement & { kind: "range" })[] {
  const all = run.state.proposals.length;
  if (all <= ROWS) return [];
  return Array.from({ length: Math.ceil(all / ROWS) }, (_, i) => {
    const from = i * ROWS;
    return { kind: "range", run, from, to: Math.min(all, from + ROWS) };
  });
}

function proposalsOrRanges(run: OpenedRun): ProposalElement[] {
  const ranges = rangesOf(run);
  return ranges.length > 0 ? ranges : proposalElements(run, 0, run.state.proposals.length);
}

function rangeItem({ run, from, to }: ProposalElement & { kind: "range" }): TreeItem {
  const item = new TreeItem(l10n.t("Proposals {0} to {1}", from + 1, to), TreeItemCollapsibleState.Collapsed);
  const accepted = run.state.proposals.slice(from, to).filter(({ verdict }) => verdict.decision === "accepted").length;
  item.id = `${run.entry.id} ${from}`;
  item.description = l10n.t("{0} accepted", accepted);
  return item;
}

function groupsOf(run: OpenedRun, proposal: Proposal): ProposalElement[] {
  const groups: Group[] = ["gradients", "fixed", "broken", "attempts"];
  const shown = groups.filter((group) => membersOf(run, proposal, group).length > 0);
  const reason: ProposalElement = {
    kind: "line",
    label: l10n.t("Reason"),
    text: verdictReason(proposal.verdict, LOCALE),
  };
  const idea: ProposalElement = { kind: "line", label: l10n.t("Idea"), text: proposal.hypothesis };
  const edges = edgeLabels(proposal, LOCALE).map((label): ProposalElement => ({ kind: "line", label, text: "" }));
  const lines = [reason, ...(proposal.hypothesis ? [idea] : []), ...edges];
  return [...lines, ...shown.map((group): ProposalElement => ({ kind: "group", run, proposal, group }))];
}

function membersOf(run: OpenedRun, proposal: Proposal, group: Group): ProposalElement[] {
  switch (group) {
    case "gradients":
      return gradientsBehind(run.state, proposal).map((gradient) => ({ kind: "gradient", run, gradient }));
    case "fixed":
      return proposal.verdict.fixed.map((sample) => ({ kind: "sample", run, proposal, sample }));
    case "broken":
      return proposal.verdict.broken.map((sample) => ({ kind: "sample", run, proposal, sample }));
    case "attempts": {
      return attemptsOf(run.state, proposal)
        .toReversed()
        .map((attempt) => ({ kind: "attempt", run, attempt }));
    }
  }
}

function runItem({ entry, isLatest, isOnly }: ProposalElement & { kind: "run" }): TreeItem {
  const { Expanded, Collapsed } = TreeItemCollapsibleState;
  const [figure, ...others] = runFigures(entry);
  const isNamed = !isOnly || figure === undefined;
  const item = new TreeItem(isNamed ? entry.graphName : figure, isLatest ? Expanded : Collapsed);
  item.id = entry.id;
  item.description = isNamed
    ? runOutcome(entry)
    : [...others, startedLabel(entry.startedAt), entry.graphName].join(" · ");
  item.tooltip = new MarkdownString([entry.graphName, runOutcome(entry)].map(literal).join("\n\n"));
  item.accessibilityInformation = { label: `${entry.graphName}, ${runOutcome(entry)}` };
  item.iconPath = new ThemeIcon(entry.untrusted ? "cloud-download" : "type-hierarchy-sub");
  item.contextValue = `run-${entry.status === "running" ? "running" : "done"}-reviewable${entry.untrusted ? "-untrusted" : ""}`;
  return item;
}

const ICONS: Record<Decision, ThemeIcon> = {
  accepted: new ThemeIcon("pass", new ThemeColor("testing.iconPassed")),
  rejected: new ThemeIcon("error", new ThemeColor("testing.iconFailed")),
  undecided: new ThemeIcon("question", new ThemeColor("testing.iconQueued")),
  screened: new ThemeIcon("circle-slash", new ThemeColor("testing.iconSkipped")),
};

function proposalItem(run: OpenedRun, proposal: Proposal, ticked: boolean, textStatus: TextStatus): TreeItem {
  const item = new TreeItem(proposal.node, TreeItemCollapsibleState.Collapsed);
  const { verdict } = proposal;
  const act = run.state.acts[proposal.id];
  const undone = isUndone(act, textStatus);
  const done = textStatusLabel(act, textStatus);
  const part = contributionOf(run.state, proposal, run.threshold);
  item.id = tickKey(run, proposal);
  item.description = briefly(run, proposal, done);
  item.iconPath = iconOf(run, proposal, textStatus);
  item.contextValue = `proposal-${undone ? "open" : (act ?? "open")}-${verdict.decision}`;
  const figures = verdictFigures(verdict, LOCALE, part);
  const lines = [
    `**${verdictHeadline(verdict, LOCALE)}**`,
    ...(done ? [done] : []),
    figures.join(" · "),
    verdictReason(verdict, LOCALE),
  ];
  item.tooltip = new MarkdownString(lines.join("\n\n"));
  item.accessibilityInformation = {
    label: [proposal.node, ...(done ? [done] : []), verdictHeadline(verdict, LOCALE), ...figures].join(", "),
  };
  const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
  item.command = { command: "agentgraph.review", title: l10n.t("Review proposal"), arguments: [ref] };
  if (!act) item.checkboxState = ticked ? TreeItemCheckboxState.Checked : TreeItemCheckboxState.Unchecked;
  return item;
}

/** The description of a proposal: the effect of this change alone. Its icon shows the decision, to save room. */
function briefly(run: OpenedRun, proposal: Proposal, done: string | null): string {
  const { verdict } = proposal;
  const claim = run.entry.untrusted
    ? [l10n.t("{0}, not verified here", decisionLabel(verdict.decision, LOCALE))]
    : verdict.decision === "undecided" || verdict.decision === "screened"
      ? [decisionLabel(verdict.decision, LOCALE)]
      : [];
  const part = contributionOf(run.state, proposal, run.threshold);
  const figures = part && part.nodes > 1 ? [shortPart(verdict, part, LOCALE)] : [];
  const all = figures.length > 0 ? figures : changeFigures(verdict, part, LOCALE);
  return [...(done ? [done] : claim), ...all].join(" · ");
}

/** The icon of a proposal. Gray if its verdict no longer applies to the file or the change has no effect. */
function iconOf(run: OpenedRun, proposal: Proposal, textStatus: TextStatus): ThemeIcon {
  const act = run.state.acts[proposal.id];
  const grey = new ThemeColor("disabledForeground");
  if (textStatus === "changed") return new ThemeIcon("history", grey);
  if (act) return new ThemeIcon(isUndone(act, textStatus) ? "discard" : ACT_ICONS[act]);
  if (run.entry.untrusted) return new ThemeIcon("unverified");
  return proposal.contributes === false ? new ThemeIcon("dash", grey) : ICONS[proposal.verdict.decision];
}

const ACT_ICONS = { applied: "check-all", dismissed: "circle-slash", committed: "git-commit" };

function groupItem(proposal: Proposal, group: Group, run: OpenedRun): TreeItem {
  const { label, icon } = {
    gradients: { label: l10n.t("What should change"), icon: "arrow-left" },
    fixed: { label: l10n.t("Samples it fixed"), icon: "thumbsup" },
    broken: { label: l10n.t("Samples it broke"), icon: "thumbsdown" },
    attempts: { label: l10n.t("Attempts"), icon: "history" },
  }[group];
  const item = new TreeItem(label, TreeItemCollapsibleState.Collapsed);
  item.id = `${tickKey(run, proposal)} ${group}`;
  item.description = String(membersOf(run, proposal, group).length);
  item.iconPath = new ThemeIcon(icon);
  return item;
}

function textItem(label: string, text: string): TreeItem {
  const item = new TreeItem(label, TreeItemCollapsibleState.None);
  item.description = oneLine(text);
  item.tooltip = new MarkdownString(`**${literal(label)}**\n\n${literal(text)}`);
  return item;
}

/** The row of warnings, whose sentences are shown in full in the tooltip and the report. */
function warningsItem({ run, texts, areNotes }: ProposalElement & { kind: "warnings" }): TreeItem {
  const count = texts.length;
  const item = new TreeItem(
    areNotes
      ? count === 1
        ? l10n.t("1 note")
        : l10n.t("{0} notes", count)
      : count === 1
        ? l10n.t("1 warning")
        : l10n.t("{0} warnings", count),
  );
  item.description = texts.join(" ");
  item.tooltip = new MarkdownString(texts.map(literal).join("\n\n"));
  const { entry } = run;
  item.command = { command: "agentgraph.showReport", title: l10n.t("Show report"), arguments: [{ entry }] };
  item.iconPath = areNotes ? new ThemeIcon("info") : new ThemeIcon("warning", new ThemeColor("list.warningForeground"));
  return item;
}

function attemptItem(run: OpenedRun, attempt: Attempt): TreeItem {
  const item = new TreeItem(l10n.t("Iteration {0}", attempt.iteration), TreeItemCollapsibleState.None);
  const judged = attempt.verdict === null ? undefined : run.state.judged[attempt.verdict];
  item.description = attempt.invalid
    ? invalidReason(attempt.invalid, LOCALE)
    : judged
      ? [decisionLabel(judged.verdict.decision, LOCALE), rightFigure(judged.verdict, LOCALE)].join(" · ")
      : attempt.screened
        ? `${decisionLabel("screened", LOCALE)} · ${verdictReason({ reason: attempt.screened }, LOCALE)}`
        : l10n.t("not evaluated");
  item.iconPath = attempt.decision ? ICONS[attempt.decision] : new ThemeIcon("circle-outline");
  item.tooltip = new MarkdownString(literal(attempt.hypothesis));
  const ref: ProposalRef = { run: run.entry.id, id: attempt.id };
  item.command = { command: "agentgraph.review", title: l10n.t("Review proposal"), arguments: [ref] };
  return item;
}
