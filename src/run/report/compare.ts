import type { Sample, Split } from "../../data/sample.ts";
import { SPLITS } from "../../data/sample.ts";
import { oneLine } from "../plain.ts";
import type { Start } from "../start.ts";
import { count, money, seconds } from "../words.ts";
import { figure, moment, range, signed, whole } from "./figures.ts";
import { pageHtml, table } from "./html.ts";
import { html } from "./markup.ts";
import { intervalPlot } from "./plot.ts";
import type { Comparison, Figure, Report } from "./report.ts";
import type { Table } from "./tables.ts";

/** A run as it is put beside another: its report, what it began with, and the texts it ended with. */
export interface Side {
  readonly report: Report;
  readonly start: Start;
  readonly texts: Readonly<Record<string, string>>;
}

/** What makes it unfair to put the figures of two runs beside each other: sentences, the gravest first. */
export function unfairness(a: Side, b: Side): string[] {
  const said: string[] = [];
  if (a.start.graphFile !== b.start.graphFile) {
    said.push(`They ran different graph files: ${a.start.graphFile} and ${b.start.graphFile}.`);
  }
  for (const split of SPLITS) {
    const difference = setDifference(a.start.data[split], b.start.data[split]);
    if (difference) said.push(`Their ${NAMES[split]} sets differ: ${difference}.`);
  }
  if (!same(a.start.loss, b.start.loss)) said.push("They were scored by different losses.");
  for (const role of ["forward", "judge", "backward", "optimizer"] as const) {
    const [one, other] = [a.start.models[role], b.start.models[role]];
    const params = one.model === other.model ? " with different parameters" : "";
    if (!same(one, other)) said.push(`The role ${role} was played by ${one.model} and by ${other.model}${params}.`);
  }
  if (a.start.provider !== b.start.provider) {
    said.push(`Different providers answered: ${a.start.provider} and ${b.start.provider}.`);
  }
  if (!same(shape(a.start), shape(b.start))) said.push("The graphs differ in their nodes, edges or settings.");
  else {
    const changed = nodesThatDiffer(textsOf(a.start), textsOf(b.start));
    if (changed.length > 0) said.push(`They began with different texts: ${changed.join(", ")}.`);
  }
  const options = optionsThatDiffer(a.start, b.start);
  if (options.length > 0) said.push(`Their options differ: ${options.join(", ")}.`);
  if (a.start.engine !== b.start.engine) said.push("Different versions of the engine made them.");
  for (const [name, side] of [
    ["first", a],
    ["second", b],
  ] as const) {
    if (!side.report.run.madeHere) said.push(`The ${name} run was not made on this machine: its figures are claims.`);
    if (side.report.run.standing !== "done")
      said.push(`The ${name} run did not come to its end (${side.report.run.standing}).`);
  }
  return said;
}

/** Nodes whose final texts are not the same, or that only one of the runs has. */
export function nodesThatDiffer(a: Side["texts"], b: Side["texts"]): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((node) => a[node] !== b[node]);
}

/** Two runs beside each other as one self-contained page. @param theme see `pageHtml` */
export function compareHtml(a: Side, b: Side, theme = ""): string {
  const sides = [a, b] as const;
  const cautions = unfairness(a, b);
  const nodes = nodesThatDiffer(a.texts, b.texts);
  const strips = SPLITS.flatMap((split) =>
    sides.flatMap(({ report }, index) => {
      const set = setOf(report, split);
      if (!set) return [];
      return figuresOf(report, set).map(
        ([when, one], place) =>
          html`<span>${ORDER[index] ?? ""}, ${split}${when ? `, ${when}` : ""}</span>${intervalPlot(one, place > 0 || when === "")}<span>${figure(one.score)} <span class="soft">${range(one.interval)}</span></span>`,
      );
    }),
  );
  const title = "Two runs compared";
  const body = html`<header>
<h1>${title}</h1>
${sides.map(({ report: { run } }, index) => html`<p><b>${ORDER[index] ?? ""}</b> ${oneLine(run.name, 120)} <span class="soft">${moment(run.startedAt)} · ${run.method} · run ${run.id}</span></p>`)}
</header>
<main>
${cautions.length > 0 ? html`<h2>What makes it unfair</h2><ul class="cautions">${cautions.map((one) => html`<li>${one}</li>`)}</ul>` : html`<p class="lead">Same graph, texts at the start, samples, loss, models and options: the figures can be compared.</p>`}
<h2>Scores</h2>
${strips.length > 0 ? html`<div class="strips">${strips}</div>` : html`<p>Neither run has scored anything.</p>`}
<p class="soft">Intervals are of 95 %. Where they overlap widely, the difference may be chance.</p>
${table(scoreTable(a, b))}
<h2>Cost</h2>
${table(costTable(a, b))}
<h2>Final texts</h2>
<p>${nodes.length === 0 ? "Both runs ended with the same texts." : `They differ in ${count(nodes.length, "node")}: ${nodes.map((node) => oneLine(node, 60)).join(", ")}. “Compare texts” in the title of this editor shows them as diffs.`}</p>
</main>`;
  return pageHtml(title, body, theme);
}

const ORDER = ["first", "second"];
const NAMES: Record<Split, string> = { train: "training", validation: "validation", test: "test" };

function setOf({ validation, test, evaluated }: Report, split: Split): Comparison | null {
  return [evaluated, validation, test].find((set) => set?.split === split) ?? null;
}

function figuresOf({ evaluated }: Report, { before, after }: Comparison): [string, Figure][] {
  return evaluated
    ? [["", after]]
    : [
        ["start", before],
        ["result", after],
      ];
}

function scoreTable(a: Side, b: Side): Table {
  const rows = SPLITS.flatMap((split) => {
    const [one, other] = [setOf(a.report, split), setOf(b.report, split)];
    if (!one && !other) return [];
    const cell = (set: Comparison | null, report: Report) =>
      set
        ? figuresOf(report, set)
            .map(([, { score }]) => figure(score))
            .join(" → ")
        : "–";
    const apart = one && other ? signed(other.after.score - one.after.score) : "–";
    const right = (set: Comparison | null) => (set ? `${set.after.right} of ${set.scored}` : "–");
    return [[split, cell(one, a.report), cell(other, b.report), apart, right(one), right(other)]];
  });
  return { head: ["", "first", "second", "second − first", "right, first", "right, second"], rows, left: 0 };
}

function costTable(a: Side, b: Side): Table {
  const row = (name: string, of: (report: Report) => string) => [name, of(a.report), of(b.report)];
  const rows = [
    row("calls", ({ cost }) => whole(cost.calls.total)),
    row("replies reused", ({ cost }) => whole(cost.calls.cached)),
    row("tokens", ({ cost }) => whole(cost.tokens.prompt + cost.tokens.completion)),
    row("cost", ({ cost }) => money(cost.usd)),
    row("time", ({ run }) => seconds(1000 * run.seconds)),
    row("tokens an answer, before → after", tokensAnAnswer),
    row("proposals accepted", ({ changes }) => {
      const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted").length;
      return `${accepted} of ${changes.length}`;
    }),
  ];
  return { head: ["", "first", "second"], rows, left: 0 };
}

function tokensAnAnswer({ changes }: Report): string {
  const net = changes.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  return net ? `${Math.round(net.tokensBefore)} → ${Math.round(net.tokensAfter)}` : "–";
}

function setDifference(a: readonly Sample[], b: readonly Sample[]): string {
  const [one, other] = [a, b].map((samples) => new Set(samples.map((sample) => JSON.stringify(sample))));
  const shared = [...(one ?? [])].filter((sample) => other?.has(sample)).length;
  if (shared === a.length && shared === b.length) return "";
  return `${a.length} and ${b.length} samples, ${shared} of them shared`;
}

function textsOf({ graph }: Start): Side["texts"] {
  return Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text]));
}

/** The graph without its texts and names. */
function shape({ graph }: Start) {
  return { ...graph, name: "", description: "", nodes: graph.nodes.map((node) => ({ ...node, text: "" })) };
}

/** Which options, with both values. */
function optionsThatDiffer({ options: a }: Start, { options: b }: Start): string[] {
  return Object.entries(a).flatMap(([name, value]) => {
    const other: unknown = Object.entries(b).find(([key]) => key === name)?.[1];
    return same(value, other) ? [] : [`${name} (${JSON.stringify(value)} and ${JSON.stringify(other)})`];
  });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
