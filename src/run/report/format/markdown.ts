import { createTwoFilesPatch } from "diff";
import { edgeLabels } from "../../../i18n/edges.ts";
import { splitLabel } from "../../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../../i18n/locale.ts";
import { oneLine, plain } from "../../../i18n/plain-text.ts";
import { VERDICT_MARKS, verdictLine, verdictReason } from "../../../i18n/verdict.ts";
import { chosenOf } from "../../solutions.ts";
import { conclusionOf } from "../conclusion.ts";
import { headline } from "../headline.ts";
import { changesNote, contributionLabel, frontNote, gateNote, intervalNote } from "../messages.ts";
import type { Change, Comparison, Report, SolvedRow } from "../report.ts";
import { reproduction } from "../reproduce.ts";
import { answerTable, evaluationTable, gradientTable, sampleTable } from "../tables/sample-tables.ts";
import { attemptsTable, solutionTable } from "../tables/solution-tables.ts";
import {
  attemptTable,
  costTable,
  curveTable,
  frontTable,
  resultTable,
  setupTable,
  verdictTable,
} from "../tables/tables.ts";
import { firstChanges, leftOut, type Table } from "./table.ts";

/** The report for a pull request or a terminal. Text from models and data is shown literally. */
export function reportMarkdown(report: Report, locale = ENGLISH): string {
  const { t } = locale;
  const { run, caveats, warnings, limitations, evaluated } = report;
  const answer = conclusionOf(report, locale);
  const list = (lines: readonly string[]) => lines.map((line) => `- ${literal(line)}`).join("\n");
  const sections = [
    `# ${literal(oneLine(run.name, 120) || run.graphFile)}`,
    literal(t("{0} · {1} · run {2}", run.graphFile, locale.timestamp(run.startedAt), run.id)),
    ...(answer ? [`**${literal(answer.sentence)}**`] : []),
    literal(headline(report, locale)),
    ...(caveats.length > 0 ? [`## ${t("Before you rely on this")}`, list(caveats)] : []),
    `## ${t("Result")}`,
    ...(evaluated
      ? [
          table(evaluationTable(evaluated, locale), locale),
          `## ${t("Samples")}`,
          table(answerTable(evaluated.samples, locale), locale),
        ]
      : report.solved
        ? solutions(report.solved.rows, run.options.threshold, locale)
        : found(report, locale)),
    `## ${t("Cost")}`,
    table(costTable(report, locale), locale),
    `## ${t("Setup")}`,
    table(setupTable(report, locale), locale),
    ...(warnings.length > 0 ? [`## ${t("Warnings")}`, list(warnings)] : []),
    `## ${t("What was not measured")}`,
    list(limitations),
    `## ${t("Check it yourself")}`,
    ...reproduction(report, locale).flatMap(({ why, command }) => [literal(why), fenced(command, "sh")]),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

/** The result of a run that solves rows. */
function solutions(rows: readonly SolvedRow[], threshold: number, locale: Locale): string[] {
  return [
    table(solutionTable(rows, threshold, locale), locale),
    ...rows.flatMap(({ solved }) => [
      `### ${literal(oneLine(solved.sample, 120))}`,
      table(attemptsTable(solved, locale), locale),
      fenced(patch(solved.attempts[0]?.reply ?? "", chosenOf(solved)?.reply ?? ""), "diff"),
    ]),
  ];
}

/** The result of an optimization. */
function found(report: Report, locale: Locale): string[] {
  const { t } = locale;
  const { changes, validation, test, front } = report;
  const { shown, left } = firstChanges(changes);
  return [
    table(resultTable(report, locale), locale),
    intervalNote(report, locale),
    table(curveTable(report, locale), locale),
    ...(front.length > 0
      ? [
          `## ${t("Results to choose from")}`,
          literal(frontNote(report, locale)),
          table(frontTable(report, locale), locale),
        ]
      : []),
    `## ${t("Changes")}`,
    changesNote(report, locale),
    ...(changes.length > 0 ? shown.flatMap((one) => change(one, locale)) : [t("The run made no proposals.")]),
    leftOut(left, "proposal", locale),
    `## ${t("Samples")}`,
    ...[validation, test].flatMap((set) => (set ? samples(set, locale) : [])),
    `## ${t("Gate decisions")}`,
    gateNote(report, locale),
    table(verdictTable(report, locale), locale),
  ];
}

function change(one: Change, locale: Locale): string[] {
  const { node, base, text, hypothesis, verdict, part } = one;
  return [
    `### ${VERDICT_MARKS[verdict.decision]} ${literal(oneLine(node, 120))}`,
    `**${literal(verdictLine(verdict, locale, part))}**`,
    verdict.decision === "accepted" ? "" : literal(verdictReason(verdict, locale)),
    hypothesis ? literal(locale.t("Idea: {0}", oneLine(hypothesis, 600))) : "",
    contributionLabel(one, locale),
    edgeLabels(one, locale)
      .map((label) => `- ${literal(label)}`)
      .join("\n"),
    fenced(patch(base, text), "diff"),
    table(gradientTable(one, locale), locale),
    table(attemptTable(one, locale), locale),
  ];
}

/** Only changed samples; the other formats list all. */
function samples({ split, samples: all }: Comparison, locale: Locale): string[] {
  const changed = all.filter(({ change: what }) => what === "fixed" || what === "broken");
  const set = splitLabel(split, locale);
  if (changed.length === 0) return [locale.t("{0}: no samples were fixed or broken.", set)];
  return [locale.t("{0}, fixed and broken:", set), table(sampleTable(changed, locale), locale)];
}

/** Maximum number of changed lines, so that a text of a megabyte does not take long. */
const MOST = 500;

/**
 * Removed and added lines with context, without file names; the old text and then the new one if they differ too much.
 */
function patch(before: string, after: string): string {
  const ended = (text: string) => `${text}\n`;
  const found = createTwoFilesPatch("", "", ended(before), ended(after), "", "", { context: 3, maxEditLength: MOST });
  const signed = (sign: string, text: string) => text.split("\n").map((line) => `${sign}${line}`);
  const lines = found?.split("\n") ?? ["@@ @@", ...signed("-", before), ...signed("+", after)];
  return lines
    .slice(lines.findIndex((line) => line.startsWith("@@")))
    .join("\n")
    .trimEnd();
}

export function table({ head, rows, left }: Table, locale: Locale): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(" | ")} |`;
  const more = left > 0 ? `\n\n${leftOut(left, "row", locale)}` : "";
  return `${[line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n")}${more}`;
}

/** A block of code that its content cannot end: its fence is longer than any row of backticks in it. */
export function fenced(text: string, language = ""): string {
  const content = plain(text);
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/**
 * Text on one line that Markdown shows literally: no HTML, link, image, mention or table cell. An invisible character
 * prevents automatic links from addresses and names.
 */
export function literal(text: string): string {
  return plain(text)
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_[\]<|~&$]/g, "\\$&")
    .replace(/^(\d*)(?=[-+.)>#=]+(\s|$))/, "$1\\")
    .replaceAll("://", ":\u200b//")
    .replace(/\bwww\./gi, "www\u200b.")
    .replace(/[@#](?=\w)/g, "$&\u200b");
}
