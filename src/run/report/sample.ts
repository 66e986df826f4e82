import type { InspectedNode, Inspection } from "../../engine/inspect.ts";
import type { Graph } from "../../graph/graph.ts";
import { oneLine } from "../plain.ts";
import { percent } from "./figures.ts";
import { pageHtml, table } from "./html.ts";
import { html, type Markup } from "./markup.ts";

/** Characters of one text on the page: a megabyte would hold the reader up, not help. */
const SHOWN = 20_000;

/** Nodes on the page, those nearest to the answer. */
const NODES = 300;

/**
 * One sample through the graph as it is, node by node, as a self-contained page.
 * @param spent what it took, in words. @param theme see `pageHtml`
 */
export function sampleHtml(graph: Graph, inspection: Inspection, spent: string, theme = ""): string {
  const { sample, split, score, right, nodes } = inspection;
  const question = Object.values(sample.inputs).join(" · ") || sample.id;
  const answer = nodes.find(({ node }) => node.id === graph.output)?.value;
  const mark = score === null ? "undecided" : right ? "accepted" : "rejected";
  const title = oneLine(question, 120);
  const facts: [string, string][] = [
    ...Object.entries(sample.inputs),
    ["expected", sample.targets.join("\nor\n")],
    ["answered", answer?.text ?? ""],
    ["what the loss says", score?.criticism ?? ""],
    ["what a person said", sample.feedback ?? ""],
    ...(score?.votes ?? []).map(({ score: share, reason }, index): [string, string] => [
      `judge, vote ${index + 1}: ${percent(share)}`,
      reason,
    ]),
  ];
  const body = html`<header>
<p class="soft">${graph.name} · ${split} sample ${oneLine(sample.id, 120)} · ${spent}</p>
<p class="lead verdict ${mark}">${outcome(inspection)}</p>
</header>
<main>
${table({ head: ["", ""], rows: facts.filter(([, text]) => text !== "").map(([name, text]) => [name, text.slice(0, SHOWN)]), left: 0 })}
<h2>Node by node</h2>
${nodes.length > NODES ? html`<p class="left">${nodes.length} nodes have a value; the ${NODES} nearest to the answer are shown.</p>` : null}
${nodes.slice(-NODES).map((node) => article(node, graph))}
</main>`;
  return pageHtml(title, body, theme);
}

function outcome({ score, right }: Inspection): string {
  if (score === null) return "? Not scored, because a call failed";
  const graded = score.loss > 0 && score.loss < 1 ? `, score ${percent(1 - score.loss)}` : "";
  const form = score.formatError ? ": the answer is not in the form the graph asks for" : "";
  return right ? `✓ Right${graded}` : `✗ Wrong${graded}${form}`;
}

function article({ node, prompt, value, gradients }: InspectedNode, graph: Graph): Markup {
  const isOutput = node.id === graph.output;
  const notes = [
    node.kind === "text" ? "text" : "",
    isOutput ? "gives the answer" : "",
    value?.formatError ? "not in the form asked for" : "",
  ];
  const wanted = gradients.map(({ of, from, text }) =>
    named(
      of === "text"
        ? "its text should change"
        : from === null
          ? "its value should change, says the loss"
          : `its value should change, says ${from}`,
      text,
    ),
  );
  return html`<article>
<h3>${oneLine(node.id, 120)} <span class="soft">${[oneLine(node.role, 200), ...notes].filter(Boolean).join(" · ")}</span></h3>
${prompt.length > 0 ? html`<details><summary>What was sent</summary>${prompt.map(({ role, content }) => named(role, content))}</details>` : null}
${value ? named("value", value.text) : html`<p class="verdict undecided">No value: its call failed, or one before it.</p>`}
${wanted.length > 0 ? html`<div class="gradients">${wanted}</div>` : null}
</article>`;
}

function named(name: string, text: string): Markup {
  const left = text.length - SHOWN;
  const more = left > 0 ? html`<p class="left">${left.toLocaleString("en")} more characters are not shown.</p>` : null;
  return html`<p class="soft">${name}</p><div class="text">${text.slice(0, SHOWN) || "(empty)"}</div>${more}`;
}
