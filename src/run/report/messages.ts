import type { Split } from "../../data/sample.ts";
import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import type { Decision } from "../../engine/events.ts";
import type { Locale } from "../../i18n/locale.ts";
import { oneLine } from "../plain.ts";
import type { Change, Report, SampleRow } from "./report.ts";

/** A set of samples by its name in a sentence: `{0} score`. */
export function splitWord(split: Split, { t }: Locale): string {
  return { train: t("training set"), validation: t("validation set"), test: t("test set") }[split];
}

export function decisionWord(decision: Decision, { t }: Locale): string {
  return { accepted: t("accepted"), rejected: t("rejected"), undecided: t("undecided") }[decision];
}

export function changeWord(change: SampleRow["change"], { t }: Locale): string {
  return {
    fixed: t("fixed"),
    broken: t("broken"),
    right: t("right"),
    wrong: t("wrong"),
    unscored: t("not scored"),
  }[change];
}

/** A baseline by the name that its event has. */
export function methodWords(method: string, { t }: Locale): string {
  return method === CHAIN_OF_THOUGHT ? t("a step-by-step suffix") : oneLine(method, 60);
}

/** How the intervals of a report come about, and what a lenient score is. */
export function intervalWords({ isGraded }: Report, { t }: Locale): string {
  const intervals = isGraded
    ? t(
        "Intervals are of 95 % by bootstrap, for scores are graded; a sample counts as better or worse by the sign of its difference.",
      )
    : t("Intervals of scores are Wilson's, of gains by bootstrap over the samples, both of 95 %.");
  return `${intervals} ${t("Lenient: the right answer may stand anywhere in the reply.")}`;
}

/** Whose the figures of a verdict on a change are. */
export function changesWords({ changes }: Report, { t }: Locale): string {
  const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted");
  return accepted.length > 1
    ? t("The figures of accepted changes are of all of them together; leave-one-out says what each is worth.")
    : "";
}

/** What taking this change back alone did to the result; empty where that was not measured. */
export function contributionLabel({ contributes }: Change, { t }: Locale): string {
  if (contributes === null) return "";
  return contributes
    ? t("Leave-one-out: without this change the result is worse.")
    : t("Leave-one-out: without this change the result is no worse. It may be dropped.");
}

/** How the table of verdicts is to be read, and what does not stand in it. */
export function gateWords({ verdicts }: Report, locale: Locale): string {
  const { t } = locale;
  const left = verdicts.filter(({ verdict }) => verdict.scored === 0).length;
  const compared = t(
    "Each row is one comparison of new texts with those of its time, on the validation set. A comparison stops as soon as the rest cannot change its outcome.",
  );
  const others = t(
    "{0} never came so far; each stands with its reason under its node.",
    locale.count(left, "proposal"),
  );
  const all = left === verdicts.length ? t("The gate compared nothing.") : compared;
  return left > 0 ? `${all} ${others}` : all;
}
