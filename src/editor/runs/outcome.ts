import { commands, l10n, type Uri } from "vscode";
import type { Evaluated } from "../../engine/events.ts";
import { describeError } from "../../i18n/describe-error.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { noProposalMessage } from "../../run/explain/no-proposal.ts";
import type { Run } from "../../run/run.ts";
import { solveSentence } from "../../run/solutions.ts";
import type { RunState } from "../../run/state/state.ts";
import type { Account } from "../account/account.ts";
import { actionButton } from "../commands/command-errors.ts";
import { LOCALE } from "../editor-locale.ts";
import { showError, showInfo, showWarning } from "../ui/notifications.ts";
import { leftInBatches } from "./batches.ts";

/** Shows how a run ended, and offers the next steps. */
export async function reportEnd(run: Run, file: Uri, account: Account): Promise<void> {
  const state = run.state();
  const { name } = run.start.graph;
  const target = { entry: { id: run.id } };
  const review = l10n.t("Review proposals");
  const resume = l10n.t("Resume");
  const report = l10n.t("Show report");
  const choose = l10n.t("Choose a result…");
  if (state.proposals.length > 0) void commands.executeCommand("agentgraph.proposals.focus", { preserveFocus: true });

  let answer: string | undefined;
  if (state.status === "failed") {
    const { message: reason, action } = describeError(
      state.error ?? "Error",
      state.finished?.fields ?? {},
      state.detail ?? "",
      LOCALE,
    );
    const message = l10n.t(
      "The run of {0} stopped. {1} Results so far are saved, and you can resume the run.",
      name,
      reason || l10n.t("The reason is unknown."),
    );
    const setKey = l10n.t("Set API key and resume");
    const button = action === "set key" ? null : actionButton(action);
    const offers = action === "set key" ? [setKey] : [...(button ? [button.label] : []), resume];
    const before = account.choice();
    answer = await showError(message, ...offers);
    if (button && answer === button.label) await commands.executeCommand(button.command, button.argument);
    // A run keeps its server and its models: with others, it is another run.
    const again = button?.command === "agentgraph.chooseModels" && account.choice() !== before ? startOf(run) : null;
    if (again) await commands.executeCommand(again, file);
    if (answer === setKey && (await account.replaceKey())) answer = resume;
  } else if (state.status === "cancelled") {
    const message = l10n.t("The run of {0} was cancelled. All replies so far are saved.", name);
    const left = await leftInBatches(run, account);
    const end = l10n.t("Cancel batches");
    answer = left
      ? await showWarning(l10n.t("{0} {1}", message, left.sentence), resume, end)
      : await showInfo(message, resume);
    if (left && answer === end) await left.cancel();
  } else if (state.status === "budget") {
    const result =
      run.start.job?.kind === "evaluate"
        ? l10n.t("Resume it with a larger budget to get a score.")
        : found(state, run.start.options.threshold);
    const message = l10n.t("The run of {0} reached its budget. {1}", name, result);
    answer = await showWarning(message, ...(state.proposals.length > 0 ? [review] : []), resume, report);
  } else if (state.finished?.evaluated) {
    const show = l10n.t("Show result");
    const again = l10n.t("Evaluate again");
    const { n, scored } = state.finished.evaluated;
    const message = evaluatedSentence(name, state.finished.evaluated);
    // A finished evaluation is not resumed, because a new one only requests what is missing.
    answer = scored < n ? await showWarning(message, show, again) : await showInfo(message, show);
    if (answer === again) await commands.executeCommand("agentgraph.evaluate", file);
    if (answer === show) await commands.executeCommand("agentgraph.showReport", target);
  } else if (state.status === "done" && run.start.job?.kind === "solve") {
    const show = l10n.t("Show result");
    answer = await showInfo(solveSentence(state.solutions, run.start.options.threshold, LOCALE), show);
    if (answer === show) await commands.executeCommand("agentgraph.showReport", target);
  } else if (state.status === "done" && run.start.job?.kind === "recheck") {
    const accepted = state.proposals.filter(({ verdict }) => verdict.decision === "accepted").length;
    const message = l10n.t(
      "Rechecked {0}: {1} of {2} proposals accepted on this machine.",
      name,
      accepted,
      state.proposals.length,
    );
    answer = await showInfo(message, review);
  } else if (state.status === "done") {
    const accepted = state.proposals.some(({ verdict }) => verdict.decision === "accepted");
    const message = accepted
      ? l10n.t("Optimized {0}. {1}", name, found(state, run.start.options.threshold))
      : l10n.t("The run of {0} finished. {1}", name, found(state, run.start.options.threshold));
    const isToChoose = (state.finished?.front?.length ?? 0) > 1;
    const offers = [...(isToChoose ? [choose] : []), ...(state.proposals.length > 0 ? [review] : []), report];
    answer = await showInfo(message, ...offers);
  }
  if (answer === choose) await commands.executeCommand("agentgraph.pickResult", target);
  if (answer === report) await commands.executeCommand("agentgraph.showReport", target);
  if (answer === review) await commands.executeCommand("agentgraph.reviewAll", target);
  if (answer === resume) await commands.executeCommand("agentgraph.resumeRun", target);
}

/** The command that starts such a run; null for one that needs more than a graph. */
function startOf({ start: { job } }: Run): string | null {
  if (!job) return "agentgraph.optimize";
  return job.kind === "evaluate" ? "agentgraph.evaluate" : null;
}

function evaluatedSentence(name: string, { split, n, scored, score, interval: [low, high] }: Evaluated): string {
  if (score === null) return l10n.t("No sample of {0} could be scored because every call failed.", name);
  const missing =
    scored < n
      ? l10n.t(
          " {0} of {1} samples were not scored because their calls failed. Evaluate again to score only those.",
          n - scored,
          n,
        )
      : "";
  const result = l10n.t(
    "{0} scores {1} on its {2} (95% interval {3} to {4}).",
    name,
    LOCALE.decimal(score),
    splitLabel(split, LOCALE),
    LOCALE.decimal(low),
    LOCALE.decimal(high),
  );
  return result + missing;
}

function found(state: RunState, threshold: number): string {
  const { proposals, finished } = state;
  const why = noProposalMessage(state, LOCALE);
  if (why !== "") return why;
  const accepted = proposals.filter(({ verdict }) => verdict.decision === "accepted").length;
  const { before, after } = finished?.validation ?? { before: null, after: null };
  const score =
    before === null || after === null
      ? ""
      : l10n.t(" The validation score is {0} → {1}.", LOCALE.decimal(before), LOCALE.decimal(after));
  const decided =
    proposals.length === 1
      ? accepted === 1
        ? l10n.t("The gate accepted the proposal.")
        : l10n.t("The gate did not accept the proposal.")
      : l10n.t("The gate accepted {0} of {1} proposals.", accepted, proposals.length);
  const idle = proposals.filter((one) => contributionOf(state, one, threshold)?.isNeeded === false).length;
  const kept = idle === 0 || accepted < 2 ? "" : l10n.t(" {0} of them had no effect.", idle);
  return decided + kept + score;
}
