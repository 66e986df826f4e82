import { createHash } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { scoreInterval } from "../../../../src/engine/gate/statistics.ts";
import { optimize } from "../../../../src/engine/optimize.ts";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { makeLoss } from "../../../../src/loss/make.ts";
import { methods } from "../../../../src/methods/registry.ts";
import type { Model } from "../../../../src/models/model.ts";
import { createSimulated } from "../../../../src/models/simulated/simulated.ts";
import { Yielder } from "../../../../src/models/yielder.ts";
import { loadTask } from "../../../../src/run/load.ts";
import { type RunRequest, runRequestOf } from "../../../../src/run/record/run-manifest.ts";
import { listRuns } from "../../../../src/run/record/runs.ts";
import { reportHtml, reportHtmlInTurns } from "../../../../src/run/report/format/html.ts";
import { reportJson } from "../../../../src/run/report/format/json.ts";
import { reportMarkdown } from "../../../../src/run/report/format/markdown.ts";
import { readReport } from "../../../../src/run/report/read.ts";
import type { Report } from "../../../../src/run/report/report.ts";
import { reproduction } from "../../../../src/run/report/reproduce.ts";
import { falseAcceptRisk } from "../../../../src/run/report/risk.ts";
import { wordChanges } from "../../../../src/run/report/tables/word-changes.ts";
import { resumeRun, startRun } from "../../../../src/run/run.ts";
import type { RunState } from "../../../../src/run/state/state.ts";
import type { Summary } from "../../../../src/run/state/summary.ts";
import { type Bench, openBench, subject } from "../scripted.ts";
import { slowClock } from "../slow-clock.ts";

const signal = new AbortController().signal;
const graph = join(import.meta.dirname, "../../../../examples/diamond/diamond.agentgraph.json");

/** A finished run of an example with the simulated model, and its report. */
async function optimized(
  set: [string, string][] = [],
  change: (found: RunRequest) => RunRequest = (found) => found,
  provider: Model = createSimulated(),
): Promise<{ report: Report; state: RunState; summary: Summary | undefined }> {
  const bench = await openBench();
  try {
    const models = { forward: { model: "simulated", params: {} } };
    const found = runRequestOf(await loadTask(graph, bench.deps, { models, set }));
    if (!found) throw new Error("the example cannot run");
    const deps = { ...bench.deps, provider, engine: optimize(methods) };
    const run = await startRun(change(found), bench.place, bench.root, deps, signal);
    for await (const _ of run.events);
    const [listed] = await listRuns(deps, bench.place);
    return { report: await readReport(deps, bench.place, run.id), state: run.state(), summary: listed?.summary };
  } finally {
    await bench.remove();
  }
}

let made: ReturnType<typeof optimized> | null = null;

/** The run of the example as it is, made once. */
function usual(): ReturnType<typeof optimized> {
  made ??= optimized();
  return made;
}

describe("the report of a run", () => {
  let report: Report;
  let state: RunState;
  beforeAll(async () => {
    ({ report, state } = await usual());
  });

  it("says the same as the run", () => {
    const { validation, test } = state.finished ?? { validation: null, test: null };
    expect(report.validation?.before.score).toBeCloseTo(validation?.before ?? -1);
    expect(report.validation?.after.score).toBeCloseTo(validation?.after ?? -1);
    expect(report.test?.before.score).toBeCloseTo(test?.before ?? -1);
    expect(report.test?.after.score).toBeCloseTo(test?.after ?? -1);
    expect(report.run.status).toBe("done");
    expect(report.changes.map(({ id }) => id)).toEqual(state.proposals.map(({ id }) => id));
    expect(report.verdicts.length).toBe(state.judged.length);
    expect(report.run.answered).toEqual(["simulated"]);
  });

  it("divides what was spent by purpose, nothing lost and nothing counted twice", () => {
    const sum = (of: (row: Report["cost"]["byPurpose"][number]) => number) =>
      report.cost.byPurpose.reduce((total, row) => total + of(row), 0);
    expect(sum(({ requests }) => requests)).toBe(state.calls.total);
    expect(sum(({ reused }) => reused)).toBe(state.calls.cached);
    expect(sum(({ prompt }) => prompt)).toBe(state.tokens.prompt);
    expect(sum(({ completion }) => completion)).toBe(state.tokens.completion);
    expect(report.cost.byPurpose.map(({ purpose }) => purpose)).toEqual(["forward", "backward", "optimizer"]);
  });

  it("draws the curve from the untouched graph to the result, within its intervals", () => {
    expect(report.curve.map(({ iteration }) => iteration)).toEqual(state.curve.map(({ iteration }) => iteration));
    expect(report.curve[0]?.low).toBeCloseTo(report.validation?.before.score ?? -1);
    expect(report.curve.at(-1)?.high).toBeCloseTo(report.validation?.after.score ?? -1);
    const calls = report.curve.slice(1).map((row) => row.calls ?? -1);
    expect(calls).toEqual(calls.toSorted((a, b) => a - b));
    expect(calls[0]).toBeGreaterThan(20);
    expect(calls.at(-1)).toBeLessThanOrEqual(state.calls.total);
    for (const { low, high, interval } of report.curve) {
      expect(interval[0]).toBeLessThanOrEqual(low);
      expect(interval[1]).toBeGreaterThanOrEqual(high);
    }
  });

  it("shows what each change answers, and the samples that speak for it", () => {
    expect(report.changes.length).toBeGreaterThan(1);
    for (const change of report.changes) {
      expect(change.gradients.length, change.node).toBeGreaterThan(0);
      const { fixed, broken } = change.verdict;
      expect(change.samples.map(({ id }) => id)).toEqual([...fixed, ...broken]);
    }
    const fixed = report.validation?.samples.filter(({ change }) => change === "fixed") ?? [];
    expect(fixed.map(({ id }) => id)).toEqual(report.changes[0]?.verdict.fixed);
    for (const { before, after, expected, inputs } of fixed) {
      expect(inputs.receipt ?? Object.values(inputs)[0]).toBeTruthy();
      expect(before?.score).toBe(0);
      expect(after?.score).toBe(1);
      expect(Number(after?.text)).toBeCloseTo(Number(expected[0]));
      expect(before?.text).not.toBe(after?.text);
    }
  });

  it("says that a simulated model was used, and how small the set is", () => {
    expect(report.caveats.join("\n")).toMatch(/simulated model was used/);
    expect(report.caveats.join("\n")).toMatch(/validation set is small: with 20 samples/);
    expect(report.caveats.join("\n")).toMatch(
      /test set, which was not used to choose the texts, the gain is \+0\.\d\d \(95% interval /,
    );
  });

  it("is all there in each form", () => {
    const forms = [reportHtml(report), reportMarkdown(report), reportJson(report)];
    for (const form of forms) {
      for (const { node, text } of report.changes) {
        expect(form).toContain(node);
        expect(form).toContain(text.split("\n").at(-1)?.slice(0, 20));
      }
      expect(form).toContain(report.run.id);
    }
    expect(JSON.parse(forms[2] ?? "")).toEqual(JSON.parse(JSON.stringify(report)));
  });

  it("lets the page load and run nothing: its policy knows one style sheet, by its hash", () => {
    const page = reportHtml(report);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(page).not.toMatch(/<script|\son\w+=|style="|(src|href)="(?!#)/);
  });

  it("is at the mercy of no text: markup of models and data stays text, whatever it is", () => {
    const allowed =
      /^<(!doctype html|\/?(html|head|title|style|body|header|main|nav|h1|h2|h3|p|ul|li|span|section|dl|dt|dd|article|ins|del|details|summary|table|thead|tbody|tr|th|td|div|a|svg|text|line|path|circle|rect)|meta|circle|line|path|rect)( [a-z][\w:-]*="[^"<>]*")*\/?>$/i;
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...HOSTILE));
    fc.assert(
      fc.property(fc.array(texts, { minLength: 3, maxLength: 9 }), (said) => {
        const hostile = withTexts(report, said);
        const html = reportHtml(hostile).replace(/<style>[\s\S]*?<\/style>/, "");
        expect((html.match(/<[^>]*>?/g) ?? []).filter((tag) => !allowed.test(tag))).toEqual([]);
        expect(html).not.toMatch(OBEYED);
        const markdown = reportMarkdown(hostile);
        expect(markdown).not.toMatch(OBEYED);
        const prose = outsideFences(markdown);
        expect(prose).not.toMatch(/(?<!\\)</);
        expect(prose).not.toMatch(/(?<!\\)\]\(|(?<!\\)`|:\/\/|@\w/);
        for (const table of prose.match(/(^\|.*\n)+/gm) ?? []) {
          const columns = table
            .trimEnd()
            .split("\n")
            .map((row) => row.match(/(?<!\\)\|/g)?.length);
          expect(new Set(columns).size, table).toBe(1);
        }
        const json = reportJson(hostile);
        expect(json).not.toMatch(OBEYED);
        expect(isDeepStrictEqual(JSON.parse(json), JSON.parse(JSON.stringify(hostile)))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

const HOSTILE = [
  `</style></div><script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  "' onload='alert(1)",
  "[click](javascript:alert(1)) ![x](https://evil.example/x.png) <https://evil.example>",
  "https://evil.example www.evil.example someone@evil.example @someone",
  "| a | b |\n| --- | --- |\n# Title\n\n---\n```\n</details>",
  "````\nend of the fence\n````",
  "\u001b]0;title\u0007\u001b[2J\u009b31mred\u202edesrever\u2066",
  "&lt;script&gt; &#60;b&#62; $x$ ~~gone~~ *bold* _it_ `code`",
  "command:workbench.action.terminal.new",
];

/** Control characters but line ends and tabs, and what turns the direction of a line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** The report with other texts wherever a model, a row or a file has the word. */
function withTexts(report: Report, said: readonly string[]): Report {
  let next = 0;
  const say = () => said[next++ % said.length] ?? "";
  const rows = (samples: Report["changes"][number]["samples"]) =>
    samples.map((row) => ({
      ...row,
      id: say(),
      inputs: { question: say(), [say()]: say() },
      expected: [say()],
      before: row.before && { ...row.before, text: say() },
      after: row.after && { ...row.after, text: say() },
    }));
  const set = (one: Report["test"]) => one && { ...one, samples: rows(one.samples.slice(0, 4)) };
  return {
    ...report,
    run: {
      ...report.run,
      graphFile: say(),
      name: say(),
      description: say(),
      provider: say(),
      answered: [say()],
      method: say(),
      engine: say(),
      loss: { kind: say(), describes: say() },
    },
    caveats: [say()],
    warnings: [say()],
    limitations: [say()],
    baselines: [{ method: say(), validation: set(report.validation), test: set(report.test) }],
    validation: set(report.validation),
    test: set(report.test),
    verdicts: report.verdicts.map((row) => ({ ...row, nodes: [say()] })),
    changes: report.changes.slice(0, 2).map((change) => ({
      ...change,
      node: say(),
      role: say(),
      base: say(),
      text: say(),
      hypothesis: say(),
      samples: rows(change.samples.slice(0, 2)),
      gradients: [{ iteration: 1, sample: say(), question: say(), from: null, text: say() }],
      attempts: change.attempts.map((attempt) => ({ ...attempt, text: say(), hypothesis: say() })),
    })),
  };
}

function outsideFences(markdown: string): string {
  let fence: string | null = null;
  return markdown
    .split("\n")
    .filter((line) => {
      const mark = /^(`{3,})/.exec(line)?.[1];
      if (fence === null && mark) fence = mark;
      else if (fence !== null && mark === line && line.length >= fence.length) fence = null;
      else return fence === null;
      return false;
    })
    .join("\n");
}

describe("a report of a run that", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.remove());

  it("was interrupted and resumed counts what was paid once", async () => {
    const first = await startRun(subject, bench.place, bench.root, bench.deps, signal);
    let left = 30;
    for await (const _ of first.events) if (--left === 0) break;
    const unfinished = await readReport(bench.deps, bench.place, first.id);
    expect(unfinished.run.status).toBe("interrupted");
    expect(unfinished.caveats.join(" ")).toMatch(/stopped early/);
    expect(unfinished.validation?.scored).toBeLessThan(20);
    const second = await resumeRun(first.id, bench.place, bench.deps, signal);
    for await (const _ of second.events);
    const report = await readReport(bench.deps, bench.place, first.id);
    const { tokens, usd, calls } = second.state();
    expect(report.run.segments).toBe(2);
    const [forward] = report.cost.byPurpose;
    expect(forward).toMatchObject({ purpose: "forward", requests: calls.total, prompt: tokens.prompt, usd });
  });

  it("never began has nothing to show, and says so", async () => {
    const run = await startRun(subject, bench.place, bench.root, bench.deps, signal);
    await run.events.return(run.state());
    const report = await readReport(bench.deps, bench.place, run.id);
    expect(report.validation).toBeNull();
    expect(report.caveats).toContain("No validation samples were scored.");
    for (const form of [reportHtml, reportMarkdown, reportJson]) expect(form(report)).toContain(run.id);
  });

  it("was made elsewhere is a claim", async () => {
    const run = await startRun(subject, bench.place, bench.root, bench.deps, signal);
    for await (const _ of run.events);
    const log = new TextDecoder().decode(await bench.files.read(run.files.events));
    await bench.files.write(run.files.events, log.replace('"after":0.75', '"after":0.99'));
    const report = await readReport(bench.deps, bench.place, run.id);
    expect(report.run.trusted).toBe(false);
    expect(report.caveats[0]).toMatch(/made on another machine.+not verified/);
  });
});

describe("caveats", () => {
  it("speak of the gate that was switched off", async () => {
    const { report } = await optimized([["optimize.gate.policy", "off"]]);
    expect(report.caveats.join("\n")).toMatch(/No gate was used/);
    expect(reportMarkdown(report)).toMatch(/accepted without a gate/);
  });

  it("speak of the test set that is not there", async () => {
    const { report } = await optimized([], ({ task, ...found }) => ({
      ...found,
      task: { ...task, data: { ...task.data, test: [] } },
    }));
    expect(report.test).toBeNull();
    expect(report.caveats.join("\n")).toMatch(/no test set, so there are no results on samples/);
  });

  it("speak of the budget that ended the run", async () => {
    const { report } = await optimized([["optimize.budget.calls", "150"]]);
    expect(report.run.status).toBe("budget");
    expect(report.caveats.join("\n")).toMatch(/reached its budget early/);
  });
});

describe("a sceptic's questions", () => {
  it("what would one sentence have done? A baseline is beside the result in every form", async () => {
    const { report, summary } = await optimized([["optimize.baseline", "true"]]);
    const [{ validation, test } = { validation: null, test: null }] = report.baselines;
    expect(validation?.before).toEqual(report.validation?.before);
    expect([validation?.scored, test?.scored]).toEqual([20, 30]);
    expect(report.limitations.join("\n")).not.toMatch(/step-by-step/);
    expect(report.caveats.join("\n")).toMatch(
      /A step-by-step suffix alone.+scores \d\.\d\d on the test set. The result/,
    );
    for (const form of [reportHtml, reportMarkdown]) expect(form(report)).toMatch(/with a step-by-step suffix/);
    expect(JSON.parse(reportJson(report)).baselines[0].test.after.score).toBe(test?.after.score);
    const [kept] = summary?.baselines ?? [];
    expect(kept).toMatchObject({ method: "chain-of-thought", validation: { n: 20 }, test: { n: 30 } });
    expect(kept?.test?.score).toBeCloseTo(test?.after.score ?? -1);
  });

  it("what exactly ran? Hashes and parameters, and a command with all that is not by default", async () => {
    const set: [string, string][] = [
      ["optimize.batch", "4"],
      ["optimize.gate.policy", "significant"],
      ["optimize.budget.calls", "900"],
    ];
    const [one, other] = [await optimized(set), await optimized(set)];
    expect(one.report.run.hashes).toEqual(other.report.run.hashes);
    expect(one.report.run.hashes).toMatchObject({ before: one.state.startTheta, after: one.state.theta });
    const less = await optimized(set, ({ task, ...found }) => ({
      ...found,
      task: { ...task, data: { ...task.data, test: task.data.test.slice(1) } },
    }));
    expect(less.report.run.hashes.data.test).not.toBe(one.report.run.hashes.data.test);
    expect(less.report.run.hashes.data.train).toBe(one.report.run.hashes.data.train);
    expect(reportHtml(one.report)).toContain(one.report.run.hashes.data.validation);
    const command = reproduction(one.report).at(-1)?.command;
    expect(command).toMatch(
      /--set optimize\.gate\.policy=significant --set optimize\.semantic\.batch=4 --budget-calls 900$/,
    );
    expect(reproduction((await usual()).report).at(-1)?.command).toMatch(
      /^agentgraph optimize \S+ --seed 1( --model-\w+ \S+)+ --set optimize\.semantic\.batch=8$/,
    );
  });

  it("whose merit is it? The figures of several changes are called those of all together", async () => {
    const { report } = await usual();
    for (const form of [reportHtml, reportMarkdown]) expect(form(report)).toContain("are for all of them together");
    const alone = { ...report, changes: report.changes.slice(0, 1) };
    expect(reportHtml(alone)).not.toContain("are for all of them together");
  });

  it("what did the gate compare? What did not reach the gate is counted, not listed among the verdicts", async () => {
    const { report } = await usual();
    const [verdict] = report.verdicts;
    if (!verdict) throw new Error("the gate said nothing");
    const never = { ...verdict, nodes: ["never-compared"], verdict: { ...verdict.verdict, scored: 0 } };
    const page = reportHtml({ ...report, verdicts: [...report.verdicts, never] });
    const left = report.verdicts.filter(({ verdict: { scored } }) => scored === 0).length + 1;
    expect(page).toContain(`${ENGLISH.count(left, "proposal")} did not reach the gate`);
    expect(page).not.toContain("never-compared");
    expect(reportHtml({ ...report, verdicts: [never] })).toContain("The gate compared nothing.");
  });

  it("what was not measured?", async () => {
    const { report } = await usual();
    expect(report.baselines).toEqual([]);
    expect(report.limitations.join("\n")).toMatch(/step-by-step suffix alone would do as well/);
    expect(report.limitations.join("\n")).toMatch(/vary when a request is repeated/);
    expect(reportHtml(report)).toContain("What was not measured");
  });

  it("how sure is a mean of grades? Intervals are the bootstrap's, and a tie is not a difference", async () => {
    // The answers are amounts: half right if the cents differ.
    const loss = { kind: "set", score: "f1", separator: ".", ignoreCase: true } as const;
    const { report } = await optimized([], (found) => ({
      ...found,
      loss,
      task: { ...found.task, loss: makeLoss(loss) },
    }));
    expect(report.isGraded).toBe(true);
    const { validation } = report;
    const scores = validation?.samples.flatMap(({ after }) => after?.score ?? []) ?? [];
    expect(validation?.after.interval).toEqual(scoreInterval(scores));
    expect(reportMarkdown(report)).toMatch(/bootstrap intervals because scores are graded/);
    expect(reportMarkdown(report)).not.toMatch(/Wilson/);
  });

  it("how dear is an answer?", async () => {
    const { report, state } = await usual();
    const { tokensBefore, tokensAfter } = state.proposals[0]?.verdict ?? { tokensBefore: 0, tokensAfter: 0 };
    expect(Math.round(report.validation?.before.tokens ?? 0)).toBe(tokensBefore);
    expect(Math.round(report.validation?.after.tokens ?? 0)).toBe(tokensAfter);
  });

  it("how easily is the gate fooled?", () => {
    const [strict, significant] = (["strict", "significant"] as const).map((policy) => ({ policy, alpha: 0.05 }));
    const risk = (gate: typeof strict, differ: number) => (gate ? falseAcceptRisk(gate, differ) : Number.NaN);
    expect(risk(strict, 1)).toBe(0.5);
    expect(risk(strict, 4)).toBeCloseTo(5 / 16);
    expect(risk(strict, 20)).toBeCloseTo(0.412, 3);
    expect(risk(significant, 5)).toBe(0);
    expect(risk(significant, 6)).toBeCloseTo(1 / 64);
    expect(falseAcceptRisk({ policy: "off", alpha: 0.05 }, 3)).toBe(1);
    // 2⁻¹²⁰⁰ is no number of the computer; ties of 1,200 have a probability of √(2 / (1200π)).
    expect(risk(strict, 1200)).toBeCloseTo((1 - Math.sqrt(2 / (1200 * Math.PI))) / 2, 5);
    expect(risk(significant, 1200)).toBeGreaterThan(0.02);
    expect(risk(significant, 1200)).toBeLessThan(0.025);
  });

  it("how do I see it myself? The commands hold what files say as words, never as a shell's", async () => {
    const { report } = await usual();
    const names = ["a b.agentgraph.json", "$(touch x).agentgraph.json", "it's `x`;\nrm -rf ~ #.json", "plain/g.json"];
    const commands = names.map(
      (graphFile) => reproduction({ ...report, run: { ...report.run, graphFile } })[0]?.command,
    );
    expect(commands).toEqual(
      ["'a b.agentgraph.json'", "'$(touch x).agentgraph.json'", "'it'\\''s `x`; rm -rf ~ #.json'", "plain/g.json"].map(
        (word) => `agentgraph evaluate ${word} --split test --seed 1 --model simulated`,
      ),
    );
  });
});

it("results to choose among can be found from the top, and say which samples they were scored on", async () => {
  const { report, state } = await usual();
  const point = { texts: state.finished?.texts ?? {}, theta: "t", n: 20, tokens: 238, milliseconds: null, usd: null };
  const front = [
    { ...point, score: 0.35, isResult: false },
    { ...point, score: 1, isResult: true },
  ];
  const [page, text] = [reportHtml({ ...report, front }), reportMarkdown({ ...report, front })];
  const [, id = ""] = /<nav[\s\S]*<a href="#(\w+)">Results to choose from<\/a>/.exec(page) ?? [];
  expect(page).toContain(`<h2 id="${id}">Results to choose from</h2>`);
  for (const shown of [page, text]) expect(shown).toContain("from the validation set (n = 20), which chose the texts");
  expect(reportHtml(report)).not.toContain("Results to choose from");
});

describe("a text with characters that do not show", () => {
  it("is named, so that no one applies what he did not see", async () => {
    const provider = createSimulated();
    const hidden = "\u202e\u2066";
    const complete: typeof provider.complete = async (request, stop) => {
      const reply = await provider.complete(request, stop);
      if (request.tag.purpose !== "optimizer") return reply;
      const { hypothesis, text } = JSON.parse(reply.text);
      return { ...reply, text: JSON.stringify({ hypothesis, text: `${text}${hidden}` }) };
    };
    const { report } = await optimized([], (found) => found, { ...provider, complete });
    expect(report.changes.some(({ text }) => text.endsWith(hidden))).toBe(true);
    expect(report.caveats.join("\n")).toMatch(/The proposal for [\w, ]+ contains invisible characters/);
    for (const form of [reportHtml, reportMarkdown, reportJson]) {
      for (const character of hidden.slice(0, 2)) expect(form(report)).not.toContain(character);
    }
  });
});

it("gives up on comparing endless texts, in every form", async () => {
  const { report } = await usual();
  const long = (word: string) => Array.from({ length: 30_000 }, (_, index) => `${word}${index}`).join("\n");
  const [change] = report.changes;
  if (!change) throw new Error("there is no change to show");
  const endless = { ...report, changes: [{ ...change, base: long("a"), text: long("b") }] };
  expect(reportMarkdown(endless)).toMatch(/\n-a29999\n\+b0\n/);
  expect(reportHtml(endless)).toMatch(/<del>a0\n/);
});

it("shows the first of thousands of changes, accepted ones before others, and says how many it leaves out", async () => {
  const { report } = await usual();
  const [change] = report.changes;
  if (!change) throw new Error("the run proposed nothing");
  const verdict = (index: number) =>
    ({ ...change.verdict, decision: index === 299 ? "accepted" : "rejected" }) as const;
  const changes = Array.from({ length: 300 }, (_, index) => ({
    ...change,
    node: `node-${index}`,
    verdict: verdict(index),
  }));
  for (const text of [reportHtml({ ...report, changes }), reportMarkdown({ ...report, changes })]) {
    const shown = [...text.matchAll(/node\\?-(\d+)(?=\s|<| <span)/g)].map(([, index]) => Number(index));
    expect(new Set(shown)).toEqual(new Set([299, ...Array.from({ length: 99 }, (_, index) => index)]));
    expect(shown[0]).toBe(299);
    expect(text).toContain("The JSON version of this report also has 200 proposals.");
  }
  expect(JSON.parse(reportJson({ ...report, changes })).changes).toHaveLength(300);
});

describe("word changes", () => {
  it("give both texts back", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        const parts = wordChanges(before, after);
        const side = (gone: string) =>
          parts
            .filter(({ kind }) => kind !== gone)
            .map(({ text }) => text)
            .join("");
        expect(side("added")).toBe(before);
        expect(side("removed").replace(/^\n/, "")).toBe(after.replace(/^\n/, ""));
      }),
    );
  });

  it("do not mingle two texts that share nothing, and give up on endless ones", () => {
    const [old, fresh] = ["one two three four five six seven eight", "ten eleven twelve"];
    expect(wordChanges(old, fresh).map(({ kind }) => kind)).toEqual(["removed", "added"]);
    const long = (word: string) => Array.from({ length: 20_000 }, (_, index) => `${word}${index}`).join(" ");
    expect(wordChanges(long("a"), long("b")).map(({ kind }) => kind)).toEqual(["removed", "added"]);
  });
});

it("lets others in between the changes of a page, which is the same", async () => {
  const { report } = await usual();
  const [change] = report.changes;
  if (!change) throw new Error("the run proposed nothing");
  const many = {
    ...report,
    changes: Array.from({ length: 60 }, (_, index) => ({ ...change, id: `${change.id} ${index}` })),
  };
  const { clock, turns } = slowClock();
  expect(await reportHtmlInTurns(many, new Yielder(clock))).toBe(reportHtml(many));
  expect(turns()).toBeGreaterThanOrEqual(60);
});
