import type { ScreenReason, VerdictReason, Warned } from "../../engine/events.ts";
import type { Locale } from "../../i18n/locale.ts";
import { invalidReason, verdictReason } from "../../i18n/verdict.ts";
import { warningMessage } from "../../i18n/warnings.ts";
import type { RunState } from "../state/state.ts";

/** Why a run ended without an accepted text: the main cause. */
export type NoProposal =
  | { readonly cause: "nothing scored" }
  /** Which samples are all right: no text can score higher. */
  | { readonly cause: "nothing to learn"; readonly split: "train" | "validation" }
  /** The option that bounds the search left nothing for its first step. */
  | { readonly cause: "search too short"; readonly warning: Warned }
  | { readonly cause: "stopped" | "budget" }
  /** Training samples gave no gradient because their calls failed. */
  | { readonly cause: "calls failed"; readonly count: number }
  | { readonly cause: "no gradients" }
  | { readonly cause: "no attempts" }
  /** The optimizer's texts broke rules; the one that most of them broke. */
  | { readonly cause: "invalid"; readonly reason: string; readonly count: number; readonly of: number }
  /** Proposals were rejected or not judged; the reason that most have in common. */
  | {
      readonly cause: "not accepted";
      /** null: none was evaluated. */
      readonly reason: VerdictReason | ScreenReason | null;
      readonly count: number;
      readonly of: number;
    };

/** null: a text was accepted. */
export function whyNoProposal(state: RunState): NoProposal | null {
  const { proposals, attempts, warnings, gradients, judged, status } = state;
  if (proposals.some(({ verdict }) => verdict.decision === "accepted")) return null;
  const nothingToLearn = warnings.find(({ code }) => code === "nothing to learn");
  if (nothingToLearn?.detail === "validation") return { cause: "nothing to learn", split: "validation" };
  const valid = attempts.filter(({ invalid }) => invalid === null);
  if (valid.length === 0) {
    if (nothingToLearn) return { cause: "nothing to learn", split: "train" };
    const warning = warnings.find(({ code }) => code === "search too short");
    if (warning) return { cause: "search too short", warning };
    if (warnings.some(({ code }) => code === "nothing scored")) return { cause: "nothing scored" };
    if (status === "budget") return { cause: "budget" };
    if (status === "cancelled" || status === "failed") return { cause: "stopped" };
  }
  const broken = attempts.length - valid.length;
  if (broken > valid.length) {
    const [reason, count] = mostCommon(attempts.flatMap(({ invalid }) => invalid ?? []));
    return { cause: "invalid", reason: reason ?? "", count, of: attempts.length };
  }
  if (valid.length > 0) {
    // A text that a later one replaced says nothing: the later one has the reason.
    const last = valid.filter(({ screened }) => screened !== "superseded");
    const reasons = last.flatMap(({ verdict, screened }) => screened ?? judged[verdict ?? -1]?.verdict.reason ?? []);
    const [reason, count] = mostCommon(reasons);
    return { cause: "not accepted", reason, count, of: last.length || valid.length };
  }
  const dropped = warnings.filter(({ code }) => code === "sample dropped").length;
  if (gradients.every(({ text }) => text === "")) {
    return dropped > 0 ? { cause: "calls failed", count: dropped } : { cause: "no gradients" };
  }
  return { cause: "no attempts" };
}

/** The cause as a sentence, and what to do about it. Empty: a text was accepted. */
export function noProposalMessage(state: RunState, locale: Locale): string {
  const { t } = locale;
  const why = whyNoProposal(state);
  switch (why?.cause) {
    case undefined:
      return "";
    case "nothing to learn":
      return why.split === "train"
        ? t("Every training sample is already right, so there is nothing to learn. Add harder samples.")
        : t("Every validation sample is already right, so no change can score higher. Add harder samples.");
    case "search too short":
      return warningMessage(why.warning, locale);
    case "nothing scored":
      return t("No training samples could be scored. Check the warnings.");
    case "budget":
      return t("The run reached its budget before any text was proposed. Resume it with a larger budget.");
    case "stopped":
      return t("The run stopped before any text was proposed. Resume it to continue.");
    case "calls failed":
      return t(
        "{0} have no gradient because their calls failed. Check the warnings.",
        locale.count(why.count, "training sample"),
      );
    case "no gradients":
      return t(
        "The backward model requested no change on any sample. Use a stronger backward model, or a more specific target or rubric.",
      );
    case "no attempts":
      return t("The optimizer model proposed no text. Use a stronger optimizer model.");
    case "invalid":
      return `${t(
        "{0} of {1} texts from the optimizer model could not be used. {2}",
        why.count,
        why.of,
        invalidReason(why.reason, locale),
      )} ${invalidRemedy(why.reason, locale)}`;
    case "not accepted":
      return why.reason === null
        ? t("The run ended before it scored {0} on the validation set.", locale.count(why.of, "proposed text"))
        : [
            t(
              "No change was accepted. The most common reason ({0} of {1} texts): {2}",
              why.count,
              why.of,
              verdictReason({ reason: why.reason }, locale),
            ),
            rejectedRemedy(why.reason, locale),
          ]
            .filter(Boolean)
            .join(" ");
  }
}

function invalidRemedy(reason: string, { t }: Locale): string {
  switch (reason) {
    case "no reply":
      return t("Check the warnings for failed calls.");
    case "longer than maxWords":
      return t("Increase maxWords in the graph file.");
    case "leaks a training target":
      return t("Add constraints to the node, or use a stronger optimizer model.");
    case "repeats an earlier text":
    case "no change":
      return t("Use a stronger optimizer model, or a larger temperature for it.");
    default:
      return t("Use a stronger optimizer model.");
  }
}

function rejectedRemedy(reason: VerdictReason | ScreenReason, { t }: Locale): string {
  switch (reason) {
    case "budget reached":
    case "samples could not be scored":
    case "the run ended first":
      // The reason explains it.
      return "";
    case "not significant":
      return t("Add validation samples. A larger set can confirm smaller differences.");
    case "tie":
    case "fixed none":
    case "unchanged":
    case "constant output":
      return t("Check the gradients. A stronger backward or optimizer model may help.");
    case "costs more than it gains":
      return t(
        "Lower the weights in “optimize.objectives”, or set it to “pareto” and choose among the results yourself.",
      );
    case "eliminated":
      return t("A stronger optimizer model may help.");
    default:
      return t("Check the samples that got worse. More training samples, or a stronger optimizer model, may help.");
  }
}

function mostCommon<T extends string>(reasons: readonly T[]): [T | null, number] {
  const counts = new Map<T, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].reduce<[T | null, number]>((most, one) => (one[1] > most[1] ? one : most), [null, 0]);
}
