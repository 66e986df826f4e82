import { basename } from "node:path";
import { commands, l10n, window } from "vscode";
import { changedLines } from "../../graph/text/formatting.ts";
import { Cancelled } from "../errors.ts";
import { instructionUri } from "../review/instructions.ts";
import type { LocatedProposal } from "../review/text-locations.ts";
import type { OpenedRun } from "../runs/opened-run.ts";

/** Lines of a difference that a dialog shows. */
const SHOWN = 6;

/**
 * Asks what to commit if texts were changed after they were applied, by the user or by a formatter on save, because
 * the run's verdicts are not about them.
 * @param places all that could be committed
 * @param changed those among them to ask about
 * @returns what to commit
 * @throws Cancelled
 */
export async function askAboutChanged(
  run: OpenedRun,
  places: readonly LocatedProposal[],
  changed: readonly LocatedProposal[],
): Promise<readonly LocatedProposal[]> {
  const [first] = changed;
  if (!first) return places;
  const rest = places.filter((place) => !changed.includes(place));
  const include = l10n.t("Commit changed text");
  const leaveOut = l10n.t("Leave it out");
  const show = l10n.t("Show changes");
  const nodes = changed.map(({ proposal }) => proposal.node).join(", ");
  const message = l10n.t("The text of {0} changed after it was applied.", nodes);
  const detail = [
    ...changed.map(differenceOf),
    l10n.t("The run did not score the changed text, so the commit message gives no figures for it."),
  ].join("\n\n");
  const buttons = rest.length > 0 ? [include, leaveOut, show] : [include, show];
  const answer = await window.showWarningMessage(message, { modal: true, detail }, ...buttons);
  if (answer === include) return places;
  if (answer === leaveOut) return rest;
  if (answer === show) {
    const { proposal, document } = first;
    const title = l10n.t("{0}: applied text ↔ {1}", proposal.node, basename(document.uri.fsPath));
    await commands.executeCommand("vscode.diff", instructionUri(run, proposal, "after"), document.uri, title);
  }
  throw new Cancelled();
}

function differenceOf({ proposal, current, document }: LocatedProposal): string {
  const lines = changedLines(proposal.text, current);
  const shown = lines.slice(0, SHOWN).map((line) => (line.length > 120 ? `${line.slice(0, 119)}…` : line));
  const more = lines.length - shown.length;
  return [`${basename(document.uri.fsPath)}:`, ...shown, ...(more > 0 ? [l10n.t("… and {0} more", more)] : [])].join(
    "\n",
  );
}
