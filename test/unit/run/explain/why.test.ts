import { describe, expect, it } from "vitest";
import type { Gradient } from "../../../../src/engine/events.ts";
import { reasonsOf } from "../../../../src/run/explain/why.ts";
import { whyHtml } from "../../../../src/run/report/why.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const BASE = "Solve the problem.";
const TEXT = [
  "Solve the problem.",
  "Name the unit of every quantity.",
  "Check the sum before you answer.",
  "Be kind.",
].join("\n");

function proposed(gradients: readonly (readonly [sample: string, text: string])[]) {
  const { state } = runOf(five, "done", {
    gradients: gradients.map(
      ([sample, text]): Gradient => ({
        type: "gradient",
        iteration: 1,
        theta: "t0",
        sample,
        node: "solve",
        of: "text",
        from: "solve",
        text,
      }),
    ),
  });
  const known = state.proposals.find(({ node }) => node === "solve");
  if (!known) throw new Error("solve has no proposal");
  // Without attempts, all feedback on the node counts.
  const proposal = { ...known, base: BASE, text: TEXT, attempts: [] };
  return { proposal, reasons: reasonsOf(state, proposal) };
}

describe("why a text was proposed", () => {
  const { proposal, reasons } = proposed([
    ["a", "Tell the model to name the unit of each quantity."],
    ["b", "Tell the model to name the unit of  each quantity."],
    ["c", "Tell the model to name the unit of each quantity!"],
    ["a", "It should check the sum before it answers."],
    ["d", "Use French."],
  ]);

  it("is below each added line, equal sentences once with all their samples", () => {
    expect(reasons.parts).toEqual([
      {
        added: "Name the unit of every quantity.",
        line: 1,
        reasons: [{ sentence: "Tell the model to name the unit of each quantity.", samples: ["a", "b", "c"] }],
      },
      {
        added: "Check the sum before you answer.",
        line: 2,
        reasons: [{ sentence: "It should check the sum before it answers.", samples: ["a"] }],
      },
      { added: "Be kind.", line: 3, reasons: [] },
    ]);
  });

  it("leaves nothing out that no line answers", () => {
    expect(reasons.others).toEqual([{ sentence: "Use French.", samples: ["d"] }]);
  });

  it("takes a line's feedback from an earlier attempt if the last one has none", () => {
    const { state } = runOf(five, "done");
    const [attempt] = state.attempts.filter(({ node }) => node === "solve");
    if (!attempt) throw new Error("no attempt");
    const gradient = (iteration: number, sample: string, text: string): Gradient => ({
      ...{ type: "gradient", iteration, theta: "t0", sample, node: "solve", of: "text", from: "solve" },
      text,
    });
    const gradients = [
      gradient(1, "a", "Name the unit of every quantity."),
      gradient(2, "b", "Check the sum before the answer."),
    ];
    const last = { ...attempt, id: "last", iteration: 2, samples: ["b"], decision: "accepted" as const, text: TEXT };
    const known = { ...proposal, attempts: ["last"] };
    const run = { ...state, gradients, attempts: [last] };
    expect(reasonsOf(run, known).parts.map((part) => part.reasons.map(({ samples }) => samples))).toEqual([
      [["a"]],
      [["b"]],
      [],
    ]);
  });

  it("splits a long line into its sentences, and leaves out those that were there", () => {
    const long = `${BASE} Name the unit. ${"Take your time with every single step of the way. ".repeat(4).trim()}`;
    const { state } = runOf(five, "done", { gradients: [] });
    expect(reasonsOf(state, { ...proposal, text: long }).parts[0]).toEqual({
      added: "Name the unit.",
      line: 0,
      reasons: [],
    });
  });

  it("is shown as text, whatever a model wrote", () => {
    const attack = proposed([["a", "<script>alert(1)</script> name the unit of every quantity"]]);
    const page = whyHtml({ ...attack, part: null, label: (id) => `sample ${id}` });
    expect(page).not.toContain("<script>");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt; name the unit");
    expect(page).toContain("1 sample: “sample a”");
    expect(page).toContain("Added without feedback that asks for it");
  });
});
