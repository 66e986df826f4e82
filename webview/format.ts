import { capitalized, changeLabel, decisionLabel, type SampleChange, statusLabel } from "../src/i18n/labels.ts";
import { Locale } from "../src/i18n/locale.ts";
import { t } from "./l10n.ts";
import type { NodeView, RunView, SampleView, VerdictView } from "./protocol.ts";

/** The editor's language. */
const locale = new Locale(t, (typeof document === "undefined" ? "" : document.documentElement.lang) || "en");

/** `12,345` */
export const count = (value: number) => locale.integer(value);

/** `plural(3, t("{0} node"), t("{0} nodes"))`: `3 nodes` */
export const plural = (value: number, one: string, many: string) =>
  (value === 1 ? one : many).replace("{0}", count(value));

/** A score: `0.85` */
export const decimal = (score: number) => locale.decimal(score);

/** `$0.04` */
export const money = (usd: number) => locale.money(usd);

/** `12.3K`, `4.5M` */
export const compact = (value: number) => locale.compact(value);

/** `45 s`, `3 min 20 s`: in whole seconds, because it is shown while it grows. */
export const duration = (milliseconds: number) => locale.duration(1000 * Math.round(milliseconds / 1000));

export const KINDS: Readonly<Record<NodeView["kind"], string>> = {
  input: t("graph input"),
  llm: t("LLM node"),
  text: t("text"),
  map: t("map node"),
  join: t("map node"),
  function: t("function"),
  tool: t("tool"),
  retriever: t("retriever"),
};

const STATUSES = ["running", "interrupted", "done", "budget", "cancelled", "failed"] as const;
const DECIDED = ["accepted", "rejected", "undecided", "screened"] as const;
const CHANGES = ["right", "wrong", "fixed", "broken", "unscored"] as const;

function table<K extends string>(keys: readonly K[], label: (key: K) => string): Readonly<Record<K, string>> {
  return Object.fromEntries(keys.map((key) => [key, label(key)])) as Record<K, string>;
}

/** `Budget reached` */
export const STATUS: Readonly<Record<RunView["status"], string>> = table(STATUSES, (status) =>
  capitalized(statusLabel(status, locale), locale),
);

export const DECISIONS: Readonly<Record<VerdictView["decision"], string>> = table(DECIDED, (decision) =>
  decisionLabel(decision, locale),
);

export const SPLITS: Readonly<Record<SampleView["split"], string>> = {
  train: t("training"),
  validation: t("validation"),
  test: t("test"),
};

/** `accepted, 14 → 17 of 20 right`. */
export function verdictLabel({ decision, figure, isTextChanged }: VerdictView): string {
  const changed = isTextChanged ? t("text changed since") : "";
  return [DECISIONS[decision], figure, changed].filter((part) => part !== "").join(", ");
}

/** Look of a verdict. An accepted change without an effect, and a verdict on another text than the file's, have looks of their own. */
export function lookOf({ decision, hasEffect, isTextChanged }: VerdictView): VerdictView["decision"] | "outdated" {
  return isTextChanged ? "outdated" : hasEffect ? decision : "screened";
}

export type Outcome = SampleChange;

export const OUTCOMES: Readonly<Record<Outcome, string>> = table(CHANGES, (change) => changeLabel(change, locale));

/** How the run changed a sample. @param threshold a sample with at most this loss is right */
export function outcomeOf({ before, after }: SampleView, threshold: number): Outcome {
  const latest = after ?? before;
  if (latest === null) return "unscored";
  const isRight = latest <= threshold;
  if (before === null || after === null || before <= threshold === isRight) return isRight ? "right" : "wrong";
  return isRight ? "fixed" : "broken";
}
