import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold, onlyLeadsTo } from "../../../webview/graph/fold.ts";
import type { NodeView } from "../../../webview/protocol.ts";
import { randomGraph } from "../../graphs.ts";

const view = (id: string, inputs: readonly string[] = []): NodeView => ({
  id,
  kind: inputs.length === 0 ? "input" : "llm",
  inputs,
  role: "",
  excerpt: "",
  words: 0,
  trainable: false,
  model: "",
});

/** a and b lead to c alone; s leads to c and to d. */
const nodes = [view("a"), view("b", ["a"]), view("s"), view("c", ["b", "s"]), view("d", ["c", "s"])];

describe("folding", () => {
  it("hides what leads to the node and nowhere else", () => {
    expect(onlyLeadsTo(nodes, "c")).toEqual(["a", "b"]);
    expect(onlyLeadsTo(nodes, "d")).toEqual(["a", "b", "s", "c"]);
    expect(onlyLeadsTo(nodes, "a")).toEqual([]);
    expect(onlyLeadsTo(nodes, "nobody")).toEqual([]);
  });

  it("lets the folded node read what its hidden nodes read", () => {
    const shared = [view("q"), view("x", ["q"]), view("y", ["x"]), view("z", ["y", "q"])];
    const { nodes: visible, hidden } = fold(shared, new Set(["y"]));
    expect(visible.map(({ id, inputs }) => [id, inputs])).toEqual([
      ["q", []],
      ["y", ["q"]],
      ["z", ["y", "q"]],
    ]);
    expect(hidden.get("y")).toEqual(["x"]);
  });

  it("keeps a fold inside a fold for when the outer one opens", () => {
    const both = fold(nodes, new Set(["c", "d"]));
    expect(both.nodes.map(({ id }) => id)).toEqual(["d"]);
    expect([...both.hidden.keys()]).toEqual(["d"]);
    expect(fold(nodes, new Set(["c"])).nodes.map(({ id }) => id)).toEqual(["s", "c", "d"]);
  });

  it("never leaves an edge to a hidden node, and loses no node", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        fc.array(fc.nat(39), { maxLength: 4 }),
        (size, seed, at) => {
          const graph = randomGraph(size, seed).map(({ id, inputs }) => view(id, inputs));
          const folded = new Set(at.map((i) => `n${i % size}`));
          const { nodes: visible, hidden } = fold(graph, folded);
          const ids = new Set(visible.map(({ id }) => id));
          for (const node of visible) for (const input of node.inputs) expect(ids.has(input)).toBe(true);
          const gone = new Set([...hidden.values()].flat());
          expect(ids.size + gone.size).toBe(size);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it("changes nothing if nothing is folded", () => {
    expect(fold(nodes, new Set()).nodes).toBe(nodes);
    expect(fold(nodes, new Set(["a"])).nodes).toBe(nodes);
  });
});
