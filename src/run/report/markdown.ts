import { createTwoFilesPatch } from "diff";
import { oneLine, plain } from "../plain.ts";
import { verdictLine } from "../words.ts";
import { moment } from "./figures.ts";
import { headline } from "./headline.ts";
import type { Change, Comparison, Report } from "./report.ts";
import { reproduction } from "./reproduce.ts";
import {
  answerTable,
  attemptTable,
  costTable,
  curveTable,
  evaluationTable,
  gradientTable,
  intervalWords,
  resultTable,
  sampleTable,
  setupTable,
  type Table,
  telling,
  verdictTable,
} from "./tables.ts";

/** The report for a pull request or a terminal. What models and data say stands in it letter by letter. */
export function reportMarkdown(report: Report): string {
  const { run, cautions, warnings, gaps, evaluated } = report;
  const list = (lines: readonly string[]) => lines.map((line) => `- ${literal(line)}`).join("\n");
  const sections = [
    `# ${literal(oneLine(run.name, 120) || run.graphFile)}`,
    literal(`${run.graphFile} · ${moment(run.startedAt)} · run ${run.id}`),
    literal(headline(report)),
    ...(cautions.length > 0 ? ["## Before you believe it", list(cautions)] : []),
    "## Result",
    ...(evaluated
      ? [table(evaluationTable(evaluated)), "## Samples", table(answerTable(evaluated.samples))]
      : found(report)),
    "## Cost",
    table(costTable(report)),
    "## Set-up",
    table(setupTable(report)),
    ...(warnings.length > 0 ? ["## Warnings", list(warnings)] : []),
    "## What was not measured",
    list(gaps),
    "## Check it yourself",
    ...reproduction(report).flatMap(({ why, command }) => [literal(why), fenced(command, "sh")]),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

/** What came of a run that optimizes. */
function found(report: Report): string[] {
  const { changes, validation, test } = report;
  return [
    table(resultTable(report)),
    `${intervalWords(report)} Lenient: the right answer may stand anywhere in the reply.`,
    table(curveTable(report)),
    "## Changes",
    ...(changes.length > 0 ? changes.flatMap(change) : ["No proposal was made."]),
    "## Samples",
    ...[validation, test].flatMap((set) => (set ? samples(set) : [])),
    "## What the gate said",
    table(verdictTable(report)),
  ];
}

function change(one: Change): string[] {
  const { node, base, text, hypothesis, verdict, earns } = one;
  const mark = { accepted: "✓", rejected: "✗", undecided: "?" }[verdict.decision];
  return [
    `### ${mark} ${literal(oneLine(node, 120))}`,
    `**${literal(verdictLine(verdict))}**`,
    hypothesis ? `Idea: ${literal(oneLine(hypothesis, 600))}` : "",
    earns === false ? "Leave-one-out: without this change the result is no worse. It may be dropped." : "",
    fenced(patch(base, text), "diff"),
    table(gradientTable(one)),
    table(attemptTable(one)),
  ];
}

/** Only what changed: all samples stand in the other forms. */
function samples({ split, samples: all }: Comparison): string[] {
  const changed = telling(all).filter(({ change: what }) => what === "fixed" || what === "broken");
  if (changed.length === 0) return [`No ${split} sample was fixed or broken.`];
  return [`Fixed and broken ${split} samples:`, table(sampleTable(changed, true))];
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

function table({ head, rows, left }: Table): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(literal).join(" | ")} |`;
  const more = left > 0 ? `\n\n${left} more rows stand in the JSON form of this report.` : "";
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
