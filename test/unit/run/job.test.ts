import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Inspection } from "../../../src/engine/inspect.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { makeLoss } from "../../../src/loss/make.ts";
import type { ModelRequest } from "../../../src/models/model.ts";
import { recheckOf } from "../../../src/run/job.ts";
import type { RunRequest } from "../../../src/run/record/run-manifest.ts";
import { listRuns, readRun } from "../../../src/run/record/runs.ts";
import { compareHtml, nodesThatDiffer, type Side, unfairReasons } from "../../../src/run/report/compare.ts";
import { reportHtml } from "../../../src/run/report/format/html.ts";
import { reportMarkdown } from "../../../src/run/report/format/markdown.ts";
import { readReport, readSide } from "../../../src/run/report/read.ts";
import { sampleHtml } from "../../../src/run/report/sample.ts";
import { type RunDeps, resumeRun, startRun } from "../../../src/run/run.ts";
import { type Bench, openBench, subject, verdict } from "./scripted.ts";

const signal = new AbortController().signal;
const HOSTILE = '<img src=x onerror="alert(1)"> <script>alert(2)</script>';

let bench: Bench;
/** Real engine, real loss; the even samples are answered right. */
let deps: RunDeps;
let asked: string[];
beforeEach(async () => {
  bench = await openBench();
  asked = [];
  const reply = ({ messages }: ModelRequest) => {
    const id = /v\d+/.exec(messages.map(({ content }) => content).join())?.[0] ?? "";
    asked.push(id);
    return Number(id.slice(1)) % 2 === 0 ? "x" : HOSTILE;
  };
  const provider = {
    identity: "counting",
    complete: async (request: ModelRequest) => ({
      ...(await bench.provider.complete(request, signal)),
      text: reply(request),
    }),
  };
  deps = { ...bench.deps, provider, engine: undefined };
});
afterEach(() => bench.remove());

const scoring: RunRequest = {
  ...subject,
  task: { ...subject.task, loss: makeLoss(subject.loss) },
  job: { kind: "evaluate", split: "validation" },
};

describe("a run that scores the graph as it is", () => {
  it("is listed with its score, and its report shows what was answered wrong", async () => {
    const run = await startRun(scoring, bench.place, bench.root, deps, signal);
    for await (const _ of run.events);
    const [listed] = await listRuns(deps, bench.place);
    expect(listed).toMatchObject({ status: "done", trusted: true });
    expect(listed?.summary).toMatchObject({
      job: { kind: "evaluate", split: "validation" },
      evaluated: { split: "validation", n: 20, scored: 20, score: 0.5 },
      proposals: [],
      validation: { n: 0 },
    });
    const report = await readReport(deps, bench.place, run.id);
    expect(report).toMatchObject({ validation: null, changes: [], evaluated: { scored: 20, before: { right: 10 } } });
    const [page, markdown] = [reportHtml(report), reportMarkdown(report)];
    expect(page).toContain("scores 0.50 on the validation set: 10 of 20 right");
    const baseline = reportHtml({ ...report, run: { ...report.run, method: "chain-of-thought" } });
    expect(baseline).toContain("The graph with a step-by-step suffix scores 0.50 on the validation set");
    expect(baseline).not.toContain("current graph");
    expect(page.indexOf("&lt;img src=x")).toBeLessThan(page.indexOf(">right</td>"));
    expect(page).not.toContain("<img");
    expect(markdown).toContain("scores 0.50 on the validation set");
  });

  it("is resumed from its own replies, and stays what it was for", async () => {
    const run = await startRun(scoring, bench.place, bench.root, deps, signal);
    let scored = 0;
    for await (const event of run.events) if (event.type === "scored" && ++scored === 7) break;
    const resumed = await resumeRun(run.id, bench.place, deps, signal);
    for await (const _ of resumed.events);
    expect(resumed.state().finished?.evaluated).toMatchObject({ score: 0.5, scored: 20 });
    expect(asked.toSorted()).toEqual([...new Set(asked)].toSorted());
    expect((await readRun(deps, bench.place, run.id)).start.job).toEqual(scoring.job);
  });
});

describe("what is checked of a run made elsewhere", () => {
  const { task } = subject;
  const withNodes = (change: { readonly text?: string; readonly trainable?: boolean }) => ({
    ...task,
    graph: { ...task.graph, nodes: task.graph.nodes.map((node) => ({ ...node, ...change })) },
  });
  const proposal = { id: "p", base: "Solve.", text: "Solve!", hypothesis: "", verdict, attempts: [] };

  it("is every text whose node still contains what the run saw, and can be changed", () => {
    const claims = [
      { ...proposal, node: "solve" },
      { ...proposal, node: "gone" },
    ];
    expect(recheckOf("r", claims, task)).toEqual({
      task,
      job: { kind: "recheck", run: "r", changes: [{ node: "solve", text: "Solve!", hypothesis: "" }] },
      changed: ["gone"],
    });
    expect(recheckOf("r", claims, withNodes({ text: "Edited." })).job.changes).toEqual([]);
    expect(recheckOf("r", claims, withNodes({ trainable: false })).job.changes).toEqual([]);
  });

  it("is also what a node reads, if it still reads what the run saw", () => {
    const claim = { ...proposal, node: "solve:inputs", base: "question", text: "other" };
    expect(recheckOf("r", [claim], task).job.changes).toEqual([
      { node: "solve:inputs", text: "other", hypothesis: "" },
    ]);
    expect(recheckOf("r", [{ ...claim, base: "gone" }], task)).toMatchObject({
      job: { changes: [] },
      changed: ["solve:inputs"],
    });
  });

  it("goes through a gate, also if the file switches it off", () => {
    const ungated = { ...task, options: { ...task.options, gate: { policy: "off", alpha: 0.01 } as const } };
    expect(recheckOf("r", [], ungated).task.options.gate).toEqual({ policy: "strict", alpha: 0.01 });
  });

  it("gets a verdict of this machine in a run of its own, whose claims are gone", async () => {
    const job = recheckOf("20260101-000000-000-abcdef", [{ ...proposal, node: "solve" }], task).job;
    const run = await startRun({ ...scoring, job }, bench.place, bench.root, deps, signal);
    for await (const _ of run.events);
    const [listed] = await listRuns(deps, bench.place);
    expect(listed).toMatchObject({ trusted: true, summary: { job: { kind: "recheck", run: job.run } } });
    // Both texts answer alike here: what was claimed to be a gain is a tie.
    expect(listed?.summary.proposals).toMatchObject([{ node: "solve", decision: "rejected" }]);
    expect(listed?.summary.job).not.toHaveProperty("changes");
  });
});

describe("two runs side by side", () => {
  async function side(change: (subject: RunRequest) => RunRequest = (same) => same): Promise<Side> {
    const run = await startRun(change({ ...scoring, job: undefined }), bench.place, bench.root, bench.deps, signal);
    for await (const _ of run.events);
    return readSide(bench.deps, bench.place, run.id);
  }
  const withTask = (change: Partial<RunRequest["task"]>) => (one: RunRequest) => ({
    ...one,
    task: { ...one.task, ...change },
  });

  it("are fair if nothing but luck differs", async () => {
    const [a, b] = [await side(), await side()];
    expect(unfairReasons(a, b)).toEqual([]);
    const inOrder = (of: Side, methodOptions: Side["start"]["options"]["methodOptions"]): Side => ({
      ...of,
      start: { ...of.start, options: { ...of.start.options, methodOptions } },
    });
    expect(unfairReasons(inOrder(a, { batch: 4, patience: 2 }), inOrder(b, { patience: 2, batch: 4 }))).toEqual([]);
    expect(nodesThatDiffer(a.texts, b.texts)).toEqual([]);
    expect(compareHtml(a, b)).toContain("so the results are comparable");
  });

  it("are unfair if data, models, options or texts differ, each said by name", async () => {
    const { options, data, models, graph } = subject.task;
    const a = await side();
    const said = async (change: Partial<RunRequest["task"]>) =>
      unfairReasons(a, await side(withTask(change))).join("\n");
    expect(await said({ options: { ...options, seed: 7 } })).toBe("Their options differ: seed (1 and 7).");
    expect(await said({ options: { ...options, baseline: true } })).toBe(
      "Their options differ: baseline (default and true).",
    );
    expect(await said({ data: { ...data, validation: data.validation.slice(0, 12) } })).toBe(
      "The validation set differs: 20 samples and 12 samples, 12 in common.",
    );
    expect(await said({ models: { ...models, forward: { model: "other", params: {} } } })).toContain(
      "The forward model differs: m and other.",
    );
    expect(await said({ corpora: { solve: [{ path: "a.md", text: "Tea is hot." }] } })).toBe(
      "The files that their retrievers search differ.",
    );
    const nodes = graph.nodes.map((node) => ({ ...node, text: "Think." }));
    expect(await said({ graph: { ...graph, nodes } })).toBe("Their starting texts differ: solve.");
  });

  it("are compared sample by sample, with an interval and a sign test", async () => {
    const scored = async (provider: RunDeps["provider"]) => {
      const run = await startRun(scoring, bench.place, bench.root, { ...deps, provider }, signal);
      for await (const _ of run.events);
      return readSide(deps, bench.place, run.id);
    };
    const half = await scored(deps.provider);
    const all = await scored({
      identity: "right",
      complete: async (request) => ({ ...(await bench.provider.complete(request, signal)), text: "x" }),
    });
    expect(compareHtml(half, all)).toMatch(/\+0\.50 \(\+0\.\d\d … \+0\.\d\d\) \(n = 20\).+>10 \/ 0, p = 0\.0020</);
    expect(compareHtml(all, half)).toMatch(/−0\.50 .+>0 \/ 10, p = 0\.0020</);
  });

  it("are at the mercy of no text", async () => {
    const name = `${HOSTILE} {{x}}`;
    const a = await side(withTask({ graph: { ...subject.task.graph, name } }));
    const page = compareHtml(a, await side(), ENGLISH, ":root { --ink: red; }");
    expect(page).not.toMatch(/<img|<script/);
    expect(page).toContain("default-src &#39;none&#39;; style-src &#39;sha256-");
  });
});

describe("the page of a sample", () => {
  it("shows values and gradients letter by letter", () => {
    const [node] = subject.task.graph.nodes;
    const [sample] = subject.task.data.validation;
    if (!node || !sample) throw new Error("no node");
    const inspection: Inspection = {
      asked: true,
      sample: { ...sample, inputs: { question: HOSTILE } },
      split: "validation",
      score: { loss: 1, lenient: 1, criticism: HOSTILE, formatError: true, formatErrors: 1, tokens: 3 },
      right: false,
      nodes: [
        {
          node,
          prompt: [{ role: "system", content: HOSTILE }],
          value: { text: HOSTILE, formatError: true, tokens: 3 },
          gradients: [{ of: "text", from: "solve", text: `Say the form. ${HOSTILE}` }],
        },
      ],
    };
    const page = sampleHtml(subject.task.graph, inspection, "1 call");
    expect(page).not.toMatch(/<img|<script/);
    expect(page).toContain("✗ Wrong: the answer is not in the required format");
    expect(page).toContain("its text should change");
    expect(page).toContain("Say the form.");
    const unscored = sampleHtml(subject.task.graph, { ...inspection, score: null, nodes: [] }, "1 call");
    expect(unscored).toContain("Not scored because a call failed");
  });
});
