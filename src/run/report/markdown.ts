import { createTwoFilesPatch } from "diff";
import { oneLine, plain } from "../plain.ts";
import { ENGLISH, type Speech } from "../speech.ts";
import { verdictLine } from "../words.ts";
import { headline } from "./headline.ts";
import type { Change, Comparison, Report } from "./report.ts";
import { reproduction } from "./reproduce.ts";
import { answerTable, evaluationTable, gradientTable, sampleTable } from "./sample-tables.ts";
import type { Table } from "./table.ts";
import { attemptTable, costTable, curveTable, resultTable, setupTable, verdictTable } from "./tables.ts";
import { changesWords, earnsWords, gateWords, intervalWords, splitWord } from "./words.ts";

/** The report for a pull request or a terminal. What models and data say stands in it letter by letter. */
export function reportMarkdown(report: Report, speech = ENGLISH): string {
  const { t } = speech;
  const { run, cautions, warnings, gaps, evaluated } = report;
  const list = (lines: readonly string[]) => lines.map((line) => `- ${literal(line)}`).join("\n");
  const sections = [
    `# ${literal(oneLine(run.name, 120) || run.graphFile)}`,
    literal(t("{0} · {1} · run {2}", run.graphFile, speech.moment(run.startedAt), run.id)),
    literal(headline(report, speech)),
    ...(cautions.length > 0 ? [`## ${t("Before you believe it")}`, list(cautions)] : []),
    `## ${t("Result")}`,
    ...(evaluated
      ? [
          table(evaluationTable(evaluated, speech), speech),
          `## ${t("Samples")}`,
          table(answerTable(evaluated.samples, speech), speech),
        ]
      : found(report, speech)),
    `## ${t("Cost")}`,
    table(costTable(report, speech), speech),
    `## ${t("Set-up")}`,
    table(setupTable(report, speech), speech),
    ...(warnings.length > 0 ? [`## ${t("Warnings")}`, list(warnings)] : []),
    `## ${t("What was not measured")}`,
    list(gaps),
    `## ${t("Check it yourself")}`,
    ...reproduction(report, speech).flatMap(({ why, command }) => [literal(why), fenced(command, "sh")]),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

/** What came of a run that optimizes. */
function found(report: Report, speech: Speech): string[] {
  const { t } = speech;
  const { changes, validation, test } = report;
  return [
    table(resultTable(report, speech), speech),
    intervalWords(report, speech),
    table(curveTable(report, speech), speech),
    `## ${t("Changes")}`,
    changesWords(report, speech),
    ...(changes.length > 0 ? changes.flatMap((one) => change(one, speech)) : [t("No proposal was made.")]),
    `## ${t("Samples")}`,
    ...[validation, test].flatMap((set) => (set ? samples(set, speech) : [])),
    `## ${t("What the gate said")}`,
    gateWords(report, speech),
    table(verdictTable(report, speech), speech),
  ];
}

function change(one: Change, speech: Speech): string[] {
  const { node, base, text, hypothesis, verdict } = one;
  const mark = { accepted: "✓", rejected: "✗", undecided: "?" }[verdict.decision];
  return [
    `### ${mark} ${literal(oneLine(node, 120))}`,
    `**${literal(verdictLine(verdict, speech))}**`,
    hypothesis ? literal(speech.t("Idea: {0}", oneLine(hypothesis, 600))) : "",
    earnsWords(one, speech),
    fenced(patch(base, text), "diff"),
    table(gradientTable(one, speech), speech),
    table(attemptTable(one, speech), speech),
  ];
}

/** Only what changed: all samples stand in the other forms. */
function samples({ split, samples: all }: Comparison, speech: Speech): string[] {
  const changed = all.filter(({ change: what }) => what === "fixed" || what === "broken");
  const set = splitWord(split, speech);
  if (changed.length === 0) return [speech.t("{0}: no sample was fixed or broken.", set)];
  return [speech.t("{0}, fixed and broken:", set), table(sampleTable(changed, speech), speech)];
}

/** Changed lines that are looked for at most: a text of a megabyte must not hold anybody up. */
const MOST = 500;

/** Removed and added lines with some context, without the names of files, of which there are none; the old text and then the new where they are too far apart. */
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

function table({ head, rows, left }: Table, { t }: Speech): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(" | ")} |`;
  const more = left > 0 ? `\n\n${t("{0} more rows stand in the JSON form of this report.", left)}` : "";
  return `${[line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n")}${more}`;
}

/** A block of code that its content cannot end: its fence is longer than any row of backticks in it. */
function fenced(text: string, language: string): string {
  const content = plain(text);
  const longest = Math.max(2, ...[...content.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${content}\n${fence}`;
}

/**
 * Text on one line that Markdown shows letter by letter: no HTML, link, image, mention or table cell comes of it. Bare
 * addresses and names become links without any mark, so an invisible character parts them.
 */
function literal(text: string): string {
  return plain(text)
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_[\]<|~&$]/g, "\\$&")
    .replace(/^(\d*)(?=[-+.)>#=]+(\s|$))/, "$1\\")
    .replaceAll("://", ":\u200b//")
    .replace(/\bwww\./gi, "www\u200b.")
    .replace(/[@#](?=\w)/g, "$&\u200b");
}
