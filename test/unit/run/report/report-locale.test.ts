import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../../src/engine/inspect.ts";
import { optimize } from "../../../../src/engine/optimize.ts";
import { ENGLISH, Locale, type Translate } from "../../../../src/i18n/locale.ts";
import { methods } from "../../../../src/methods/registry.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { askWithoutRun } from "../../../../src/run/ask-without-run.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { runRequestOf } from "../../../../src/run/record/run-manifest.ts";
import { compareHtml } from "../../../../src/run/report/compare.ts";
import { reportHtml } from "../../../../src/run/report/format/html.ts";
import { reportMarkdown } from "../../../../src/run/report/format/markdown.ts";
import { readSide } from "../../../../src/run/report/read.ts";
import { sampleHtml } from "../../../../src/run/report/sample.ts";
import { startRun } from "../../../../src/run/run.ts";
import { openBench } from "../scripted.ts";

const signal = new AbortController().signal;
const graph = join(import.meta.dirname, "../../../../examples/diamond/diamond.agentgraph.json");

/** What a translator was given stands in ⟦brackets⟧, its values outside of them. */
const mark: Translate = (text, ...values) =>
  `⟦${text.replace(/\{(\d)\}/g, (_, index) => `⟧${values[Number(index)] ?? ""}⟦`)}⟧`;
const MARKED = new Locale(mark, "de");

/** Names of the file format, of parameters, methods and units, which are the same in every language. */
const NAMES =
  /^(forward|backward|optimizer|judge|temperature|reasoning|effort|strict|UTC|AgentGraph|agentgraph|Wilson|JSON|all|true)$/;
const OPTIONS = Object.values(methods).flatMap(({ options }) => Object.keys(options.shape));

/** Words of a page or a text that no translator was given. */
function untranslated(text: string): string[] {
  const shown = text
    .replace(/<style>[\s\S]*?<\/style>|```[\s\S]*?```|<div class="text">[\s\S]*?<\/div>/g, " ")
    .replace(/<meta[^>]*>/g, " ")
    .replace(/<[^>]*?(?:aria-label="([^"]*)")?[^>]*>/g, " $1 ");
  // A message may stand in another.
  let rest = shown;
  for (let before = ""; before !== rest; ) [before, rest] = [rest, rest.replace(/⟦[^⟦⟧]*⟧/g, " ")];
  const words = rest.replace(/&[#\w]+;/g, " ").match(/\p{L}{2,}/gu) ?? [];
  return [...new Set(words)].filter((word) => !NAMES.test(word) && !OPTIONS.includes(word));
}

/** The same with § for whatever files, data and models say. */
function masked<T extends object>(all: T, said: readonly string[] = []): T {
  const kept = [
    "decision",
    "change",
    "policy",
    "reason",
    "invalid",
    "screened",
    "scope",
    "status",
    "act",
    "split",
    "purpose",
    ...said,
  ];
  const mask = (value: unknown, name: string): unknown => {
    if (typeof value === "string") return kept.includes(name) || name === "update" ? value : "§";
    if (Array.isArray(value)) return value.map((one) => mask(one, name));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mask(one, key)]));
  };
  return mask(all, "") as T;
}

describe("what is reported of a run", async () => {
  const bench = await openBench();
  const provider = createSimulated();
  const deps = { ...bench.deps, provider, engine: optimize(methods) };
  const models = { forward: { model: "simulated", params: {} } };
  const set: [string, string][] = [
    ["optimize.baseline", "true"],
    ["optimize.iterations", "2"],
  ];
  const subject = runRequestOf(await loadTask(graph, bench.deps, { models, set }));
  if (!subject) throw new Error("the example cannot run");
  const run = await startRun(subject, bench.place, bench.root, deps, signal);
  for await (const _ of run.events);
  const side = await readSide(deps, bench.place, run.id, MARKED);
  const [sample] = subject.task.data.validation;
  if (!sample) throw new Error("no sample");
  const inspection = await askWithoutRun(subject.task, bench.place, bench.root, deps, async (engine) => {
    const steps = inspect(subject.task, "validation", sample, engine, signal);
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
    }
  });
  await bench.remove();
  const report = masked(side.report, ["caveats", "limitations", "warnings"]);

  it("is translated to the last word, on every page and in Markdown", () => {
    expect(untranslated(reportHtml(report, MARKED))).toEqual([]);
    expect(untranslated(reportMarkdown(report, MARKED))).toEqual([]);
    const { validation } = report;
    if (!validation) throw new Error("nothing was scored");
    const evaluation = { ...report, evaluated: validation };
    expect(untranslated(reportHtml(evaluation, MARKED))).toEqual([]);
    expect(untranslated(reportMarkdown(evaluation, MARKED))).toEqual([]);
    const other = {
      ...side,
      report: { ...report, run: { ...report.run, trusted: false, status: "failed" } },
    } as const;
    expect(
      untranslated(compareHtml({ ...side, report, texts: {} }, other, MARKED).replace(/⟦They differ.*/, "")),
    ).toEqual([]);
    const shown = { ...masked(inspection, ["kind"]), split: inspection.split };
    const named = { ...shown, sample: { ...shown.sample, inputs: { "§": "§" } } };
    expect(untranslated(sampleHtml(masked(subject.task.graph), named, "", MARKED))).toEqual([]);
  });

  it("has figures as the language writes them, and English ones if no language is named", () => {
    const score = side.report.validation?.after.score ?? -1;
    expect(reportHtml(side.report, MARKED)).toContain(`${score.toFixed(2).replace(".", ",")} <span`);
    expect(reportHtml(side.report)).toContain(`${score.toFixed(2)} <span`);
    expect(reportHtml(side.report, MARKED)).toContain('<html lang="de">');
    expect([MARKED.integer(12_345), MARKED.money(1234.5), MARKED.pValue(0.0602)]).toEqual([
      "12.345",
      "1.234,50\u00a0$",
      "p = 0,060",
    ]);
    expect([ENGLISH.integer(12_345), ENGLISH.money(1234.5), ENGLISH.percent(0.374)]).toEqual([
      "12,345",
      "$1,234.50",
      "37%",
    ]);
    expect([ENGLISH.money(0.02, true), ENGLISH.money(0, true), ENGLISH.timestamp(Number.NaN)]).toEqual([
      "≈ $0.02",
      "$0.00",
      "?",
    ]);
  });
});
