import type { Split } from "../data/sample.ts";
import type { Decision, RunStatus } from "../engine/events.ts";
import type { Locale } from "./locale.ts";

/** Labels of one or two words, in lower case: for tables, trees and the middle of a sentence. */

/** `training set` */
export function splitLabel(split: Split, { t }: Locale): string {
  return { train: t("training set"), validation: t("validation set"), test: t("test set") }[split];
}

/** `12 validation samples` */
export function splitCount(n: number, split: Split, locale: Locale): string {
  return locale.count(
    n,
    ({ train: "training sample", validation: "validation sample", test: "test sample" } as const)[split],
  );
}

export function decisionLabel(decision: Decision, { t }: Locale): string {
  return {
    accepted: t("accepted"),
    rejected: t("rejected"),
    undecided: t("undecided"),
    screened: t("screened out"),
  }[decision];
}

/** `interrupted`: the log has no end, and no process writes it. */
export function statusLabel(status: RunStatus | "running" | "interrupted", { t }: Locale): string {
  return {
    running: t("running"),
    interrupted: t("interrupted"),
    done: t("done"),
    budget: t("budget reached"),
    cancelled: t("cancelled"),
    failed: t("failed"),
  }[status];
}

/** Effect of a change on a sample. `unscored`: a call for it failed. */
export type SampleChange = "fixed" | "broken" | "right" | "wrong" | "unscored";

export function changeLabel(change: SampleChange, { t }: Locale): string {
  return {
    fixed: t("fixed"),
    broken: t("broken"),
    right: t("right"),
    wrong: t("wrong"),
    unscored: t("not scored"),
  }[change];
}

export type Act = "applied" | "dismissed" | "committed";

/** The user's action on a proposal. */
export function actLabel(act: Act, { t }: Locale): string {
  return { applied: t("applied"), dismissed: t("rejected by you"), committed: t("committed") }[act];
}

/** `Done` at the start of a line */
export function capitalized(label: string, { language }: Locale): string {
  return label.charAt(0).toLocaleUpperCase(language) + label.slice(1);
}

/**
 * `$0.42 per minute`, `at most 12 min left`: the known pace of a run.
 * @param isBound whether the run can end earlier
 */
export function paceLabels(
  { usdPerMinute, left }: { readonly usdPerMinute: number | null; readonly left: number | null },
  isBound: boolean,
  locale: Locale,
): string[] {
  const { t } = locale;
  const parts = usdPerMinute ? [t("{0} per minute", locale.money(usdPerMinute))] : [];
  if (left === null) return parts;
  const time = left < 60_000 ? t("1 min") : roundTime(left, locale);
  return [...parts, isBound ? t("at most {0} left", time) : t("{0} left", time)];
}

/** Rounds to minutes, and from 90 minutes on to hours. */
function roundTime(milliseconds: number, { t }: Locale): string {
  const minutes = Math.ceil(milliseconds / 60_000);
  return minutes < 90 ? t("{0} min", minutes) : t("{0} h", Math.ceil(minutes / 60));
}

/** `489 calls, 12 replies reused, 1 request repeated` */
export function callsLabel(
  { total, cached, retried }: { readonly total: number; readonly cached: number; readonly retried: number },
  locale: Locale,
): string {
  const { t } = locale;
  const parts = [locale.count(total, "call")];
  if (cached === 1) parts.push(t("1 reply reused"));
  else if (cached > 1) parts.push(t("{0} replies reused", locale.integer(cached)));
  if (retried === 1) parts.push(t("1 request repeated"));
  else if (retried > 1) parts.push(t("{0} requests repeated", locale.integer(retried)));
  return parts.join(", ");
}

/** `http://127.0.0.1:11434`, without the protocol family at the start of a provider's identity; also inside a text. */
export function serverLabel(text: string): string {
  return text.replace(/(?<![\w-])(?:openai|azure|anthropic|gemini) (?=https?:)/g, "");
}
