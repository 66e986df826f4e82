import { describe, expect, it } from "vitest";
import type { ActiveRun } from "../../../../src/editor/graph/active-run.ts";
import { cut, graphView, line, visibleFaults } from "../../../../src/editor/graph/graph-view.ts";
import { pageHtml } from "../../../../src/editor/graph/page.ts";
import { addContributions, isViewPartial, runView, sampleExcerpts } from "../../../../src/editor/graph/run-view.ts";
import type { Fault } from "../../../../src/graph/fault.ts";
import type { Graph } from "../../../../src/graph/graph.ts";
import { ENGLISH, Locale } from "../../../../src/i18n/locale.ts";
import { isContributionKnown } from "../../../../src/run/explain/contribution.ts";
import type { RunState, SampleScore } from "../../../../src/run/state/state.ts";
import { isHostMessage, LIMITS } from "../../../../webview/protocol.ts";
import { randomGraph } from "../../../graphs.ts";
import { five, graphOf, pipeline } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const shown = (run: ActiveRun) => runView(run, sampleExcerpts(run));

const isSent = (graph: Graph) =>
  isHostMessage({ type: "graph", graph: graphView(graph, "m"), faults: [], stale: false });

describe("the graph's view", () => {
  it("contains every input and node with its first words, and passes the page's own check", () => {
    const view = graphView(five, "gpt-4.1-mini");
    expect(view.nodes.map(({ id, kind }) => `${kind} ${id}`)).toEqual([
      "input question",
      "text style",
      "llm plan",
      "llm solve",
      "llm check",
      "llm answer",
    ]);
    expect(view.nodes[2]).toMatchObject({
      excerpt: expect.stringMatching(/^Read the steps of the plan\. Compute/),
      words: 20,
      model: "gpt-4.1-mini",
    });
    expect(isSent(five)).toBe(true);
  });

  it("keeps the nodes nearest to the answer if there are too many", () => {
    const graph = graphOf(randomGraph(9000, 2));
    const view = graphView(graph, "");
    expect(view.nodes).toHaveLength(LIMITS.nodes);
    expect(view.left).toBe(6000);
    const shown = new Set(view.nodes.map(({ id }) => id));
    const output = graph.nodes.at(-1);
    expect(shown.has(graph.output)).toBe(true);
    for (const input of output?.kind === "llm" ? output.inputs : []) expect(shown.has(input)).toBe(true);
    expect(isSent(graph)).toBe(true);
  });

  it("stays within its limits whatever the file contains", () => {
    const long = "x\n".repeat(600_000);
    const nodes = five.nodes.map((node) => ({ ...node, id: node.id + long, role: long, text: long }));
    expect(
      isSent({
        ...five,
        name: long,
        description: long,
        nodes,
        inputs: [{ name: long, description: long }],
        output: `answer${long}`,
      }),
    ).toBe(true);
  });

  it("shows the worst faults first", () => {
    const fault = (severity: Fault["severity"], at: number): Fault => ({
      code: "syntax",
      severity,
      message: `${at}`,
      remedy: "",
      file: "f",
      range: { start: at, end: at },
      line: at,
      column: 1,
    });
    const faults = [fault("information", 1), fault("error", 2), fault("warning", 3), fault("error", 4)];
    expect(visibleFaults(faults).map(({ line: at }) => at)).toEqual([2, 4, 3, 1]);
  });
});

describe("the run's view", () => {
  it("says how far the run is, what it cost and what came of each node", () => {
    const view = shown(runOf(five, "done"));
    expect(view).toMatchObject({
      status: "done",
      iteration: 3,
      spent: { calls: 412, cached: 96, tokens: 153_400, usd: 0.042, estimated: false },
    });
    expect(view.nodes.find(({ id }) => id === "solve")?.verdict).toEqual({
      decision: "rejected",
      hasEffect: true,
      isTextChanged: false,
      change: "14 → 13",
      figure: "14 → 13 of 20 right",
    });
    expect(view.samples.find(({ id }) => id === "row-01")?.excerpt).toBe(
      "Ann has 4 apples and buys 2 more. How many has she?",
    );
    expect(isHostMessage({ type: "run", run: view })).toBe(true);
  });

  it("says the mean score of graded losses, which is not a share of right samples", () => {
    const run = runOf(five, "done");
    const proposals = run.state.proposals.map((one) => ({
      ...one,
      verdict: { ...one.verdict, lossBefore: 0.55, lossAfter: 0.4 },
    }));
    const { verdict } = shown(runOf(five, "done", { proposals })).nodes.find(({ id }) => id === "solve") ?? {};
    expect(verdict).toMatchObject({ change: "0.45 → 0.60", figure: "score 0.45 → 0.60 on 20 samples" });
  });

  it("lets no node claim what several changes gained together", () => {
    const run = runOf(five, "done");
    const accepted = (node: string, contributes: boolean) =>
      run.state.proposals.slice(0, 1).map((one) => ({
        ...one,
        node,
        id: node,
        contributes,
        verdict: { ...one.verdict, decision: "accepted" as const, rightBefore: 3, rightAfter: 20 },
      }));
    const [first = "", second = ""] = Object.keys(run.state.startTexts);
    const proposals = [...accepted(first, true), ...accepted(second, false)];
    const done = runOf(five, "done", { proposals });
    // On a busy machine a view is made in several steps.
    while (isViewPartial(done)) shown(done);
    const { nodes } = shown(done);
    const verdictOf = (id: string) => nodes.find((one) => one.id === id)?.verdict;
    expect(verdictOf(first)).toMatchObject({ hasEffect: true, change: "needed" });
    expect(verdictOf(second)).toMatchObject({ hasEffect: false, change: "no effect" });
    expect(verdictOf(second)?.figure).toMatch(/^together /);
  });

  it("writes the figures of the last decided attempt at a node alone, however many there are", () => {
    const { state } = runOf(five, "done");
    const decided = state.attempts.find(({ verdict }) => verdict !== null);
    if (!decided) throw new Error("nothing was decided");
    const attempts = Array.from({ length: 5_000 }, (_, index) => ({ ...decided, id: `${index}` }));
    let texts = 0;
    const counting = new Locale((...given) => {
      texts += 1;
      return ENGLISH.t(...given);
    }, "en");
    const run = runOf(five, "done", { attempts, proposals: [] });
    const view = runView(run, sampleExcerpts(run), counting);
    expect(view.nodes.find(({ id }) => id === decided.node)?.verdict?.decision).toBe(decided.decision);
    expect(texts).toBeLessThan(100);
  });

  it("counts the time since the last event while the run of this window works, as it does for hours in a batch", () => {
    const hour = 3_600_000;
    const changed = { status: "running", elapsed: 1_000, lastAt: Date.now() - hour, paused: null } as const;
    const run = runOf(five, "done", changed);
    const own = { ...run, pace: { left: null, perMinute: null } } as unknown as typeof run;
    expect(shown(own).elapsed).toBeGreaterThanOrEqual(1_000 + hour);
    expect(shown({ ...own, state: { ...own.state, paused: "user" } }).elapsed).toBe(1_000);
    expect(shown({ ...run, pace: null }).elapsed).toBe(1_000);
  });

  it("says why the run failed as the message at its end does", () => {
    const fields = { identity: "openai http://127.0.0.1:9", status: null, reason: "unreached", detail: "ECONNREFUSED" };
    const detail = "openai http://127.0.0.1:9 failed (no answer): ECONNREFUSED";
    const finished = { fields } as unknown as RunState["finished"];
    const run = runOf(five, "done", { status: "failed", error: "ProviderFault", detail, finished });
    expect(shown(run).detail).toBe("http://127.0.0.1:9 can't be reached: the connection was refused (ECONNREFUSED).");
  });

  it("says where the file has another text than the verdict is about", () => {
    const run = runOf(five, "done");
    const proposal = run.state.proposals.find(({ node }) => node === "solve");
    const isOutdated = (text: string) => {
      const nodes = five.nodes.map((node) => (node.id === "solve" ? { ...node, text } : node));
      const view = runView(run, () => "", undefined, { ...five, nodes });
      return view.nodes.find(({ id }) => id === "solve")?.verdict?.isTextChanged;
    };
    expect(isOutdated(proposal?.base ?? "")).toBe(false);
    expect(isOutdated(`${proposal?.text}  \n`)).toBe(false);
    expect(isOutdated("Guess.")).toBe(true);
  });

  it("calls what no gate saw screened out", () => {
    const run = runOf(five, "backward");
    const attempts = run.state.attempts.map((one) => ({
      ...one,
      decision: "screened" as const,
      screened: "violation" as const,
      verdict: null,
    }));
    const { verdict } = shown(runOf(five, "backward", { attempts })).nodes.find(({ id }) => id === "solve") ?? {};
    expect(verdict).toEqual({ decision: "screened", hasEffect: true, isTextChanged: false, change: "", figure: "" });
  });

  it("counts the gradients of the last iteration by edge", () => {
    const { gradients } = shown(runOf(five, "backward"));
    expect(gradients).toContainEqual({ node: "plan", from: "solve", count: 2 });
    expect(gradients).toContainEqual({ node: "answer", from: null, count: 2 });
    const older = runOf(five, "backward").state.gradients.map((gradient) => ({ ...gradient, iteration: 2 }));
    const newer = older.slice(0, 1).map((gradient) => ({ ...gradient, iteration: 3 }));
    expect(shown(runOf(five, "backward", { gradients: [...older, ...newer] })).gradients).toHaveLength(1);
  });

  it("gives each point of the curve the interval of the verdict that made it", () => {
    expect(shown(runOf(five, "done")).curve.map(({ interval }) => interval)).toEqual([
      [0.18, 0.57],
      [0.64, 0.95],
      [0.64, 0.95],
      [0.64, 0.95],
    ]);
  });

  it("lists the samples that went wrong if there are too many", () => {
    const scores = (loss: (i: number) => number): Record<string, SampleScore> =>
      Object.fromEntries(
        Array.from({ length: 10_000 }, (_, i) => [
          `s${i}`,
          { split: "validation", loss: loss(i), lenient: 0, formatError: false },
        ]),
      );
    const all = { t0: scores((i) => (i % 100 === 0 ? 1 : 0)), t1: scores(() => 0) };
    const view = shown(runOf(five, "done", { scores: all }));
    expect(view.scored).toBe(10_000);
    expect(view.samples).toHaveLength(LIMITS.samples);
    expect(view.samples.slice(0, 100).every(({ before, after }) => before === 1 && after === 0)).toBe(true);
    expect(isHostMessage({ type: "run", run: view })).toBe(true);
  });

  it("of many accepted changes is made in short steps, and ends with what each adds", async () => {
    const graph = pipeline(400);
    const { state } = runOf(graph, "done");
    const [first] = state.proposals;
    if (!first) throw new Error("the run has no proposals");
    const verdict = { ...first.verdict, decision: "accepted" as const };
    const proposals = graph.nodes.map(({ id }, i) => ({
      ...first,
      id: `p${i}`,
      node: id,
      verdict,
      contributes: false,
    }));
    const texts = Object.fromEntries(graph.nodes.map(({ id }) => [id, "word ".repeat(500)]));
    const run = runOf(graph, "done", { proposals, texts });
    const view = shown(run);
    expect(isHostMessage({ type: "run", run: view })).toBe(true);
    expect(isViewPartial(run)).toBe(true);
    const missing = proposals.filter((one) => !isContributionKnown(run.state, one, run.threshold)).length;
    let turns = 0;
    const turn = async () => {
      turns++;
    };
    // On a busy machine, several times.
    while (isViewPartial(run)) await addContributions(run, turn);
    expect(turns).toBe(missing);
    expect(missing).toBeGreaterThan(0);
  });

  it("can be steered while it goes on in this window, and says which nodes are pinned", () => {
    const pace = { usdPerMinute: 0.12, callsPerMinute: 20, left: 200_000 };
    const going = { ...runOf(five, "backward", { parameters: ["plan", "solve"] }), pace };
    expect(shown(going).steering).toEqual({
      paused: false,
      stopAfter: null,
      pace: "$0.12 per minute · at most 4 min left",
    });
    const pins = [
      { node: "plan", pinned: true, from: 2 },
      { node: "solve", pinned: true, from: 2 },
      { node: "solve", pinned: false, from: 3 },
    ];
    const steered = shown({ ...going, state: { ...going.state, pins, paused: "user", stopAfter: 3 } });
    expect(steered.steering).toMatchObject({ paused: true, stopAfter: 3 });
    const pinned = Object.fromEntries(steered.nodes.map(({ id, pinned }) => [id, pinned]));
    expect(pinned).toMatchObject({ plan: true, solve: false, check: null });
    expect(shown(runOf(five, "backward")).steering).toBeNull();
    expect(shown({ ...runOf(five, "done"), pace }).steering).toBeNull();
  });

  it("is bounded for a graph of any size", () => {
    const graph = pipeline(5000);
    expect(isHostMessage({ type: "run", run: shown(runOf(graph, "backward")) })).toBe(true);
  });
});

describe("texts on their way to the page", () => {
  it("become one line, and are not read whole", () => {
    expect(line("  a\n\tb  c ")).toBe("a b c");
    expect(line("word ".repeat(1_000_000))).toHaveLength(LIMITS.line);
    expect(cut("x".repeat(LIMITS.text + 5))).toEqual({ text: "x".repeat(LIMITS.text), length: LIMITS.text + 5 });
  });
});

describe("the page", () => {
  it("allows one script by a fresh nonce, a worker, and nothing else", () => {
    const [first, second] = [pageHtml("run()", "file:///a"), pageHtml("run()", "file:///a")];
    const policy = /content="([^"]*)"/.exec(first)?.[1] ?? "";
    expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[\w-]{24}'; worker-src blob:; img-src data:/);
    expect(policy).not.toMatch(/unsafe|connect-src|style-src|\*|https?:/);
    expect(first).not.toBe(second);
    expect(first.match(/<script/g)).toHaveLength(1);
  });

  it("can't be broken out of, neither by an address nor by a text in the script", () => {
    expect(pageHtml("", `file:///"><script>alert(1)</script>`)).not.toContain("<script>alert");
    const page = pageHtml(`const a = "</script><!--";`, "file:///a");
    expect(page).toContain(String.raw`const a = "\x3C/script>\x3C!--";`);
    expect(page.match(/<\/script/g)).toHaveLength(1);
  });
});
