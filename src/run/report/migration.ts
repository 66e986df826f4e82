import type { Sample } from "../../data/sample.ts";
import { titleOf } from "../../data/sample-title.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { type Migration, type ModelFigures, migrationSentences } from "../migration.ts";
import { table } from "./format/html.ts";
import { html } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";
import { firstOf, type Table, tight } from "./format/table.ts";

/**
 * What moving a graph to another model changes, as a self-contained page.
 * @param samples of the set that both models answered
 * @param threshold τ: a loss of at most this is right
 * @param theme see `pageHtml`
 */
export function migrationHtml(
  migration: Migration,
  name: string,
  samples: readonly Sample[],
  threshold: number,
  locale = ENGLISH,
  theme = "",
): string {
  const { t } = locale;
  const title = t("{0}: {1} → {2}", oneLine(name, 80), migration.from.model, migration.to.model);
  const { held, tuned, to } = migration;
  const next = held ? [t("To use {0}, name it under models.forward in the graph file.", (tuned ?? to).model)] : [];
  const sentences = [...migrationSentences(migration, locale), ...next];
  const changed = changedSamples(migration, samples, threshold, locale);
  const body = html`<header>
<h1>${title}</h1>
${sentences.map((one, index) => html`<p class="${index === 0 ? "lead" : "soft"}">${one}</p>`)}
</header>
<main>
<h2>${t("Models")}</h2>
<div class="tables" tabindex="0">${table(modelTable(migration, locale), locale)}</div>
<h2>${t("Samples that changed")}</h2>
${changed.rows.length === 0 ? html`<p>${t("Both models are right on the same samples.")}</p>` : html`<div class="tables" tabindex="0">${table(changed, locale)}</div>`}
</main>`;
  return pageHtml(t("{0} · AgentGraph", title), body, locale, theme);
}

function modelTable({ from, to, tuned }: Migration, locale: Locale): Table {
  const { t } = locale;
  const rows: [string, ModelFigures][] = [
    [t("{0}, now", from.model), from],
    [t("{0}, same texts", to.model), to],
    ...(tuned ? [[t("{0}, tuned texts", tuned.model), tuned] satisfies [string, ModelFigures]] : []),
  ];
  const head = [t("Model"), t("Score"), t("Scored samples"), t("Tokens per answer"), t("Cost of 1,000 answers")];
  return firstOf(head, rows, ([label, { score, scored, tokens, usd }]) => [
    label,
    ...[score === null ? "–" : locale.decimal(score), locale.integer(scored)].map(tight),
    ...[locale.integer(Math.round(tokens)), locale.money(usd)].map(tight),
  ]);
}

/** Samples that are right with one model and wrong with another, broken ones first. */
function changedSamples(
  { from, to, tuned, broken, fixed, stillBroken }: Migration,
  samples: readonly Sample[],
  threshold: number,
  locale: Locale,
): Table {
  const { t } = locale;
  const mark = ({ losses }: ModelFigures, id: string) => {
    const loss = losses[id];
    return loss === undefined ? "?" : loss <= threshold ? "✓" : "✗";
  };
  const ids = new Set([...stillBroken, ...broken, ...fixed]);
  const byId = new Map(samples.map((sample) => [sample.id, sample]));
  const head = [
    t("Sample"),
    t("Expected"),
    from.model,
    t("{0}, same texts", to.model),
    ...(tuned ? [t("{0}, tuned texts", tuned.model)] : []),
  ];
  return firstOf(head, [...ids], (id) => {
    const sample = byId.get(id);
    return [
      oneLine(titleOf({ id, inputs: sample?.inputs ?? {} }), 200),
      oneLine(sample?.targets.join(" | ") ?? "", 120),
      ...[from, to, ...(tuned ? [tuned] : [])].map((figures) => mark(figures, id)),
    ];
  });
}
