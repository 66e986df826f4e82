import { describe, expect, it } from "vitest";
import { thetaOf } from "../../../../src/engine/theta.ts";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { changeFigures } from "../../../../src/i18n/verdict.ts";
import { contributionOf } from "../../../../src/run/explain/contribution.ts";
import type { RunState, SampleScore } from "../../../../src/run/state/state.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const START = { plan: "P", solve: "S" };
const END = { plan: "P2", solve: "S2" };

function score(loss: number | null, split: SampleScore["split"] = "validation"): SampleScore {
  return { split, loss, lenient: loss, formatError: false, votes: [] };
}

/** A run that changed two nodes, 1 → 4 of 4 right, with scores under the texts without the change of `solve`. */
function figures(
  without: Readonly<Record<string, SampleScore>>,
  changes: Partial<RunState> = {},
  contributes?: boolean,
) {
  const { state } = runOf(five, "done");
  const [first] = state.proposals.filter(({ verdict }) => verdict.decision === "accepted");
  if (!first) throw new Error("nothing was accepted");
  const { contributes: _, ...proposal } = first;
  const verdict = {
    ...proposal.verdict,
    scored: 4,
    of: 4,
    rightBefore: 1,
    rightAfter: 4,
    lossBefore: 0.75,
    lossAfter: 0,
  };
  const solve = {
    ...proposal,
    node: "solve",
    base: "S",
    text: "S2",
    verdict,
    ...(contributes !== undefined && { contributes }),
  };
  const all = ["a", "b", "c", "d"];
  const whole: RunState = {
    ...state,
    startTexts: START,
    texts: END,
    startTheta: thetaOf(START),
    theta: thetaOf(END),
    scores: {
      [thetaOf(END)]: { ...Object.fromEntries(all.map((id) => [id, score(0)])), t: score(1, "test") },
      [thetaOf({ ...END, solve: "S" })]: without,
    },
    proposals: [solve, { ...solve, node: "plan", base: "P", text: "P2" }],
    ...changes,
  };
  return changeFigures(verdict, contributionOf(whole, solve, 0), ENGLISH);
}

describe("what one of several changes adds", () => {
  it("is the result without it, if every sample was scored without it", () => {
    expect(figures({ a: score(0), b: score(1), c: score(1), d: score(0), t: score(1, "test") })).toEqual([
      "together 1 → 4 of 4 right",
      "without it 4 → 2",
    ]);
  });

  it("is not counted from a part of the samples, which are those that it fixed", () => {
    expect(figures({ b: score(1) }, {}, true)).toEqual(["together 1 → 4 of 4 right", "worse without it"]);
    expect(figures({ b: score(1), c: score(null) })).toEqual(["together 1 → 4 of 4 right"]);
  });

  it("is the verdict on it alone, if there is one", () => {
    const { state } = runOf(five, "done");
    const attempt = { ...state.attempts[0], id: "s1", node: "solve", base: "S", text: "S2" } as RunState["attempts"][0];
    const judged = (theta: string) => {
      const one = state.judged[0];
      if (!one) throw new Error("nothing was judged");
      const verdict = { ...one.verdict, decision: "accepted", scored: 4, rightBefore: 1, rightAfter: 3 } as const;
      return { ...one, theta, proposals: ["s1"], verdict: { ...verdict, lossBefore: 0.75, lossAfter: 0.25 } };
    };
    const alone = judged(thetaOf({ ...START, solve: "S2" }));
    expect(figures({}, { attempts: [attempt], judged: [alone] })).toEqual(["together 1 → 4 of 4 right", "alone 1 → 3"]);
    const later = judged(thetaOf(END));
    expect(figures({}, { attempts: [attempt], judged: [later] })).toEqual(["together 1 → 4 of 4 right"]);
  });

  it("is reported to be nothing if the result is the same without it", () => {
    expect(figures({}, {}, false)).toEqual(["together 1 → 4 of 4 right", "no effect: the same without it"]);
  });

  it("is the whole figure if only one change was accepted", () => {
    expect(figures({}, { proposals: [] })).toEqual(["1 → 4 of 4 right"]);
  });
});
