import {
  CodeLens,
  type CodeLensProvider,
  type Command,
  EventEmitter,
  l10n,
  Range,
  type TextDocument,
  workspace,
} from "vscode";
import type { Proposal } from "../../engine/events.ts";
import type { TextStatus } from "../../graph/edits/text-status.ts";
import { decisionLabel } from "../../i18n/labels.ts";
import { invalidReason, verdictFigures, verdictReason, verdictSummary, verdictTitle } from "../../i18n/verdict.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { GraphSource } from "../graph/graph-source.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { findChange, firstChange, type ProposalRef, parseInstructionUri } from "./instructions.ts";
import { lensLines } from "./lens-lines.ts";
import { isUndone, type TextStatuses } from "./text-status.ts";

/** Code lenses with the verdict and its actions above each proposal's new text, or near its first change. */
export class ProposalLenses extends Disposable implements CodeLensProvider {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(
    private readonly runStore: RunStore,
    private readonly textStatuses: TextStatuses,
    documents: Pick<GraphSource, "onDidChange">,
  ) {
    super();
    for (const event of [runStore.onDidChange, documents.onDidChange]) this.own(event(() => this.#changed.fire()));
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const ref = parseInstructionUri(document.uri);
    if (!ref || ref.side === "before") return [];
    const run = await this.runStore.open(ref.run);
    if (!run) {
      const title = l10n.t("The run of this text no longer exists.");
      return [new CodeLens(new Range(0, 0, 0, 0), { title, command: "" })];
    }
    const change = findChange(run, ref.id);
    const first = change ? firstChange(change.base, change.text) : 0;
    const settings = workspace.getConfiguration("diffEditor.hideUnchangedRegions", document);
    const lines = lensLines(first, {
      contextLineCount: settings.get("contextLineCount", 3),
      minimumLineCount: settings.get("minimumLineCount", 3),
    });
    const proposal = run.state.proposals.find(({ id }) => id === ref.id);
    const textStatus = proposal ? (await this.textStatuses.of(run))(proposal) : "unknown";
    const said = offers(ref, run, proposal, textStatus);
    return lines.flatMap((line) => said.map((command) => new CodeLens(new Range(line, 0, line, 0), command)));
  }
}

/** The lenses of a proposal, or of an attempt without one. */
export function offers(
  ref: ProposalRef,
  run: OpenedRun,
  proposal: Proposal | undefined,
  textStatus: TextStatus,
): Command[] {
  const offer = (title: string, command: string, tooltip?: string, argument: unknown = ref): Command => ({
    title,
    command: command && `agentgraph.${command}`,
    arguments: [argument],
    ...(tooltip && { tooltip }),
  });
  if (!proposal) return [offer(attemptLine(run, ref.id), "")];

  // Actions come before figures, because lenses don't wrap and a narrow editor cuts their end.
  const { verdict } = proposal;
  const part = contributionOf(run.state, proposal, run.threshold);
  const offered = [offer(verdictTitle(verdict, LOCALE, part), "why", l10n.t("Show why the gate decided this"))];
  if (textStatus === "changed") {
    const tooltip = l10n.t("The text in the file has changed since the run, so this verdict doesn't apply to it.");
    offered.unshift(offer(l10n.t("Text changed since"), "apply", tooltip));
  }
  if (run.entry.untrusted) {
    const tooltip = l10n.t("This verdict was made on another machine. It is not verified until you recheck it here.");
    offered.push(offer(l10n.t("Not verified here: recheck"), "recheckRun", tooltip, { entry: { id: ref.run } }));
  }
  const act = run.state.acts[proposal.id];
  if (isUndone(act, textStatus)) {
    const word = act === "committed" ? l10n.t("Committed and undone") : l10n.t("Applied and undone");
    offered.push(offer(word, ""), offer(l10n.t("Apply again"), "apply"));
  } else if (act === "applied") offered.push(offer(l10n.t("Applied"), ""), offer(l10n.t("Commit"), "commit"));
  else if (act === "committed") offered.push(offer(l10n.t("Committed"), ""));
  else {
    if (act === "dismissed") offered.push(offer(l10n.t("Rejected by you"), ""));
    offered.push(offer(l10n.t("Apply"), "apply"));
    if (!act) offered.push(offer(l10n.t("Reject"), "reject"));
  }
  offered.push(offer(l10n.t("Why"), "why"));
  const figures = verdictFigures(verdict, LOCALE, part).join(" · ");
  if (figures) offered.push(offer(figures, ""));
  return offered;
}

function attemptLine(run: OpenedRun, id: string): string {
  const attempt = run.state.attempts.find((it) => it.id === id);
  if (!attempt) return l10n.t("The run of this attempt was deleted");
  const when = l10n.t("Attempt in iteration {0}", attempt.iteration);
  if (attempt.invalid) return `${when} · ${invalidReason(attempt.invalid, LOCALE)}`;
  const { screened } = attempt;
  if (screened !== null) {
    return `${when} · ${decisionLabel("screened", LOCALE)} · ${verdictReason({ reason: screened }, LOCALE)}`;
  }
  const judged = attempt.verdict === null ? undefined : run.state.judged[attempt.verdict];
  return judged ? `${when} · ${verdictSummary(judged.verdict, LOCALE)}` : `${when} · ${l10n.t("not evaluated")}`;
}
