import type { Proposal } from "../../engine/events.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { type Contribution, VERDICT_MARKS, verdictLine, verdictReason } from "../../i18n/verdict.ts";
import type { Reason, ReasonedPart, Reasons } from "../explain/why.ts";
import { html, type Markup } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";

/** Maximum number of samples named below a sentence. */
const NAMED = 6;

export interface Why {
  readonly proposal: Proposal;
  readonly part: Contribution | null;
  readonly reasons: Reasons;
  /** First words of a sample. */
  readonly label: (sample: string) => string;
}

/** Why a text was proposed, as a self-contained page: the verdict, then each added line with the feedback it answers. */
export function whyHtml(why: Why, locale: Locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const { proposal, part, reasons } = why;
  const { node, hypothesis, verdict } = proposal;
  const title = t("Why {0} should change", oneLine(node, 80));
  const answered = reasons.parts.filter((one) => one.reasons.length > 0);
  const silent = reasons.parts.filter((one) => one.reasons.length === 0);
  const nothing = answered.length === 0 && reasons.others.length === 0;
  const body = html`<header>
<h1>${title}</h1>
<p class="lead verdict ${verdict.decision}">${VERDICT_MARKS[verdict.decision]} ${verdictLine(verdict, locale, part)}</p>
<p>${verdictReason(verdict, locale)}</p>
${hypothesis ? html`<p>${t("Idea: {0}", oneLine(hypothesis, 600))}</p>` : null}
</header>
<main>
${nothing ? html`<p>${t("The run recorded no feedback for this text.")}</p>` : null}
${answered.length > 0 ? html`<h2>${t("What the feedback asks for")}</h2>` : null}
${answered.map((one) => added(one, why, locale))}
${reasons.others.length > 0 ? html`<h2>${t("Other feedback on this node")}</h2>${list(reasons.others, why, locale)}` : null}
${silent.length > 0 ? html`<h2>${t("Added without feedback that asks for it")}</h2><div class="text">${silent.map(({ added }) => html`<ins>${added}</ins>\n`)}</div>` : null}
</main>`;
  return pageHtml(title, body, locale, theme);
}

function added({ added: text, reasons }: ReasonedPart, why: Why, locale: Locale): Markup {
  return html`<article><div class="text"><ins>${text}</ins></div>${list(reasons, why, locale)}</article>`;
}

function list(reasons: readonly Reason[], { label }: Why, locale: Locale): Markup {
  return html`<ul class="lines">${reasons.map(
    ({ sentence, samples }) =>
      html`<li>${sentence} <span class="soft">${samplesLabel(samples, label, locale)}</span></li>`,
  )}</ul>`;
}

/** `3 samples: “Ann has 3 …”, “Bob …”, “Cy …”` */
export function samplesLabel(samples: readonly string[], label: (sample: string) => string, locale: Locale): string {
  const named = samples.slice(0, NAMED).map((sample) => locale.t("“{0}”", label(sample)));
  const more = samples.length > NAMED ? [locale.t("{0} more", samples.length - NAMED)] : [];
  return `${locale.count(samples.length, "sample")}: ${[...named, ...more].join(", ")}`;
}
