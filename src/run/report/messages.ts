import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import type { Change, Report } from "./report.ts";

/** The label of a baseline. */
export function methodLabel(method: string, { t }: Locale): string {
  return method === CHAIN_OF_THOUGHT ? t("a step-by-step suffix") : oneLine(method, 60);
}

/** How the intervals of a report are computed, and what a lenient score is. */
export function intervalNote({ isGraded }: Report, { t }: Locale): string {
  const intervals = isGraded
    ? t(
        "Intervals are 95% bootstrap intervals because scores are graded (with more than a thousand samples, the normal approximation). A sample counts as better or worse by the sign of its difference.",
      )
    : t(
        "Score intervals are Wilson intervals; gain intervals are bootstrapped over the samples (with more than a thousand, the normal approximation). Both are 95%.",
      );
  return `${intervals} ${t("The lenient score accepts the right answer anywhere in the reply.")}`;
}

/** How to read the results to choose among, and how to take another one. */
export function frontNote({ run, front }: Report, { t }: Locale): string {
  return t(
    "Each of these has a better score or a lower cost than every other. Scores and costs are from the validation set (n = {0}), which chose the texts. * marks the result of the run. To write another one to the files, run “Choose a result of a run” in VS Code, or: agentgraph pick {1} <number>",
    front[0]?.n ?? 0,
    run.id,
  );
}

/** What the figures of an accepted change refer to. */
export function changesNote({ changes }: Report, { t }: Locale): string {
  const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted");
  return accepted.length > 1
    ? t("Figures of accepted changes are for all of them together. Leave-one-out shows what each one contributes.")
    : "";
}

/** The effect of removing only this change; empty if not measured. */
export function contributionLabel({ contributes }: Change, { t }: Locale): string {
  if (contributes === null) return "";
  return contributes
    ? t("Leave-one-out: the result is worse without this change.")
    : t("Leave-one-out: the result is no worse without this change, so you can drop it.");
}

/** How to read the table of verdicts, and what it leaves out. */
export function gateNote({ verdicts }: Report, locale: Locale): string {
  const { t } = locale;
  const left = verdicts.filter(({ verdict }) => verdict.scored === 0).length;
  const compared = t(
    "Each row compares new texts with the texts current at that point, on the validation set. A comparison stops as soon as the remaining samples can't change its outcome.",
  );
  const others = t("{0} did not reach the gate; the reason is listed under each node.", locale.count(left, "proposal"));
  const all = left === verdicts.length ? t("The gate compared nothing.") : compared;
  return left > 0 ? `${all} ${others}` : all;
}
