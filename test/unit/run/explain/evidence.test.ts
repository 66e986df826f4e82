import { describe, expect, it } from "vitest";
import type { Gradient } from "../../../../src/engine/events.ts";
import { gradientsBehind } from "../../../../src/run/explain/evidence.ts";
import type { RunState } from "../../../../src/run/state/state.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

const gradient = (changes: Partial<Gradient>): Gradient => ({
  type: "gradient",
  iteration: 1,
  theta: "t0",
  sample: "row-01",
  node: "solve",
  of: "text",
  from: "solve",
  text: "Name the unit.",
  ...changes,
});

function behind(changes: Partial<RunState>, attempts: readonly string[] = ["p1"]) {
  const { state } = runOf(five, "done", changes);
  const proposal = state.proposals.find(({ node }) => node === "solve");
  if (!proposal) throw new Error("solve has no proposal");
  return gradientsBehind(state, { ...proposal, attempts }).map(({ text }) => text);
}

describe("what a proposal answers", () => {
  it("is the last gradient, up to the attempt, of each sample that the attempt was made from", () => {
    const gradients = [
      gradient({ iteration: 1, text: "old" }),
      gradient({ iteration: 2, text: "new" }),
      gradient({ iteration: 3, text: "later" }),
      gradient({ iteration: 2, sample: "row-09", text: "of another sample" }),
      gradient({ iteration: 2, node: "plan", text: "of another node" }),
    ];
    expect(behind({ gradients })).toEqual(["new"]);
  });

  it("is what should change in the node's value if nothing was said of its text", () => {
    const gradients = [gradient({ of: "value", from: "check", text: "Give the total." })];
    expect(behind({ gradients })).toEqual(["Give the total."]);
  });

  it("is there though the proposal's way can't be told from its attempts", () => {
    expect(behind({ gradients: [gradient({})] }, [])).toEqual(["Name the unit."]);
  });

  it("says each sentence of a sample once", () => {
    const gradients = [gradient({ from: "check" }), gradient({ from: "answer" })];
    expect(behind({ gradients })).toEqual(["Name the unit."]);
  });
});
