import { titleOf } from "../../../data/sample-title.ts";
import { changeLabel, splitLabel } from "../../../i18n/labels.ts";
import type { Locale } from "../../../i18n/locale.ts";
import { oneLine } from "../../../i18n/plain-text.ts";
import { firstOf, type Table } from "../format/table.ts";
import type { Answer, Change, Comparison, SampleRow } from "../report.ts";

/** Maximum characters of a question and of an answer in a table. */
const CELL = 240;

export function gradientTable({ gradients }: Change, { t }: Locale): Table {
  return firstOf([t("iteration"), t("sample"), t("what should change")], gradients, ({ iteration, question, text }) => [
    `${iteration}`,
    oneLine(question, CELL),
    text,
  ]);
}

/** How each sample changed, the most informative first. */
export function sampleTable(samples: readonly SampleRow[], locale: Locale): Table {
  const { t } = locale;
  const cells = (row: SampleRow) => [
    ...question(row, locale),
    answerCell(row.before, locale),
    answerCell(row.after, locale),
  ];
  return changeTable(samples, [t("sample"), t("expected"), t("answer before"), t("answer after")], cells, locale);
}

/** One set under one Θ. */
export function evaluationTable({ split, scored, of, before, nodes = {} }: Comparison, locale: Locale): Table {
  const { t } = locale;
  const { score, interval, right, lenient, formatErrors, tokens } = before;
  const head = [
    "",
    t("samples"),
    t("score"),
    t("right"),
    t("wrong"),
    t("not scored"),
    t("not in the required format"),
    t("lenient score"),
    t("tokens per answer"),
  ];
  const counts = [right, scored - right, of - scored, formatErrors].map(String);
  const cells = [
    splitLabel(split, locale),
    `${of}`,
    `${locale.decimal(score)} (${locale.range(interval)})`,
    ...counts,
    locale.decimal(lenient),
    tokens === null ? "–" : locale.integer(tokens),
  ];
  const ofNodes = Object.entries(nodes).map(([node, { n, after, rightAfter }]) => [
    oneLine(node, 60),
    `${n}`,
    locale.decimal(after),
    `${rightAfter}`,
    `${n - rightAfter}`,
    ...["–", "–", "–", "–"],
  ]);
  return { head, rows: [cells, ...ofNodes], left: 0 };
}

/** The answer to each sample, wrong ones first. */
export function answerTable(samples: readonly SampleRow[], locale: Locale): Table {
  const { t } = locale;
  const cells = (row: SampleRow) => [...question(row, locale), answerCell(row.after, locale)];
  return changeTable(samples, [t("sample"), t("expected"), t("answer")], cells, locale);
}

function changeTable(
  samples: readonly SampleRow[],
  head: readonly string[],
  cells: (row: SampleRow) => readonly string[],
  locale: Locale,
): Table {
  const groups: Record<SampleRow["change"], SampleRow[]> = {
    broken: [],
    fixed: [],
    unscored: [],
    wrong: [],
    right: [],
  };
  for (const row of samples) groups[row.change].push(row);
  const told = Object.values(groups).flat();
  return firstOf(["", ...head], told, (row) => [changeLabel(row.change, locale), ...cells(row)], {
    column: 0,
    of: ({ change }) => change,
  });
}

function question(row: SampleRow, locale: Locale): string[] {
  return [oneLine(titleOf(row), CELL), expectedText(row, locale)];
}

/** `billing · urgency: yes`: the expected answer, and those of nodes with targets of their own. */
export function expectedText({ expected, nodes = {} }: Pick<SampleRow, "expected" | "nodes">, { t }: Locale): string {
  const either = (accepted: readonly string[]) => accepted.join(` ${t("or")} `);
  const own = Object.entries(nodes).map(([node, accepted]) => `${node}: ${either(accepted)}`);
  return oneLine([either(expected), ...own].filter(Boolean).join(" · "), CELL) || "–";
}

/** `billing · urgency: no`: an answer, and the values of nodes with targets of their own. */
export function valuesText(answer: Answer, { t }: Locale): string {
  const shown = (text: string | null) => (text === null ? t("not recorded") : oneLine(text, CELL) || t("(empty)"));
  const own = Object.entries(answer.nodes ?? {}).map(([node, { text }]) => ` · ${node}: ${shown(text)}`);
  return `${shown(answer.text)}${own.join("")}`;
}

function answerCell(answer: Answer | null, locale: Locale): string {
  const { t } = locale;
  if (!answer) return t("not asked");
  const graded = answer.score !== null && answer.score > 0 && answer.score < 1;
  const reasons = answer.votes
    .filter(({ score }) => score < 1)
    .map(({ score, reason }) => `${locale.percent(score)}: ${reason}`);
  const judged = reasons.length > 0 ? ` — ${t("judge: {0}", oneLine(reasons.join(" / "), CELL))}` : "";
  return `${valuesText(answer, locale)}${graded ? ` (${locale.percent(answer.score)})` : ""}${judged}`;
}
