import { createHash } from "node:crypto";
import { oneLine, plain } from "../plain.ts";
import { verdictLine } from "../words.ts";
import { figure, moment, range } from "./figures.ts";
import { headline } from "./headline.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { bar, intervalPlot, scorePlot } from "./plot.ts";
import type { Change, Comparison, Figure, Report } from "./report.ts";
import { reproduction } from "./reproduce.ts";
import { STYLE } from "./style.ts";
import {
  answerTable,
  attemptTable,
  costTable,
  curveTable,
  evaluationTable,
  gradientTable,
  intervalWords,
  methodWords,
  resultTable,
  sampleTable,
  setupTable,
  type Table,
  telling,
  verdictTable,
} from "./tables.ts";
import { wordChanges } from "./word-changes.ts";

/** @param theme see `pageHtml` */
export function reportHtml(report: Report, theme = ""): string {
  const { run } = report;
  const title = oneLine(run.name, 120) || run.graphFile;
  return pageHtml(`${title} · AgentGraph report`, body(report, title), theme);
}

/**
 * One self-contained page: no script, nothing loaded from anywhere, and a policy that would not let it. The style sheet
 * is the only thing the policy knows, by its hash.
 * @param theme rules that follow those of the style sheet
 */
export function pageHtml(title: string, body: Markup, theme = ""): string {
  const style = STYLE + theme;
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>`;
  return `${page.text}${style}</style>\n</head>\n<body>\n${body.text}\n</body>\n</html>\n`;
}

function hashOf(style: string): string {
  return `sha256-${createHash("sha256").update(style).digest("base64")}`;
}

function body(report: Report, title: string): Markup {
  const { run, cautions, warnings, gaps, evaluated } = report;
  if (evaluated) return evaluationBody(report, evaluated, title);
  return html`<header>
<h1>${title}</h1>
<p class="soft">${run.graphFile} · ${moment(run.startedAt)} · run ${run.id}</p>
<p class="lead">${headline(report)}</p>
<nav aria-label="Sections"><a href="#result">Result</a><a href="#changes">Changes</a><a href="#samples">Samples</a><a href="#gate">Gate</a><a href="#cost">Cost</a><a href="#setup">Set-up</a></nav>
</header>
<main>
${cautions.length > 0 ? html`<h2>Before you believe it</h2><ul class="cautions">${cautions.map((one) => html`<li>${one}</li>`)}</ul>` : null}
<h2 id="result">Result</h2>
${result(report)}
<h2 id="changes">Changes</h2>
${report.changes.length > 0 ? report.changes.map(change) : html`<p>No proposal was made.</p>`}
<h2 id="samples">Samples</h2>
${[report.validation, report.test].map((set) => (set ? samples(set) : null))}
<h2 id="gate">What the gate said</h2>
<p class="soft">Each row is one comparison of new texts with those of its time, on the validation set. A comparison stops as soon as the rest cannot change its outcome.</p>
${table(verdictTable(report), 3)}
<h2 id="cost">Cost</h2>
${cost(report)}
<h2 id="setup">Set-up</h2>
${table(setupTable(report))}
${listed("Warnings", warnings)}
${listed("What was not measured", gaps)}
<h2>Check it yourself</h2>
${reproduction(report).map(({ why, command }) => html`<p>${why}</p><div class="text">${command}</div>`)}
</main>`;
}

/** Of a run that only scored the graph as it is: what it answered wrong stands first. */
function evaluationBody(report: Report, set: Comparison, title: string): Markup {
  const { run, cautions, warnings, gaps } = report;
  const { split, before, samples: all } = set;
  return html`<header>
<h1>${title}</h1>
<p class="soft">${run.graphFile} · ${moment(run.startedAt)} · evaluation ${run.id}</p>
<p class="lead">${headline(report)}</p>
</header>
<main>
${cautions.length > 0 ? html`<h2>Before you believe it</h2><ul class="cautions">${cautions.map((one) => html`<li>${one}</li>`)}</ul>` : null}
<h2>Result</h2>
<div class="strips"><span>${split}, graph as it is</span>${intervalPlot(before, true)}<span>${figure(before.score)} <span class="soft">${range(before.interval)}</span></span></div>
${table(evaluationTable(set))}
<h2>Samples</h2>
${table(answerTable(all), 0)}
<h2>Cost</h2>
${cost(report)}
<h2>Set-up</h2>
${table(setupTable(report))}
${listed("Warnings", warnings)}
${listed("What was not measured", gaps)}
</main>`;
}

function listed(title: string, lines: readonly string[]): Markup {
  return lines.length > 0 ? html`<h2>${title}</h2><ul>${lines.map((one) => html`<li>${one}</li>`)}</ul>` : html``;
}

function result(report: Report): Markup {
  const { curve, test, validation, baselines } = report;
  const sets = [validation, test].filter((set) => set !== null);
  const strip = (name: string, one: Figure, isResult = false) =>
    html`<span>${name}</span>${intervalPlot(one, isResult)}<span>${figure(one.score)} <span class="soft">${range(one.interval)}</span></span>`;
  const strips = sets.flatMap(({ split, before, after }) => [
    strip(`${split}, untouched graph`, before),
    ...baselines.flatMap(({ method, ...scored }) => {
      const set = split === "test" ? scored.test : scored.validation;
      return set ? [strip(`${split}, with ${methodWords(method)}`, set.after)] : [];
    }),
    strip(`${split}, result`, after, true),
  ]);
  return html`${curve.length > 0 ? html`<div class="tables">${scorePlot(curve, test)}</div>` : null}
<p class="soft">Scores are 1 − loss; a filled point is an iteration in which the gate accepted something. ${intervalWords(report)} Lenient: the right answer may stand anywhere in the reply.</p>
<div class="strips">${strips}</div>
${table(resultTable(report))}
<details><summary>Figures by iteration</summary>${table(curveTable(report))}</details>`;
}

function change(one: Change): Markup {
  const { node, role, base, text, hypothesis, verdict, earns, act } = one;
  const mark = { accepted: "✓", rejected: "✗", undecided: "?" }[verdict.decision];
  const parts = wordChanges(plain(base), plain(text)).map(({ kind, text: words }) =>
    kind === "added" ? html`<ins>${words}</ins>` : kind === "removed" ? html`<del>${words}</del>` : html`${words}`,
  );
  const said = [
    hypothesis ? html`<p>Idea: ${oneLine(hypothesis, 600)}</p>` : null,
    earns === false ? html`<p>Leave-one-out: without this change the result is no worse. It may be dropped.</p>` : null,
    earns === true ? html`<p>Leave-one-out: without this change the result is worse.</p>` : null,
    act ? html`<p>The user has ${act} it.</p>` : null,
  ];
  return html`<article>
<h3>${oneLine(node, 120)}${role ? html` <span class="soft">${oneLine(role, 200)}</span>` : null}</h3>
<p class="verdict ${verdict.decision}">${mark} ${verdictLine(verdict)}</p>
${said}
<div class="text">${parts}</div>
${more(`What it answers: ${one.gradients.length} gradients`, gradientTable(one))}
${more(`Samples fixed and broken: ${one.samples.length}`, sampleTable(one.samples, true), 0)}
${more(`Attempts: ${one.attempts.length}`, attemptTable(one), 1)}
</article>`;
}

function samples({ split, samples: all, scored, of }: Comparison): Markup {
  const count = (change: string) => all.filter((row) => row.change === change).length;
  const counts = ["fixed", "broken", "right", "wrong"].map((change) => `${count(change)} ${change}`).join(", ");
  const words = { right: "right before and after", wrong: "wrong before and after" };
  const title = `${split}: ${counts.replace(/right/, words.right).replace(/wrong/, words.wrong)}${scored < of ? `, ${of - scored} not scored` : ""}`;
  return more(title, sampleTable(telling(all), true), 0);
}

function cost(report: Report): Markup {
  const { tokens, calls, byPurpose } = report.cost;
  const all = tokens.prompt + tokens.completion;
  const bars = byPurpose.map(
    ({ purpose, prompt, completion }) =>
      html`<span>${purpose}</span>${bar(all > 0 ? (prompt + completion) / all : 0)}<span class="soft">of all tokens</span>`,
  );
  const spentOnTest = calls.test > 0 ? `${calls.test} of ${calls.total} calls scored the test set. ` : "";
  const repeated = calls.retried > 0 ? `${calls.retried} requests repeated one that had failed. ` : "";
  const estimated = tokens.estimated ? "The provider counted no tokens; they are estimated." : "";
  return html`<div class="strips">${bars}</div>
${table(costTable(report))}
<p class="soft">${spentOnTest}${repeated}${estimated}</p>`;
}

export function more(summary: string, rows: Table, toned?: number): Markup {
  if (rows.rows.length === 0) return html``;
  return html`<details><summary>${summary}</summary>${table(rows, toned)}</details>`;
}

/** @param toned column whose word is coloured by its meaning */
export function table({ head, rows, left }: Table, toned?: number): Markup {
  const headings = head.some(Boolean)
    ? html`<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>`
    : null;
  const cell = (content: Content, index: number) =>
    index === toned ? html`<td class="${content}">${content}</td>` : html`<td>${content}</td>`;
  return html`<div class="tables"><table>${headings}<tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div>
${left > 0 ? html`<p class="left">${left} more rows stand in the JSON form of this report.</p>` : null}`;
}
