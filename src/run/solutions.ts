import type { Solution, Solved } from "../engine/solution-schema.ts";
import type { Locale } from "../i18n/locale.ts";

/** Mean scores of the first and the chosen attempts against the targets, which no attempt has seen. */
export interface TargetScores {
  /** Number of rows that could be scored against a target. */
  readonly n: number;
  /** 1 − loss, 0 … 1; null if n is 0. */
  readonly before: number | null;
  readonly after: number | null;
  readonly fixed: number;
  readonly broken: number;
}

/** @param threshold τ: a loss of at most this is right */
export function targetScores(solutions: readonly Solved[], threshold: number): TargetScores {
  const known = solutions.flatMap(({ before, after }) =>
    before === null || after === null ? [] : [{ before, after }],
  );
  const mean = (losses: readonly number[]) =>
    losses.length === 0 ? null : losses.reduce((sum, loss) => sum + 1 - loss, 0) / losses.length;
  return {
    n: known.length,
    before: mean(known.map(({ before }) => before)),
    after: mean(known.map(({ after }) => after)),
    fixed: known.filter(({ before, after }) => before > threshold && after <= threshold).length,
    broken: known.filter(({ before, after }) => before <= threshold && after > threshold).length,
  };
}

export function chosenOf({ attempts, chosen }: Solved): Solution | undefined {
  return attempts.find(({ step }) => step === chosen);
}

/** Whether the chosen answer differs from the graph's own. */
export function isChanged(solved: Solved): boolean {
  return chosenOf(solved)?.answer !== solved.attempts[0]?.answer;
}

/** `2 of 3 answers changed; against the targets 1 → 3 …`: the outcome in one or two sentences. */
export function solveSentence(solutions: readonly Solved[], threshold: number, locale: Locale): string {
  const { t } = locale;
  const changed = solutions.filter(isChanged).length;
  const first = t("{0} of {1} changed.", changed, locale.count(solutions.length, "answer"));
  const { n, before, after, fixed, broken } = targetScores(solutions, threshold);
  if (before === null || after === null) return first;
  const scores = [locale.decimal(before), locale.decimal(after), n] as const;
  return `${first} ${t("Against the targets, which no attempt saw: score {0} → {1} (n = {2}), {3} fixed, {4} broken.", ...scores, fixed, broken)}`;
}

/** Why an attempt was chosen, as the end of a sentence. */
export function choiceReason(reason: Solved["reason"], { t }: Locale): string {
  return {
    "first passed": t("the first answer passed"),
    passed: t("it passed"),
    majority: t("most attempts agree on it"),
    "best score": t("it has the best score"),
    last: t("it is the last attempt"),
  }[reason];
}
