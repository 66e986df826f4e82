import { edgeLabels } from "../../../i18n/edges.ts";
import { splitLabel } from "../../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../../i18n/locale.ts";
import { oneLine, plain } from "../../../i18n/plain-text.ts";
import { VERDICT_MARKS, verdictLine, verdictReason } from "../../../i18n/verdict.ts";
import type { Yielder } from "../../../models/yielder.ts";
import { chosenOf } from "../../solutions.ts";
import { conclusionOf } from "../conclusion.ts";
import { headline } from "../headline.ts";
import { changesNote, contributionLabel, frontNote, gateNote, intervalNote, methodLabel } from "../messages.ts";
import type { Change, Comparison, Figure, Report, SolvedRow } from "../report.ts";
import { reproduction } from "../reproduce.ts";
import { answerTable, evaluationTable, gradientTable, sampleTable } from "../tables/sample-tables.ts";
import { sideBySide } from "../tables/side-by-side.ts";
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
import { wordChanges } from "../tables/word-changes.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { pageHtml } from "./page.ts";
import { axis, bar, intervalPlot, scorePlot } from "./plot.ts";
import { firstChanges, leftOut, type Table } from "./table.ts";

/** @param theme see `pageHtml` */
export function reportHtml(report: Report, locale = ENGLISH, theme = ""): string {
  const { shown } = firstChanges(report.changes);
  return wholePage(
    report,
    shown.map((one) => change(one, locale)),
    locale,
    theme,
  );
}

/** The same in short tasks: the changes take most of the time. */
export async function reportHtmlInTurns(report: Report, turns: Yielder, locale = ENGLISH, theme = ""): Promise<string> {
  const changes: Markup[] = [];
  for (const one of firstChanges(report.changes).shown) {
    await turns.next();
    changes.push(change(one, locale));
  }
  await turns.next();
  return wholePage(report, changes, locale, theme);
}

/** @param changes those that are shown */
function wholePage(report: Report, changes: readonly Markup[], locale: Locale, theme: string): string {
  const { run, evaluated, solved } = report;
  const title = oneLine(run.name, 120) || run.graphFile;
  const body = solved
    ? solvedBody(report, solved.rows, title, locale)
    : evaluated
      ? evaluationBody(report, evaluated, title, locale)
      : runBody(report, changes, title, locale);
  return pageHtml(locale.t("{0} · AgentGraph report", title), body, locale, theme);
}

function runBody(report: Report, shown: readonly Markup[], title: string, locale: Locale): Markup {
  const { t } = locale;
  const { run, changes, validation, test } = report;
  const answer = conclusionOf(report, locale);
  const unseen = test ?? validation;
  const { left } = firstChanges(changes);
  const sections = {
    result: t("Result"),
    ...(report.front.length > 0 && { front: t("Results to choose from") }),
    ...(unseen && { sides: t("Sample by sample") }),
    changes: t("Changes"),
    samples: t("Samples"),
    gate: t("Gate decisions"),
    cost: t("Cost"),
    setup: t("Setup"),
    check: t("Check it yourself"),
  };
  return html`<header>
<h1>${title}</h1>
<p class="soft">${t("{0} · {1} · run {2}", run.graphFile, locale.timestamp(run.startedAt), run.id)}</p>
${answer ? html`<p class="answer ${answer.answer}">${answer.sentence}</p>` : null}
<p class="${answer ? "soft" : "lead"}">${headline(report, locale)}</p>
<nav aria-label="${t("Sections")}">${Object.entries(sections).map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
</header>
<main>
${caveats(report, locale)}
<h2 id="result">${sections.result}</h2>
${result(report, locale)}
${unseen ? html`<h2 id="sides">${t("Sample by sample")}</h2>${sideBySide(unseen, locale)}` : null}
<h2 id="changes">${sections.changes}</h2>
${changes.length > 0 ? html`<p class="soft">${changesNote(report, locale)}</p>` : html`<p>${t("The run made no proposals.")}</p>`}
${shown}
${left > 0 ? html`<p class="left">${leftOut(left, "proposal", locale)}</p>` : null}
<h2 id="samples">${sections.samples}</h2>
${[validation, test].map((set) => (set ? samples(set, locale) : null))}
<h2 id="gate">${sections.gate}</h2>
<p class="soft">${gateNote(report, locale)}</p>
${table(verdictTable(report, locale), locale)}
<h2 id="cost">${sections.cost}</h2>
${cost(report, locale)}
<h2 id="setup">${sections.setup}</h2>
${table(setupTable(report, locale), locale)}
${remarks(report, locale)}
<h2 id="check">${sections.check}</h2>
${reproduced(report, locale)}
</main>`;
}

/** For a run that solves rows: each row with its attempts, and what changed in the reply. */
function solvedBody(report: Report, rows: readonly SolvedRow[], title: string, locale: Locale): Markup {
  const { t } = locale;
  const { run } = report;
  return html`<header>
<h1>${title}</h1>
<p class="soft">${t("{0} · {1} · run {2}", run.graphFile, locale.timestamp(run.startedAt), run.id)}</p>
<p class="lead">${headline(report, locale)}</p>
</header>
<main>
${caveats(report, locale)}
<h2>${t("Result")}</h2>
${table(solutionTable(rows, run.options.threshold, locale), locale)}
${rows.map(
  ({ question, solved }) => html`<article>
<h3>${oneLine(solved.sample, 120)} <span class="soft">${oneLine(question, 200)}</span></h3>
<div class="text">${wordMarkup(solved.attempts[0]?.reply ?? "", chosenOf(solved)?.reply ?? "")}</div>
${table(attemptsTable(solved, locale), locale)}
</article>`,
)}
${background(report, locale)}
</main>`;
}

/** The end of a page whose sections have no links: cost, setup, and how to check it. */
function background(report: Report, locale: Locale): Markup {
  const { t } = locale;
  return html`<h2>${t("Cost")}</h2>
${cost(report, locale)}
<h2>${t("Setup")}</h2>
${table(setupTable(report, locale), locale)}
${remarks(report, locale)}
<h2>${t("Check it yourself")}</h2>
${reproduced(report, locale)}`;
}

/** For an evaluation: wrong answers come first. */
function evaluationBody(report: Report, set: Comparison, title: string, locale: Locale): Markup {
  const { t } = locale;
  const { run } = report;
  return html`<header>
<h1>${title}</h1>
<p class="soft">${t("{0} · {1} · evaluation {2}", run.graphFile, locale.timestamp(run.startedAt), run.id)}</p>
<p class="lead">${headline(report, locale)}</p>
</header>
<main>
${caveats(report, locale)}
<h2>${t("Result")}</h2>
${strips([[splitLabel(set.split, locale), set.before, true]], locale)}
${table(evaluationTable(set, locale), locale)}
<h2>${t("Samples")}</h2>
${table(answerTable(set.samples, locale), locale)}
${background(report, locale)}
</main>`;
}

function caveats({ caveats: lines }: Report, { t }: Locale): Markup {
  return listed(t("Before you rely on this"), lines, "caveats");
}

function remarks({ warnings, limitations }: Report, { t }: Locale): Markup {
  return html`${listed(t("Warnings"), warnings)}${listed(t("What was not measured"), limitations)}`;
}

export function listed(title: string, lines: readonly string[], kind = "lines"): Markup {
  if (lines.length === 0) return html``;
  return html`<h2>${title}</h2><ul class="${kind}">${lines.map((one) => html`<li>${one}</li>`)}</ul>`;
}

function reproduced(report: Report, locale: Locale): Content {
  return reproduction(report, locale).map(({ why, command }) => html`<p>${why}</p><div class="text">${command}</div>`);
}

/** Scores with their intervals, one per row: name, figure, and whether it is the result of the run. */
export function strips(
  rows: readonly (readonly [string, Pick<Figure, "score" | "interval">, boolean])[],
  locale: Locale,
): Markup {
  if (rows.length === 0) return html``;
  const strip = ([name, one, isResult]: (typeof rows)[number]) =>
    html`<span>${name}</span>${intervalPlot(one, isResult, locale)}<span>${locale.decimal(one.score)} <span class="soft">(${locale.range(one.interval)})</span></span>`;
  return html`<div class="strips">${rows.map(strip)}<span></span>${axis(locale)}<span></span></div>`;
}

function result(report: Report, locale: Locale): Markup {
  const { t } = locale;
  const { curve, test, validation, baselines, front } = report;
  const sets = [validation, test].filter((set) => set !== null);
  const rows = sets.flatMap(({ split, before, after }) => {
    const name = splitLabel(split, locale);
    const compared = baselines.flatMap(({ method, ...scored }) => {
      const set = split === "test" ? scored.test : scored.validation;
      return set ? [[t("{0}, with {1}", name, methodLabel(method, locale)), set.after, false] as const] : [];
    });
    return [
      [t("{0}, original graph", name), before, false] as const,
      ...compared,
      [t("{0}, result", name), after, true] as const,
    ];
  });
  return html`${curve.length > 0 ? html`<div class="tables" tabindex="0">${scorePlot(curve, test, locale)}</div>` : null}
<p class="soft">${t("Scores are 1 − loss. A filled point marks an iteration in which the gate accepted a change.")} ${intervalNote(report, locale)}</p>
${strips(rows, locale)}
${table(resultTable(report, locale), locale)}
${more(t("Scores by iteration"), curveTable(report, locale), locale)}
${front.length > 0 ? html`<h2 id="front">${t("Results to choose from")}</h2><p>${frontNote(report, locale)}</p>${table(frontTable(report, locale), locale)}` : null}`;
}

/** The new text, with what was added and what was removed. */
export function wordMarkup(before: string, after: string): Markup[] {
  return wordChanges(plain(before), plain(after)).map(({ kind, text: words }) =>
    kind === "added" ? html`<ins>${words}</ins>` : kind === "removed" ? html`<del>${words}</del>` : html`${words}`,
  );
}

function change(one: Change, locale: Locale): Markup {
  const { t } = locale;
  const { node, role, base, text, hypothesis, verdict, act } = one;
  const acts = {
    applied: t("You applied this proposal."),
    dismissed: t("You rejected this proposal."),
    committed: t("You committed this proposal."),
  };
  const said = [
    hypothesis ? t("Idea: {0}", oneLine(hypothesis, 600)) : "",
    contributionLabel(one, locale),
    ...edgeLabels(one, locale),
    act ? acts[act] : "",
  ].filter(Boolean);
  const gradients = locale.count(one.gradients.length, "gradient");
  return html`<article>
<h3>${oneLine(node, 120)}${role ? html` <span class="soft">${oneLine(role, 200)}</span>` : null}</h3>
<p class="verdict ${verdict.decision}">${VERDICT_MARKS[verdict.decision]} ${verdictLine(verdict, locale, one.part)}</p>
${verdict.decision === "accepted" ? "" : html`<p>${verdictReason(verdict, locale)}</p>`}
${said.map((line) => html`<p>${line}</p>`)}
<div class="text">${wordMarkup(base, text)}</div>
${more(t("Its value: {0}", gradients), gradientTable(one, locale), locale)}
${more(t("Samples fixed and broken: {0}", one.samples.length), sampleTable(one.samples, locale), locale)}
${more(t("Attempts: {0}", one.attempts.length), attemptTable(one, locale), locale)}
</article>`;
}

function samples({ split, samples: all, scored, of }: Comparison, locale: Locale): Markup {
  const { t } = locale;
  const count = (change: string) => all.filter((row) => row.change === change).length;
  const counts = [
    t("{0} fixed", count("fixed")),
    t("{0} broken", count("broken")),
    t("{0} right before and after", count("right")),
    t("{0} wrong before and after", count("wrong")),
    ...(scored < of ? [t("{0} not scored", of - scored)] : []),
  ];
  return more(`${splitLabel(split, locale)}: ${counts.join(", ")}`, sampleTable(all, locale), locale);
}

function cost(report: Report, locale: Locale): Markup {
  const { t } = locale;
  const { tokens, calls, byPurpose } = report.cost;
  const all = tokens.prompt + tokens.completion;
  const bars = byPurpose.map(({ purpose, prompt, completion }) => {
    const share = all > 0 ? (prompt + completion) / all : 0;
    return html`<span>${purpose}</span>${bar(share, locale)}<span class="soft">${t("{0} of all tokens", locale.percent(share))}</span>`;
  });
  const said = [
    calls.test > 0
      ? t("{0} of {1} calls scored the test set.", locale.integer(calls.test), locale.integer(calls.total))
      : "",
    calls.retried > 0 ? t("Retries of failed requests: {0}.", calls.retried) : "",
    tokens.estimated ? t("The provider did not report token usage, so token counts are estimates.") : "",
  ].filter(Boolean);
  return html`<div class="strips">${bars}</div>
${table(costTable(report, locale), locale)}
<p class="soft">${said.join(" ")}</p>`;
}

function more(summary: string, rows: Table, locale: Locale): Markup {
  if (rows.rows.length === 0) return html``;
  return html`<details><summary>${summary}</summary>${table(rows, locale)}</details>`;
}

/** Text that can be broken anywhere, so that it does not widen its table. */
const LONG_WORD = /\S{25}/;
/** A name of a file or a model, which is not broken at its hyphens where there is room for columns. */
const NAME = /^[^\s-]+(?:-[^\s-]+)+$/;

/** A cell that holds a figure alone, or nothing. */
const FIGURE = /^(?:[–-]?|[≈<>]?\s?[-+−]?[$€£]?\d[\d.,\s]*(?:%|ms|s|min|h)?)$/;

/** Whether a column holds figures, which end at the same edge. */
function isOfFigures(rows: Table["rows"], column: number): boolean {
  const cells = rows.map((row) => row[column] ?? "");
  return cells.every((content) => FIGURE.test(content)) && cells.some((content) => /\d/.test(content));
}

/** On a narrow page each row of a table with several columns is a list of its cells, each under its column's name. */
export function table({ head, rows, left, tones }: Table, locale: Locale): Markup {
  if (rows.length === 0) return html``;
  const isWide = head.length > 2;
  const figures = head.map((_, column) => isOfFigures(rows, column));
  const heading = (content: string, column: number) =>
    content ? html`<th scope="col"${figures[column] ? html` class="figure"` : null}>${content}</th>` : html`<td></td>`;
  const headings = head.some(Boolean) ? html`<thead><tr>${head.map(heading)}</tr></thead>` : null;
  const cell = (content: string, column: number, row: number) => {
    const label = isWide ? html` data-label="${head[column] ?? ""}"` : null;
    const classes = [
      column === tones?.column ? tones.of[row] : "",
      LONG_WORD.test(content) ? "long" : isWide && NAME.test(content) ? "name" : "",
      figures[column] ? "figure" : "",
    ].filter(Boolean);
    const kind = classes.length > 0 ? html` class="${classes.join(" ")}"` : null;
    return html`<td${label}${kind}>${content}</td>`;
  };
  return html`<table${isWide ? html` class="wide"` : null}>${headings}<tbody>
${rows.map((cells, row) => html`<tr>${cells.map((content, column) => cell(content, column, row))}</tr>\n`)}</tbody></table>
${left > 0 ? html`<p class="left">${leftOut(left, "row", locale)}</p>` : null}`;
}
