import { titleOf } from "../../../data/sample-title.ts";
import { splitLabel } from "../../../i18n/labels.ts";
import type { Locale } from "../../../i18n/locale.ts";
import { oneLine } from "../../../i18n/plain-text.ts";
import { html, type Markup } from "../format/markup.ts";
import type { Answer, Comparison, SampleRow } from "../report.ts";
import { expectedText, valuesText } from "./sample-tables.ts";

/** Maximum number of samples in a column, and of characters of a text in it. */
const SHOWN = 8;
const CELL = 180;

/** For readers who doubt the scores: samples that were fixed, broken, and are still wrong, side by side. */
export function sideBySide(set: Comparison, locale: Locale): Markup {
  const { t } = locale;
  const columns = [
    { change: "fixed", title: t("Fixed"), none: t("No sample was fixed.") },
    { change: "broken", title: t("Broken"), none: t("No sample was broken.") },
    { change: "wrong", title: t("Still wrong"), none: t("No sample is still wrong.") },
  ] as const;
  return html`<p class="soft">${t("From the {0}.", splitLabel(set.split, locale))}</p>
<div class="sides">${columns.map(({ change, title, none }) => {
    const rows = set.samples.filter((row) => row.change === change);
    return html`<section><h3 class="${change}">${title} <span class="soft">${rows.length}</span></h3>
${rows.length === 0 ? html`<p class="soft">${none}</p>` : rows.slice(0, SHOWN).map((row) => entry(row, locale))}
${rows.length > SHOWN ? html`<p class="left">${t("{0} more under Samples.", rows.length - SHOWN)}</p>` : null}</section>`;
  })}</div>`;
}

function entry(row: SampleRow, locale: Locale): Markup {
  const { t } = locale;
  const question = oneLine(titleOf(row), CELL);
  const facts = [
    [t("expected"), expectedText(row, locale)],
    [t("before"), answerText(row.before, locale)],
    [t("after"), answerText(row.after, locale)],
  ];
  return html`<div class="entry"><p>${question}</p><dl>${facts.map(([name, text]) => html`<dt>${name ?? ""}</dt><dd>${text ?? ""}</dd>`)}</dl></div>`;
}

function answerText(answer: Answer | null, locale: Locale): string {
  return answer ? valuesText(answer, locale) : locale.t("not asked");
}
