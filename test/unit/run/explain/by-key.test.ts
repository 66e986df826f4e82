import { describe, expect, it } from "vitest";
import { byKey } from "../../../../src/run/explain/by-key.ts";
import { attemptsBehind, gradientsBehind, proposalsAt } from "../../../../src/run/explain/evidence.ts";
import type { RunState } from "../../../../src/run/state/state.ts";
import { five } from "../../../pages/graphs.ts";
import { runOf } from "../../../pages/runs.ts";

describe("entries of a list by key", () => {
  it("follow the list when entries are added, and when the oldest are dropped", () => {
    const find = byKey(({ node }: { readonly node: string; readonly at: number }) => node);
    const all = [{ node: "a", at: 0 }];
    const places = (node: string) => find(all, node).map(({ at }) => at);
    expect(places("a")).toEqual([0]);
    all.push({ node: "b", at: 1 }, { node: "a", at: 2 });
    expect([places("a"), places("b"), places("c")]).toEqual([[0, 2], [1], []]);
    all.splice(0, 1);
    all.push({ node: "b", at: 3 });
    expect([places("a"), places("b")]).toEqual([[2], [1, 3]]);
  });

  it("leave out those without a key", () => {
    const even = byKey(({ at }: { readonly at: number }) => (at % 2 === 0 ? "even" : undefined));
    expect(even([{ at: 0 }, { at: 1 }, { at: 2 }], "even")).toEqual([{ at: 0 }, { at: 2 }]);
  });
});

it("what is behind each of thousands of proposals is found without reading all attempts and gradients each time", () => {
  const { state } = runOf(five, "done");
  const [attempt, proposal, gradient] = [state.attempts[0], state.proposals[0], state.gradients[0]];
  if (!attempt || !proposal || !gradient) throw new Error("the run has none");
  let reads = 0;
  const counted = <T extends { readonly node: string }>(one: T, node: string): T =>
    Object.defineProperty({ ...one }, "node", {
      get: () => {
        reads += 1;
        return node;
      },
    });
  const count = 2_000;
  const nodes = Array.from({ length: count }, (_, index) => `n${index}`);
  const many: RunState = {
    ...state,
    attempts: nodes.map((node) => counted({ ...attempt, id: node }, node)),
    gradients: nodes.map((node) => counted({ ...gradient, text: `Change ${node}.` }, node)),
  };
  const proposals = nodes.map((node) => counted({ ...proposal, id: node }, node));
  for (const node of nodes) {
    expect(proposalsAt(proposals, node).map(({ id }) => id)).toEqual([node]);
    const one = { ...proposal, id: node, node, attempts: [node] };
    expect(attemptsBehind(many, one).map(({ id }) => id)).toEqual([node]);
    expect(gradientsBehind(many, one).map(({ text }) => text)).toEqual([`Change ${node}.`]);
  }
  expect(reads).toBeLessThan(10 * count);
});
