import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { type Spending, type SpendingPart, spendingBy, totalOf } from "../spending.ts";
import type { Cost } from "../state/cost.ts";
import { table } from "./format/html.ts";
import { literal, table as markdownTable } from "./format/markdown.ts";
import { html } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";
import { firstOf, type Table, tight } from "./format/table.ts";

/** `$4.12 for 2,113 calls of 12 runs, 2026-11-02 10:53 UTC to …`, and what the sum leaves out. */
export function spendingSentences(spending: Spending, locale: Locale): string[] {
  const { t } = locale;
  const { runs, elsewhere, from, to } = spending;
  const { calls, usd, unpriced, estimated } = totalOf(spending);
  const [start, end] = [from, to].map((time) => (time === null ? null : locale.timestamp(time)));
  const first =
    start == null || end == null
      ? t("No calls were charged.")
      : t(
          "{0} for {1} of {2}, {3}.",
          unpriced === calls ? t("price unknown") : locale.money(usd, estimated),
          locale.count(calls, "call"),
          locale.count(runs, "run"),
          start === end ? start : t("{0} to {1}", start, end),
        );
  return [
    first,
    ...(unpriced > 0
      ? [t("The price of {0} is unknown, so the total doesn't include it.", locale.count(unpriced, "call"))]
      : []),
    ...(elsewhere > 0
      ? [t("{0} from another machine not counted, because someone else paid.", locale.count(elsewhere, "run"))]
      : []),
  ];
}

/** Titles and tables: by graph, model and purpose, then all three together. */
export function spendingTables(spending: Spending, locale: Locale): readonly (readonly [string, Table])[] {
  const { t } = locale;
  const columns = {
    graph: { head: t("Graph"), longest: 80 },
    model: { head: t("Model"), longest: 60 },
    purpose: { head: t("Purpose"), longest: 60 },
  };
  const figures = [t("Cost"), t("Calls"), t("Prompt tokens"), t("Of these cached"), t("Reply tokens")];
  const by = <K extends SpendingPart>(...parts: K[]) =>
    firstOf([...parts.map((part) => columns[part].head), ...figures], spendingBy(spending, parts), (row) => [
      ...parts.map((part) => oneLine(row[part], columns[part].longest)),
      ...figuresOf(row, locale),
    ]);
  return [
    [t("By graph"), by("graph")],
    [t("By model"), by("model")],
    [t("By purpose"), by("purpose")],
    [t("All together"), by("graph", "model", "purpose")],
  ];
}

function figuresOf({ calls, prompt, completion, cached, usd, unpriced, estimated }: Cost, locale: Locale): string[] {
  const money = unpriced === calls && calls > 0 ? locale.money(null) : locale.money(usd, estimated);
  return [money, ...[calls, prompt, cached, completion].map((one) => locale.integer(one))].map(tight);
}

/** @param theme see `pageHtml` */
export function spendingHtml(spending: Spending, title: string, locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const sections = spending.rows.length === 0 ? [] : spendingTables(spending, locale);
  const body = html`<header>
<h1>${t("Spending")}</h1>
<p class="soft">${title}</p>
${spendingSentences(spending, locale).map((one, index) => html`<p class="${index === 0 ? "lead" : "soft"}">${one}</p>`)}
</header>
<main>
${sections.map(([name, rows]) => html`<h2>${name}</h2><div class="tables" tabindex="0">${table(rows, locale)}</div>`)}
</main>`;
  return pageHtml(t("{0} · AgentGraph", t("Spending")), body, locale, theme);
}

export function spendingMarkdown(spending: Spending, locale = ENGLISH): string {
  const { t } = locale;
  const sections = spending.rows.length === 0 ? [] : spendingTables(spending, locale);
  return [
    `# ${t("Spending")}`,
    ...spendingSentences(spending, locale).map(literal),
    ...sections.flatMap(([name, rows]) => [`## ${name}`, markdownTable(rows, locale)]),
    "",
  ].join("\n\n");
}
