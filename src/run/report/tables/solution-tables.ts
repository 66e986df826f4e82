import type { Solved } from "../../../engine/solution-schema.ts";
import type { Locale } from "../../../i18n/locale.ts";
import { oneLine } from "../../../i18n/plain-text.ts";
import { choiceReason, chosenOf } from "../../solutions.ts";
import { firstOf, type Table } from "../format/table.ts";
import type { SampleRow, SolvedRow } from "../report.ts";

/** Maximum characters of a question, an answer and a criticism in a table. */
const CELL = 240;

/** The first answer to each row and the one that counts; changed ones come first. */
export function solutionTable(rows: readonly SolvedRow[], threshold: number, locale: Locale): Table {
  const { t } = locale;
  const order: SampleRow["change"][] = ["broken", "fixed", "unscored", "wrong", "right"];
  const sorted = order.flatMap((change) => rows.filter(({ solved }) => changeOf(solved, threshold) === change));
  const head = [t("sample"), t("expected"), t("first answer"), t("answer"), t("attempts"), t("because")];
  return firstOf(head, sorted, ({ question, expected, solved }) => [
    oneLine(question, CELL),
    oneLine(expected.join(` ${t("or")} `), CELL) || "–",
    oneLine(solved.attempts[0]?.answer ?? "", CELL),
    oneLine(chosenOf(solved)?.answer ?? "", CELL),
    `${solved.attempts.length}`,
    choiceReason(solved.reason, locale),
  ]);
}

/** The criticism of each attempt at one row, and the solver's response. */
export function attemptsTable({ attempts }: Solved, locale: Locale): Table {
  const { t } = locale;
  const head = [t("attempt"), t("answer"), t("score"), t("what to improve"), t("reflection")];
  return firstOf(head, attempts, ({ step, answer, score, criticism, note }) => [
    `${step}`,
    oneLine(answer, CELL),
    score === null ? t("not scored") : locale.decimal(score),
    oneLine(criticism, CELL),
    oneLine(note, CELL),
  ]);
}

function changeOf({ before, after }: Solved, threshold: number): SampleRow["change"] {
  if (before === null || after === null) return "unscored";
  const [was, is] = [before <= threshold, after <= threshold];
  return is ? (was ? "right" : "fixed") : was ? "broken" : "wrong";
}
