import { basename } from "node:path";
import { commands, l10n, Uri, window } from "vscode";
import { changedLines } from "../../graph/text/formatting.ts";
import { mergeTexts } from "../../graph/text/merge.ts";
import { Cancelled } from "../errors.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import { showInfo } from "../ui/notifications.ts";
import type { LocatedProposal } from "./text-locations.ts";

/** Maximum number of lines of a diff in a dialog. */
const SHOWN = 6;

/** The text to write to a file whose text has changed since the run. */
export interface ResolvedText {
  readonly text: string;
  /** Whether it also contains the user's own change, so that no verdict is about it. */
  readonly isMerged: boolean;
}

/**
 * Asks how to apply a proposal whose text changed since the run: merge both changes, replace the text, or recheck
 * first.
 * @throws Cancelled, also after a recheck was started
 */
export async function askAboutChangedText(run: OpenedRun, place: LocatedProposal): Promise<ResolvedText> {
  const { proposal, current, document } = place;
  const merged = mergeTexts(proposal.base, current, proposal.text);
  const merge = l10n.t("Merge both changes");
  const replace = l10n.t("Replace with the proposal");
  const recheck = l10n.t("Recheck first");
  const message = l10n.t(
    "The text of “{0}” in {1} changed since the run.",
    proposal.node,
    basename(document.uri.fsPath),
  );
  const lines = changedLines(proposal.base, current);
  const more = lines.length - SHOWN;
  const detail = [
    [...lines.slice(0, SHOWN).map(short), ...(more > 0 ? [l10n.t("… and {0} more", more)] : [])].join("\n"),
    merged === null
      ? l10n.t("Your change and the proposal change the same words, so they can't be merged.")
      : l10n.t("A merged text keeps your change and adds the proposal's. No run has scored it."),
  ].join("\n\n");
  const buttons = [...(merged === null ? [] : [merge]), replace, recheck];
  const answer = await window.showWarningMessage(message, { modal: true, detail }, ...buttons);
  if (answer === merge && merged !== null) return { text: merged, isMerged: true };
  if (answer === replace) return { text: proposal.text, isMerged: false };
  if (answer === recheck) {
    await commands.executeCommand("agentgraph.recheckRun", { entry: { id: run.entry.id }, node: proposal.node });
  }
  throw new Cancelled();
}

/** Shows the merged text, and offers to score it. */
export async function notifyMerged(run: OpenedRun, { proposal, document }: LocatedProposal): Promise<void> {
  await window.showTextDocument(document, { preview: false });
  const evaluate = l10n.t("Evaluate graph");
  const message = l10n.t(
    "Merged the proposal for “{0}” into {1}. The merged text is not scored yet.",
    proposal.node,
    basename(document.uri.fsPath),
  );
  if ((await showInfo(message, evaluate)) === evaluate) {
    await commands.executeCommand("agentgraph.evaluate", Uri.file(run.entry.graphPath));
  }
}

function short(line: string): string {
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
