import { isDeepStrictEqual } from "node:util";
import type { Sample, Split } from "../../data/sample.ts";
import { SPLITS } from "../../data/sample.ts";
import { gainInterval, signTest } from "../../engine/gate/statistics.ts";
import { splitLabel, statusLabel } from "../../i18n/labels.ts";
import { ENGLISH, type Locale } from "../../i18n/locale.ts";
import { oneLine } from "../../i18n/plain-text.ts";
import type { RunManifest } from "../record/run-manifest.ts";
import { listed, strips, table } from "./format/html.ts";
import { html } from "./format/markup.ts";
import { pageHtml } from "./format/page.ts";
import { type Table, tight } from "./format/table.ts";
import type { Comparison, Figure, Report, RunFacts } from "./report.ts";

/** One side of a comparison: the report, the start and the final texts of a run. */
export interface Side {
  readonly report: Report;
  readonly start: RunManifest;
  readonly texts: Readonly<Record<string, string>>;
}

/** What makes a comparison of two runs unfair: sentences, the most serious first. */
export function unfairReasons(a: Side, b: Side, locale = ENGLISH): string[] {
  const { t } = locale;
  const said: string[] = [];
  if (a.start.graphFile !== b.start.graphFile) {
    said.push(t("They use different graph files: {0} and {1}.", a.start.graphFile, b.start.graphFile));
  }
  for (const split of SPLITS) {
    if (a.report.run.hashes.data[split] === b.report.run.hashes.data[split]) continue;
    const shared = sharedSamples(a.start.data[split], b.start.data[split]);
    const [one, other] = [a.start.data[split].length, b.start.data[split].length];
    if (shared === one && shared === other) continue;
    const set = splitLabel(split, locale);
    said.push(
      t(
        "The {0} differs: {1} and {2}, {3} in common.",
        set,
        locale.count(one, "sample"),
        locale.count(other, "sample"),
        shared,
      ),
    );
  }
  if (!same([a.start.loss, a.start.losses], [b.start.loss, b.start.losses])) said.push(t("They use different losses."));
  if (!same(a.start.corpora, b.start.corpora)) said.push(t("The files that their retrievers search differ."));
  for (const role of ["forward", "judge", "backward", "optimizer"] as const) {
    const [one, other] = [a.start.models[role], b.start.models[role]];
    if (one.model !== other.model) {
      said.push(t("The {0} model differs: {1} and {2}.", role, one.model, other.model));
    } else if (!same(one, other)) {
      said.push(t("The {0} model is {1} in both, with different parameters.", role, one.model));
    }
  }
  if (a.start.provider !== b.start.provider) {
    said.push(t("They used different providers: {0} and {1}.", a.start.provider, b.start.provider));
  }
  if (!same(shape(a.start), shape(b.start))) said.push(t("Their graphs differ in nodes, edges or settings."));
  else {
    const changed = nodesThatDiffer(textsOf(a.start), textsOf(b.start));
    if (changed.length > 0) said.push(t("Their starting texts differ: {0}.", changed.join(", ")));
  }
  const options = optionsThatDiffer(a.start, b.start, locale);
  if (options.length > 0) said.push(t("Their options differ: {0}.", options.join(", ")));
  if (a.start.engine !== b.start.engine) said.push(t("They used different versions of the engine."));
  for (const [index, { report }] of [a, b].entries()) {
    const { trusted, status } = report.run;
    if (!trusted) {
      said.push(
        index === 0
          ? t("The first run was made on another machine: its results are not verified.")
          : t("The second run was made on another machine: its results are not verified."),
      );
    }
    if (status !== "done") {
      const why = statusLabel(status, locale);
      said.push(
        index === 0 ? t("The first run did not finish ({0}).", why) : t("The second run did not finish ({0}).", why),
      );
    }
  }
  return said;
}

/** Nodes whose final texts differ, or that only one of the runs has. */
export function nodesThatDiffer(a: Side["texts"], b: Side["texts"]): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((node) => a[node] !== b[node]);
}

/** Two runs side by side as a self-contained page. @param theme see `pageHtml` */
export function compareHtml(a: Side, b: Side, locale = ENGLISH, theme = ""): string {
  const { t } = locale;
  const sides = [a, b] as const;
  const order = [t("first"), t("second")];
  const caveats = unfairReasons(a, b, locale);
  const nodes = nodesThatDiffer(a.texts, b.texts);
  const rows = SPLITS.flatMap((split) =>
    sides.flatMap(({ report }, index) => {
      const set = setOf(report, split);
      const name = `${order[index]}, ${splitLabel(split, locale)}`;
      if (!set) return [];
      if (report.evaluated) return [[name, set.after, true] as const];
      return [
        [t("{0}, original graph", name), set.before, false] as const,
        [t("{0}, result", name), set.after, true] as const,
      ];
    }),
  );
  const title = t("Two runs compared");
  const about = ({ name, startedAt, method, id }: RunFacts) =>
    html`${oneLine(name, 120)} <span class="soft">${t("{0} · {1} · run {2}", locale.timestamp(startedAt), method, id)}</span>`;
  const fair = t(
    "The graph, starting texts, samples, loss, models and options are the same, so the results are comparable.",
  );
  const differ = t(
    "They differ in {0}: {1}. “Compare texts” in the title of this editor shows them as diffs.",
    locale.count(nodes.length, "node"),
    nodes.map((node) => oneLine(node, 60)).join(", "),
  );
  const body = html`<header>
<h1>${title}</h1>
${sides.map(({ report: { run } }, index) => html`<p><b>${order[index] ?? ""}</b> ${about(run)}</p>`)}
</header>
<main>
${caveats.length > 0 ? listed(t("Why the comparison is not fair"), caveats, "caveats") : html`<p class="lead">${fair}</p>`}
<h2>${t("Scores")}</h2>
${rows.length > 0 ? strips(rows, locale) : html`<p>${t("Neither run scored any samples.")}</p>`}
<p class="soft">${t("Intervals are 95%. If they overlap widely, the difference may be chance.")}</p>
${table(scoreTable(a, b, locale), locale)}
<h2>${t("Cost")}</h2>
${table(costTable(a, b, locale), locale)}
<h2>${t("Final texts")}</h2>
<p>${nodes.length === 0 ? t("Both runs produced the same texts.") : differ}</p>
</main>`;
  return pageHtml(title, body, locale, theme);
}

function setOf({ validation, test, evaluated }: Report, split: Split): Comparison | null {
  return [evaluated, validation, test].find((set) => set?.split === split) ?? null;
}

function scoreTable(a: Side, b: Side, locale: Locale): Table {
  const { t } = locale;
  const rows = SPLITS.flatMap((split) => {
    const [one, other] = [setOf(a.report, split), setOf(b.report, split)];
    if (!one && !other) return [];
    const cell = (set: Comparison | null, { evaluated }: Report) => {
      const figures: Figure[] = set ? (evaluated ? [set.after] : [set.before, set.after]) : [];
      return tight(figures.map(({ score }) => locale.decimal(score)).join(" → ")) || "–";
    };
    const right = (set: Comparison | null) => (set ? t("{0} of {1}", set.after.right, set.scored) : "–");
    return [
      [
        splitLabel(split, locale),
        cell(one, a.report),
        cell(other, b.report),
        right(one),
        right(other),
        ...differenceCells(one, other, locale),
      ],
    ];
  });
  const head = [
    "",
    t("first"),
    t("second"),
    t("right, first"),
    t("right, second"),
    t("second − first, sample by sample"),
    t("better / worse, sign test"),
  ];
  return { head, rows, left: 0 };
}

/** Effect of the second run's texts on the samples that both scored: mean difference with its interval, and counts. */
function differenceCells(a: Comparison | null, b: Comparison | null, locale: Locale): [string, string] {
  const scores = new Map(a?.samples.map(({ id, after }) => [id, after?.score ?? null]));
  const differences = (b?.samples ?? []).flatMap(({ id, after }) => {
    const [one, other] = [scores.get(id) ?? null, after?.score ?? null];
    return one === null || other === null ? [] : [other - one];
  });
  if (differences.length === 0) return ["–", "–"];
  const [low, high] = gainInterval(differences);
  const [better, worse] = [differences.filter((one) => one > 0).length, differences.filter((one) => one < 0).length];
  const p = better + worse > 0 ? `, ${locale.pValue(signTest(better, worse))}` : "";
  const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
  return [
    locale.t(
      "{0} (n = {1})",
      `${locale.signed(mean)} (${locale.signed(low)} … ${locale.signed(high)})`,
      differences.length,
    ),
    `${better} / ${worse}${p}`,
  ];
}

function costTable(a: Side, b: Side, locale: Locale): Table {
  const { t } = locale;
  const row = (name: string, of: (report: Report) => string) => [name, of(a.report), of(b.report)];
  const rows = [
    row(t("calls"), ({ cost }) => locale.integer(cost.calls.total)),
    row(t("replies reused"), ({ cost }) => locale.integer(cost.calls.cached)),
    row(t("tokens"), ({ cost: { tokens } }) => locale.integer(tokens.prompt + tokens.completion)),
    row(t("cost"), ({ cost: { usd, tokens } }) => locale.money(usd, tokens.estimated)),
    row(t("time"), ({ run }) => locale.duration(1000 * run.seconds)),
    row(t("tokens per answer, before → after"), (report) => tokensAnAnswer(report, locale)),
    row(t("proposals accepted"), ({ changes }) => {
      const accepted = changes.filter(({ verdict }) => verdict.decision === "accepted").length;
      return t("{0} of {1}", accepted, changes.length);
    }),
  ];
  return { head: ["", t("first"), t("second")], rows, left: 0 };
}

function tokensAnAnswer({ changes }: Report, locale: Locale): string {
  const net = changes.find(({ verdict }) => verdict.decision === "accepted")?.verdict;
  return net ? `${locale.integer(net.tokensBefore)} → ${locale.integer(net.tokensAfter)}` : "–";
}

/** Samples that are the same in both sets, whatever their order. */
function sharedSamples(a: readonly Sample[], b: readonly Sample[]): number {
  const [one, other] = [a, b].map((samples) => new Set(samples.map((sample) => JSON.stringify(sample))));
  return [...(one ?? [])].filter((sample) => other?.has(sample)).length;
}

function textsOf({ graph }: RunManifest): Side["texts"] {
  return Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text]));
}

/** The graph without its texts and names. */
function shape({ graph }: RunManifest) {
  return { ...graph, name: "", description: "", nodes: graph.nodes.map((node) => ({ ...node, text: "" })) };
}

/** Which options, with both values. */
function optionsThatDiffer({ options: a }: RunManifest, { options: b }: RunManifest, { t }: Locale): string[] {
  const [one, other] = [new Map<string, unknown>(Object.entries(a)), new Map<string, unknown>(Object.entries(b))];
  const valueIn = (options: typeof one, name: string) => JSON.stringify(options.get(name)) ?? t("default");
  return [...new Set([...one.keys(), ...other.keys()])].flatMap((name) =>
    same(one.get(name), other.get(name))
      ? []
      : [t("{0} ({1} and {2})", name, valueIn(one, name), valueIn(other, name))],
  );
}

/** Whether two values are equal, whatever the order of their keys. */
function same(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
