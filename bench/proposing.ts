import type { Attempted, Finished, Proposal, Verdict } from "../src/engine/events.ts";
import type { Runner } from "../src/engine/runner.ts";
import { proposalId, textsOf, thetaOf } from "../src/engine/theta.ts";
import { verdictOf } from "../test/verdict.ts";

const MEASURED = verdictOf({
  policy: "significant",
  scored: 50,
  of: 50,
  lossAfter: 0.4,
  rightBefore: 25,
  rightAfter: 30,
  p: 0.06,
  intervalBefore: [0.4, 0.6],
  intervalAfter: [0.5, 0.7],
  tokensBefore: 100,
  tokensAfter: 110,
});

/** A run that proposes a number of texts for each node, of which every tenth is accepted. It asks no model. */
export function proposing(each: number): Runner {
  return async function* ({ graph, data }) {
    const startTexts = textsOf(graph);
    const parameters = graph.nodes.map(({ id }) => id);
    const theta = thetaOf(startTexts);
    const samples = { train: data.train.length, validation: data.validation.length, test: data.test.length };
    const texts: Record<string, string> = { ...startTexts };
    yield {
      type: "started",
      engine: "6",
      method: "semantic",
      theta,
      texts: { ...texts },
      parameters,
      samples,
      iterations: each,
    };
    const ids = data.validation.map(({ id }) => id);
    for (const sample of ids) {
      yield { type: "scored", theta, split: "validation", sample, loss: 0.5, lenient: 0.5, formatError: false };
    }
    const proposals: Proposal[] = [];
    for (let iteration = 1; iteration <= each; iteration++) {
      const accepted: string[] = [];
      for (const [index, node] of parameters.entries()) {
        const base = startTexts[node] ?? "";
        const text = `${base} In attempt ${iteration}, check each number twice before you give it.`;
        const id = proposalId(node, base, text);
        const isAccepted = (index + iteration) % 10 === 0;
        const hypothesis = "Numbers are copied wrong.";
        const sample = data.train[0]?.id ?? "";
        const about: Attempted = {
          type: "attempt",
          iteration,
          id,
          node,
          base,
          text,
          hypothesis,
          samples: [sample],
          invalid: null,
        };
        yield {
          type: "gradient",
          iteration,
          theta,
          node,
          of: "text",
          from: null,
          sample,
          text: `Attempt ${iteration} is too short.`,
        };
        yield about;
        const verdict: Verdict = {
          ...MEASURED,
          decision: isAccepted ? "accepted" : "rejected",
          reason: isAccepted ? "lower loss" : "not significant",
          fixed: ids.slice(0, 5),
        };
        yield { type: "verdict", iteration, scope: "part", proposals: [id], theta: `${iteration}-${index}`, verdict };
        proposals.push({ id, node, base, text, hypothesis, verdict, attempts: [id] });
        if (isAccepted) [texts[node], accepted[accepted.length]] = [text, id];
      }
      yield {
        type: "iteration",
        iteration,
        theta: thetaOf(texts),
        accepted,
        batch: [],
        looked: 8,
        validationLoss: [0.4, 0.4],
      };
    }
    const end = {
      status: "done",
      error: null,
      detail: null,
      theta: thetaOf(texts),
      texts,
      proposals,
      test: null,
    } as const;
    const validation = { n: samples.validation, before: 0.5, after: 0.6 };
    const finished: Finished = { type: "finished", ...end, validation, formatErrors: { before: 0, after: 0 } };
    yield finished;
    return finished;
  };
}
