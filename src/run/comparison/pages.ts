import { nodeOfInputs } from "../../graph/edges.ts";
import { inColumns } from "../../i18n/columns.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { listed, strips, table, wordMarkup } from "../report/format/html.ts";
import { fenced, literal, table as markdownTable } from "../report/format/markdown.ts";
import { html, type Markup } from "../report/format/markup.ts";
import { pageHtml } from "../report/format/page.ts";
import type { Figure } from "../report/report.ts";
import { breakEvenLines, breakEvenTable } from "./break-even-messages.ts";
import { cautions, grounds } from "./grounds.ts";
import { byScore, comparisonTitle, conclusions, pairTable, repeatTable, scoreTable, setupTable } from "./messages.ts";
import { baselineLabel, costPlots, PLOT_STYLE } from "./plot.ts";
import type { ComparisonReport, HeldOut } from "./result.ts";

/** @param theme see `pageHtml` */
export function comparisonHtml(report: ComparisonReport, locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const title = comparisonTitle(report, locale);
  const rows = [
    ...byScore(report.variants).map(({ name, heldOut }) => [name, heldOut, true] as const),
    ...report.baselines.map(
      ({ name, ...heldOut }) => [baselineLabel(name, locale, report.breakEven?.model), heldOut, false] as const,
    ),
  ].flatMap(([name, heldOut, isResult]) =>
    heldOut.score === null ? [] : [[name, figureOf(heldOut), isResult] as const],
  );
  const body = html`<header>
<h1>${title}</h1>
<p class="soft">${t("{0} · {1}", report.graphFile, locale.timestamp(report.startedAt))}</p>
${conclusions(report, locale).map((one) => html`<p class="lead">${one}</p>`)}
</header>
<main>
${listed(t("Before you rely on this"), cautions(report, locale), "caveats")}
<h2>${t("Held-out scores")}</h2>
${strips(rows, locale)}
<div class="tables" tabindex="0">${table(scoreTable(report, locale), locale)}</div>
<h2>${t("Score against cost")}</h2>
<p class="soft">${t("Large marks show means with their intervals, small marks show repeats. Dashed lines show the baselines, which need no search.")}</p>
${costPlots(report, locale)}
${breakEvenSection(report, locale)}
<h2>${t("Differences")}</h2>
${report.pairs.length > 0 ? table(pairTable(report, locale), locale) : html`<p>${t("There is nothing to compare with.")}</p>`}
${listed(t("How the figures were measured"), grounds(report, locale))}
<h2>${t("Repeats")}</h2>
<div class="tables" tabindex="0">${table(repeatTable(report, locale), locale)}</div>
${textSection(report, locale)}
<h2>${t("Setup")}</h2>
${table(setupTable(report, locale), locale)}
</main>`;
  return pageHtml(t("{0} · AgentGraph", title), body, locale, PLOT_STYLE + theme);
}

function breakEvenSection({ breakEven }: ComparisonReport, locale: Locale): Markup | null {
  const { t } = locale;
  if (!breakEven) return null;
  return html`<h2>${t("When tuning pays for itself")}</h2>
<p class="soft">${t("Cost of the search ÷ (cost of an answer with {0} − cost of an answer of the tuned graph), measured on the held-out set.", breakEven.model)}</p>
<div class="tables" tabindex="0">${table(breakEvenTable(breakEven, locale), locale)}</div>`;
}

/** The texts that each search ended with, folded up. */
function textSection(report: ComparisonReport, locale: Locale): Markup | null {
  const found = foundTexts(report, locale);
  if (found.length === 0) return null;
  return html`<h2>${locale.t("Texts found")}</h2>
${found.map(
  ({ title, changes }) =>
    html`<details><summary>${title}</summary>${changes.map(({ name, before, after }) => html`<h3>${name}</h3><div class="text">${wordMarkup(before, after)}</div>`)}</details>`,
)}`;
}

/** Each search with changed texts: of each variant, those of the best repeat first. */
function foundTexts({ variants }: ComparisonReport, locale: Locale) {
  const { t } = locale;
  return byScore(variants).flatMap(({ name, repeats }) =>
    [...repeats]
      .filter(({ changes }) => changes.length > 0)
      .sort((a, b) => (b.heldOut ?? -1) - (a.heldOut ?? -1))
      .map(({ seed, heldOut, changes }) => ({
        title: t(
          "{0}, seed {1}: {2} on the held-out set",
          name,
          seed,
          heldOut === null ? "–" : locale.decimal(heldOut),
        ),
        changes: changes.map(({ node, ...texts }) => {
          const of = nodeOfInputs(node);
          return { name: of === null ? node : t("inputs of {0}", of), ...texts };
        }),
      })),
  );
}

function figureOf({ score, interval }: HeldOut): Pick<Figure, "score" | "interval"> {
  return { score: score ?? 0, interval };
}

export function comparisonMarkdown(report: ComparisonReport, locale: Locale = ENGLISH): string {
  const { t } = locale;
  const list = (lines: readonly string[]) => lines.map((one) => `- ${literal(one)}`).join("\n");
  const limits = cautions(report, locale);
  const found = foundTexts(report, locale);
  const parts = [
    `# ${literal(comparisonTitle(report, locale))}`,
    conclusions(report, locale).map(literal).join("\n\n"),
    ...(limits.length > 0 ? [`## ${t("Before you rely on this")}`, list(limits)] : []),
    `## ${t("Held-out scores")}`,
    markdownTable(scoreTable(report, locale), locale),
    ...(report.breakEven
      ? [
          `## ${t("When tuning pays for itself")}`,
          breakEvenLines(report.breakEven, locale).map(literal).join("\n\n"),
          markdownTable(breakEvenTable(report.breakEven, locale), locale),
        ]
      : []),
    `## ${t("Differences")}`,
    markdownTable(pairTable(report, locale), locale),
    `## ${t("How the figures were measured")}`,
    list(grounds(report, locale)),
    `## ${t("Repeats")}`,
    markdownTable(repeatTable(report, locale), locale),
    ...(found.length > 0 ? [`## ${t("Texts found")}`] : []),
    ...found.flatMap(({ title, changes }) => [
      `### ${literal(title)}`,
      ...changes.flatMap(({ name, after }) => [`${literal(name)}:`, fenced(after)]),
    ]),
    `## ${t("Setup")}`,
    markdownTable(setupTable(report, locale), locale),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

export function comparisonJson(report: ComparisonReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Lines for a terminal: each side with its score, gain and cost. */
export function comparisonLines(report: ComparisonReport, locale = ENGLISH): string[] {
  const { head, rows } = scoreTable(report, locale);
  const lines = inColumns([head, ...rows].map((row) => row.map((cell) => oneLine(cell, 60))));
  const paid = report.breakEven ? breakEvenLines(report.breakEven, locale) : [];
  return [...lines, "", ...conclusions(report, locale), ...paid];
}
