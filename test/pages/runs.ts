import type { Data, Sample } from "../../src/data/sample.ts";
import type { ActiveRun } from "../../src/editor/graph/active-run.ts";
import type { Decision, Gradient, Judged, Proposal, Verdict } from "../../src/engine/events.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { blank } from "../../src/run/state/draft-state.ts";
import type { Attempt, NodeProgress, RunState, SampleScore } from "../../src/run/state/state.ts";
import { verdictOf } from "../verdict.ts";

/** Where a run stands when a picture is taken. */
export type Stage = "forward" | "backward" | "done";

const IDLE: NodeProgress = {
  forwardInFlight: 0,
  backwardInFlight: 0,
  optimizerInFlight: 0,
  forward: 0,
  backward: 0,
  gradients: 0,
  formatErrors: 0,
  model: "gpt-4.1-mini-2025-04-14",
  verdict: null,
};

const samples: readonly Sample[] = Array.from({ length: 40 }, (_, i) => ({
  id: `row-${String(i).padStart(2, "0")}`,
  inputs: { question: `Ann has ${i + 3} apples and buys ${2 * i} more. How many has she?`, documents: "none" },
  targets: [`The answer is ${3 * i + 3}`],
  feedback: null,
}));

const data: Data = { train: samples.slice(0, 20), validation: samples.slice(20), test: [] };

/** A run of the graph as its log would give it, with values for every node and sample. */
export function runOf(graph: Graph, stage: Stage, changes: Partial<RunState> = {}): ActiveRun {
  const state: RunState = { ...stateOf(graph, stage), ...changes };
  return {
    entry: { id: "20261121-103200-ab12", status: state.status },
    graph,
    model: "gpt-4.1-mini",
    data,
    state,
    limits: { calls: 2000, tokens: null, usd: 1.5 },
    threshold: 0,
    waiting: null,
    pace: null,
    hasRun: async (theta, sample) => (theta === "t0" || theta === "t1") && samples.some(({ id }) => id === sample),
    async value(theta, sample, node) {
      const row = samples.findIndex(({ id }) => id === sample);
      if (row < 0) return null;
      if (node !== graph.output)
        return `Step 1: write down what ${node} knows about row ${row}.\nStep 2: add the numbers.`;
      return `The answer is ${rightAt(theta, row) ? 3 * row + 3 : 3 * row + 1}`;
    },
  };
}

const rightAt = (theta: string, row: number) => (theta === "t0" ? row % 3 === 0 : row % 7 !== 1);

function stateOf(graph: Graph, stage: Stage): RunState {
  const llm = graph.nodes.filter(({ kind }) => kind === "llm").map(({ id }) => id);
  const trainable = new Set(graph.nodes.flatMap((node) => (node.trainable ? [node.id] : [])));
  const judgedNodes = llm.filter((id, i) => trainable.has(id) && i % 4 !== 3);
  const nodes = Object.fromEntries(llm.map((id, i) => [id, progressAt(stage, i, llm.length)]));
  const decisions: readonly Decision[] = ["accepted", "rejected", "accepted", "undecided"];
  const decisionOf = (i: number) => decisions[i % decisions.length] ?? "accepted";
  const attempts = judgedNodes.map((node, i): Attempt => attemptOf(node, decisionOf(i), i));
  const judged = judgedNodes.map((_, i): Judged => judgedOf(`p${i}`, decisionOf(i), 1 + (i % 3)));
  const proposals = judgedNodes.map(
    (node, i): Proposal => ({
      id: `p${i}`,
      node,
      base: "old",
      text: "new",
      hypothesis: "The steps did not name their units.",
      verdict: decided(decisionOf(i)),
      attempts: [`p${i}`],
    }),
  );
  const done = stage === "done";
  return {
    ...blank(),
    status: done ? "done" : "running",
    lastAt: 83_000,
    elapsed: 83_000,
    engine: "test",
    method: "semantic",
    iteration: 3,
    iterations: 6,
    startTheta: "t0",
    theta: "t1",
    startTexts: Object.fromEntries(graph.nodes.map(({ id, text }) => [id, text])),
    texts: Object.fromEntries(graph.nodes.map(({ id, text }) => [id, `${text} Name the units.`])),
    parameters: llm,
    samples: { train: 20, validation: 20, test: 0 },
    calls: { total: 412, test: 0, forward: 370, backward: 30, optimizer: 12, judge: 0, cached: 96, retried: 3 },
    tokens: { prompt: 120_400, completion: 33_000, estimated: false },
    usd: 0.042,
    nodes,
    curve: [
      { iteration: 0, low: 0.35, high: 0.35, accepted: 0 },
      { iteration: 1, low: 0.55, high: 0.55, accepted: 2 },
      { iteration: 2, low: 0.55, high: 0.55, accepted: 0 },
      { iteration: 3, low: 0.85, high: 0.85, accepted: 1 },
    ],
    attempts,
    judged,
    gradients: stage === "forward" ? [] : gradientsOf(graph),
    scores: { t0: scoresAt("t0"), t1: scoresAt("t1") },
    warnings: [{ type: "warning", code: "small validation set", count: 20 }],
    proposals: done ? proposals : [],
  };
}

function progressAt(stage: Stage, i: number, size: number): NodeProgress {
  if (stage === "done") return { ...IDLE, forward: 20, backward: 6, gradients: 6 };
  const wave = Math.max(0, 20 - Math.floor((i / size) * 14));
  if (stage === "forward") return { ...IDLE, forward: wave, forwardInFlight: i / size > 0.3 && i / size < 0.7 ? 3 : 0 };
  const passed = i / size > 0.4;
  return {
    ...IDLE,
    forward: 20,
    backward: passed ? 5 : 0,
    gradients: passed ? 5 : 0,
    backwardInFlight: i / size > 0.3 && !passed ? 2 : 0,
    optimizerInFlight: i === size - 1 ? 1 : 0,
    formatErrors: i === 1 ? 1 : 0,
  };
}

function decided(decision: Decision): Verdict {
  const after = decision === "accepted" ? 17 : 13;
  return verdictOf({
    decision,
    reason: decision === "accepted" ? "lower loss" : "higher loss",
    lossBefore: 0.3,
    lossAfter: 1 - after / 20,
    rightBefore: 14,
    rightAfter: after,
    fixed: ["row-21"],
    p: 0.25,
    intervalBefore: [0.18, 0.57],
    intervalAfter: [0.64, 0.95],
    tokensBefore: 210,
    tokensAfter: 260,
    looks: 2,
  });
}

function attemptOf(node: string, decision: Decision, i: number): Attempt {
  return {
    id: `p${i}`,
    iteration: 1 + (i % 3),
    node,
    base: "old",
    text: "new",
    hypothesis: "The steps did not name their units.",
    screened: null,
    samples: ["row-01"],
    invalid: null,
    decision,
    verdict: i,
  };
}

function judgedOf(id: string, decision: Decision, iteration: number): Judged {
  return { type: "verdict", iteration, scope: "part", proposals: [id], theta: "t1", verdict: decided(decision) };
}

function gradientsOf(graph: Graph): Gradient[] {
  const base = { type: "gradient", iteration: 3, theta: "t1" } as const;
  const text = "The total is right, but the unit is missing: say “apples” after the number.";
  const loss = ["row-01", "row-22"].map(
    (sample): Gradient => ({ ...base, sample, node: graph.output, of: "value", from: null, text }),
  );
  const known = new Set(graph.nodes.map(({ id }) => id));
  const passed = graph.nodes.flatMap((node): Gradient[] => {
    if (node.kind !== "llm") return [];
    const own: Gradient = { ...base, sample: "row-01", node: node.id, of: "text", from: node.id, text };
    const back = node.inputs.flatMap((input): Gradient[] =>
      known.has(input)
        ? ["row-01", "row-22"].map((sample) => ({ ...base, sample, node: input, of: "value", from: node.id, text }))
        : [],
    );
    return [own, ...back];
  });
  return [...loss, ...passed];
}

function scoresAt(theta: string): Record<string, SampleScore> {
  return Object.fromEntries(
    samples.map(({ id }, row) => {
      const loss = rightAt(theta, row) ? 0 : 1;
      const split = row < 20 ? "train" : "validation";
      return [id, { split, loss, lenient: loss, formatError: false }];
    }),
  );
}
