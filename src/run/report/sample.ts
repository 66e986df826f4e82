import { nodeTargetsOf } from "../../data/sample.ts";
import { titleOf } from "../../data/sample-title.ts";
import type { InspectedNode, Inspection } from "../../engine/inspect.ts";
import type { Graph } from "../../graph/graph.ts";
import { traitsOf } from "../../graph/node-kinds.ts";
import { splitLabel } from "../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import { table } from "./format/html.ts";
import { html, type Markup } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";

/** Maximum number of characters of one text on the page. */
const MAX_CHARACTERS = 20_000;

/** Maximum number of nodes on the page, those nearest to the answer. */
const NODES = 300;

/**
 * One sample through the current graph, node by node, as a self-contained page.
 * @param spent cost as a label
 * @param theme see `pageHtml`
 */
export function sampleHtml(graph: Graph, inspection: Inspection, spent: string, locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const { sample, split, score, right, nodes } = inspection;
  const question = titleOf(sample);
  const answer = nodes.find(({ node }) => node.id === graph.output)?.value;
  const mark = !inspection.asked ? "" : score === null ? "undecided" : right ? "accepted" : "rejected";
  const title = oneLine(question, 120);
  const facts: [string, string][] = [
    ...Object.entries(sample.inputs),
    [t("expected"), sample.targets.join(`\n${t("or")}\n`)],
    [t("answered"), answer?.text ?? ""],
    [t("feedback from the loss"), score?.criticism ?? ""],
    [t("human feedback"), sample.feedback ?? ""],
    ...(score?.votes ?? []).map(({ score: share, reason }, index): [string, string] => [
      t("judge, vote {0}: {1}", index + 1, locale.percent(share)),
      reason,
    ]),
  ];
  const body = html`<header>
<h1>${title}</h1>
<p class="soft">${isTyped(sample) ? t("{0} · your own text · {1}", oneLine(graph.name, 120), spent) : t("{0} · {1}, sample {2} · {3}", oneLine(graph.name, 120), splitLabel(split, locale), oneLine(sample.id, 120), spent)}</p>
<p class="lead verdict ${mark}">${outcome(inspection, locale)}</p>
</header>
<main>
${table({ head: ["", ""], rows: facts.filter(([, text]) => text !== "").map(([name, text]) => [name, text.slice(0, MAX_CHARACTERS)]), left: 0 }, locale)}
<h2>${t("Node by node")}</h2>
${nodes.length > NODES ? html`<p class="left">${t("{0} nodes have a value. The {1} nearest to the answer are shown.", nodes.length, NODES)}</p>` : null}
${nodes.slice(-NODES).map((node) => article(node, inspection, graph, locale))}
</main>`;
  return pageHtml(title, body, locale, theme);
}

/** The id of a sample that the user typed. */
export const TYPED = "typed";

function isTyped({ id }: Inspection["sample"]): boolean {
  return id === TYPED;
}

function outcome({ asked, score, right }: Inspection, locale: Locale): string {
  const { t } = locale;
  if (!asked) return t("Not scored: no expected answer was given");
  if (score === null) return `? ${t("Not scored because a call failed")}`;
  const graded = score.loss > 0 && score.loss < 1 ? `, ${t("score {0}", locale.percent(1 - score.loss))}` : "";
  const form = score.formatError ? `: ${t("the answer is not in the required format")}` : "";
  return right ? `✓ ${t("Right")}${graded}` : `✗ ${t("Wrong")}${graded}${form}`;
}

function article(
  { node, prompt, value, gradients }: InspectedNode,
  { sample, score }: Inspection,
  graph: Graph,
  locale: Locale,
): Markup {
  const { t } = locale;
  const expected = node.id === graph.output ? [] : nodeTargetsOf(sample, node.id);
  const own = expected.length > 0 ? score?.nodes?.[node.id] : undefined;
  const isOutput = node.id === graph.output;
  const notes = [
    traitsOf(node).text === "value" ? t("text") : "",
    isOutput ? t("gives the answer") : "",
    value?.formatError ? t("not in the required format") : "",
    own ? (own.loss === 0 ? t("right") : t("wrong, score {0}", locale.percent(1 - own.loss))) : "",
  ];
  const wanted = gradients.map(({ of, from, text }) =>
    named(
      of === "text"
        ? t("its text should change")
        : from === null
          ? t("the loss asks to change its value")
          : t("{0} asks to change its value", oneLine(from, 120)),
      text,
      locale,
    ),
  );
  return html`<article>
<h3>${oneLine(node.id, 120)} <span class="soft">${[oneLine(node.role, 200), ...notes].filter(Boolean).join(" · ")}</span></h3>
${prompt.length > 0 ? html`<details><summary>${t("Prompt and inputs sent")}</summary>${prompt.map(({ role, content }) => named(role, content, locale))}</details>` : null}
${value ? named(t("value"), value.text, locale) : html`<p class="verdict undecided">${t("No value: its call, or an earlier one, failed.")}</p>`}
${expected.length > 0 ? named(t("expected"), expected.join(`\n${t("or")}\n`), locale) : null}
${wanted.length > 0 ? html`<div class="gradients">${wanted}</div>` : null}
</article>`;
}

function named(name: string, text: string, locale: Locale): Markup {
  const { t } = locale;
  const left = text.length - MAX_CHARACTERS;
  const more = left > 0 ? html`<p class="left">${t("Not shown: {0}.", locale.count(left, "character"))}</p>` : null;
  return html`<p class="soft">${name}</p><div class="text">${text.slice(0, MAX_CHARACTERS) || t("(empty)")}</div>${more}`;
}
