import type { Locale } from "../../i18n/locale.ts";
import { type Table, tight } from "../report/format/table.ts";
import type { AnswerCost, BreakEven, BreakEvenRow } from "./break-even.ts";
import type { Gain } from "./gain.ts";

/** After how many answers each search has paid for itself, one sentence per method. */
export function breakEvenLines({ model, answer, rows, untouched }: BreakEven, locale: Locale): string[] {
  const lines = rows.map((row) => lineOf(row, model, answer, locale));
  const isCheaper = untouched.answer.usd !== null && answer.usd !== null && untouched.answer.usd < answer.usd;
  if (!isCheaper || !untouched.difference) return lines;
  return [
    ...lines,
    locale.t(
      "The original graph, without any search, costs {0}. Score: {1}.",
      perAnswer(untouched.answer, locale),
      differenceWords(untouched.difference, locale),
    ),
  ];
}

function lineOf(
  { name, answer, search, answers, difference }: BreakEvenRow,
  model: string,
  other: AnswerCost,
  locale: Locale,
): string {
  const { t } = locale;
  if (answer.usd === null || other.usd === null || search === null) {
    return t("{0} against {1}: the price of a model is unknown. Set it with --price.", name, model);
  }
  const score = difference ? differenceWords(difference, locale) : t("not scored");
  if (isFree(answer, other)) {
    return t(
      "{0} and {1} cost nothing at these prices, so there is nothing to pay for: an answer takes {2} instead of {3}. Score: {4}.",
      name,
      model,
      locale.count(Math.round(answer.tokens), "token"),
      locale.integer(other.tokens),
      score,
    );
  }
  if (answers === null) {
    return t(
      "{0} does not pay for itself against {1}: an answer costs {2} instead of {3}. Score: {4}.",
      name,
      model,
      perAnswer(answer, locale),
      perAnswer(other, locale),
      score,
    );
  }
  return t(
    "{0} pays for itself against {1} after {2} answers: the search costs {3}, and an answer {4} instead of {5}. Score: {6}.",
    name,
    model,
    locale.integer(answers),
    locale.money(search),
    perAnswer(answer, locale),
    perAnswer(other, locale),
    score,
  );
}

function isFree(answer: AnswerCost, other: AnswerCost): boolean {
  return answer.usd === 0 && other.usd === 0;
}

function paidAfter({ answer, answers }: BreakEvenRow, other: AnswerCost, locale: Locale): string {
  if (answers !== null) return locale.count(answers, "answer");
  return isFree(answer, other) ? "–" : locale.t("never");
}

/** `+0.05 (−0.02 … +0.12), not significant`: what is not significant is not shown to be equal. */
function differenceWords({ mean, interval: [low, high], isSignificant }: Gain, locale: Locale): string {
  const { t } = locale;
  if (low === 0 && high === 0) return t("0 (no sample differs)");
  const figures = `${locale.signed(mean)} (${locale.signed(low)} … ${locale.signed(high)})`;
  return isSignificant ? figures : t("{0}, not significant", figures);
}

/** Per 1,000 answers, because the cost of one is too small to read. */
function perAnswer({ usd }: AnswerCost, locale: Locale): string {
  return usd === null ? "–" : locale.t("{0} per 1,000", locale.money(1000 * usd));
}

export function breakEvenTable({ model, answer, rows, untouched }: BreakEven, locale: Locale): Table {
  const { t } = locale;
  const money = (usd: number | null) => tight(usd === null ? "–" : locale.money(1000 * usd));
  return {
    head: [
      "",
      t("tokens of an answer"),
      t("cost of 1,000 answers"),
      t("cost of the search"),
      t("paid for after"),
      t("score against {0}", model),
    ],
    rows: [
      ...rows.map((row) => [
        row.name,
        locale.integer(row.answer.tokens),
        money(row.answer.usd),
        tight(row.search === null ? "–" : locale.money(row.search)),
        paidAfter(row, answer, locale),
        row.difference ? differenceWords(row.difference, locale) : "–",
      ]),
      [
        t("original graph"),
        locale.integer(untouched.answer.tokens),
        money(untouched.answer.usd),
        "–",
        "–",
        untouched.difference ? differenceWords(untouched.difference, locale) : "–",
      ],
      [t("original graph with {0}", model), locale.integer(answer.tokens), money(answer.usd), "–", "–", "–"],
    ],
    left: 0,
  };
}
