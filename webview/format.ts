import { format } from "d3";
import { t } from "./l10n.ts";
import type { NodeView, RunView, SampleView, VerdictView } from "./protocol.ts";

/** `12,345`. */
export const count = format(",d");

/** `plural(3, t("{0} node"), t("{0} nodes"))`: `3 nodes`. */
export const plural = (value: number, one: string, many: string) =>
  (value === 1 ? one : many).replace("{0}", count(value));

/** `$0.04`, or as many digits as a small sum needs. */
export const money = (usd: number) => `$${usd >= 0.01 || usd === 0 ? usd.toFixed(2) : usd.toPrecision(1)}`;

/** `12.3k`, `4.5M`. */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  return value < 1_000_000
    ? `${(value / 1000).toFixed(value < 100_000 ? 1 : 0)}k`
    : `${(value / 1_000_000).toFixed(1)}M`;
}

/** `45 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return t("{0} s", seconds);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? t("{0} min {1} s", minutes, seconds % 60)
    : t("{0} h {1} min", Math.floor(minutes / 60), minutes % 60);
}

export const KINDS: Readonly<Record<NodeView["kind"], string>> = {
  input: t("graph input"),
  llm: t("LLM node"),
  text: t("text"),
};

export const STATUS: Readonly<Record<RunView["status"], string>> = {
  running: t("Running"),
  interrupted: t("Interrupted"),
  done: t("Done"),
  budget: t("Budget reached"),
  cancelled: t("Cancelled"),
  failed: t("Failed"),
};

export const DECISIONS: Readonly<Record<VerdictView["decision"], string>> = {
  accepted: t("accepted"),
  rejected: t("rejected"),
  undecided: t("undecided"),
  screened: t("dropped before the gate"),
};

export const SPLITS: Readonly<Record<SampleView["split"], string>> = {
  train: t("training"),
  validation: t("validation"),
  test: t("test"),
};

/** `accepted, 14 → 17 of 20 right`. */
export function verdictWords({ decision, before, after, scored }: VerdictView): string {
  const words = DECISIONS[decision];
  return scored > 0 ? t("{0}, {1} → {2} of {3} right", words, before, after, scored) : words;
}

export type Outcome = "right" | "wrong" | "fixed" | "broken" | "not scored";

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  right: t("right"),
  wrong: t("wrong"),
  fixed: t("fixed"),
  broken: t("broken"),
  "not scored": t("not scored"),
};

/** What the run made of a sample. @param threshold a sample with at most this loss is right */
export function outcomeOf({ before, after }: SampleView, threshold: number): Outcome {
  const latest = after ?? before;
  if (latest === null) return "not scored";
  const isRight = latest <= threshold;
  if (before === null || after === null || before <= threshold === isRight) return isRight ? "right" : "wrong";
  return isRight ? "fixed" : "broken";
}
