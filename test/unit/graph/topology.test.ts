import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Graph, GraphNode } from "../../../src/graph/graph.ts";
import { findCycle, topologyOf } from "../../../src/graph/topology.ts";

const base = { role: "", text: "x", keep: [], maxWords: null, constraints: [] };
const llm = (id: string, inputs: string[], trainable = true): GraphNode => ({
  ...base,
  id,
  kind: "llm",
  inputs,
  trainable,
  output: null,
  model: null,
  message: "system",
});
const text = (id: string, trainable: boolean): GraphNode => ({
  ...base,
  id,
  kind: "text",
  trainable,
  inputs: [],
  output: null,
});
const graphOf = (nodes: GraphNode[]): Graph => ({
  name: "",
  description: "",
  inputs: [{ name: "question", description: "" }],
  nodes,
  output: nodes.at(-1)?.id ?? "",
});

const diamond = graphOf([
  llm("join", ["left", "right", "question"], false),
  llm("left", ["start", "style"], false),
  llm("right", ["start"], false),
  text("style", true),
  llm("start", ["question"], false),
]);

describe("topologyOf", () => {
  const topology = topologyOf(diamond);

  it("orders nodes after their predecessors, else as the file does", () => {
    expect(topology.order.map(({ id }) => id)).toEqual(["style", "start", "left", "right", "join"]);
  });

  it("knows who reads whom", () => {
    expect(topology.predecessors("join")).toEqual(["left", "right", "question"]);
    expect(topology.successors("start")).toEqual(["left", "right"]);
    expect(topology.successors("question")).toEqual(["join", "start"]);
    expect([...topology.ancestors("join")].sort()).toEqual(["left", "right", "start", "style"]);
    expect([...topology.descendants("style")].sort()).toEqual(["join", "left"]);
    expect([...topology.descendants("question")].sort()).toEqual(["join", "left", "right", "start"]);
    expect(["style", "start", "left", "join"].map(topology.depth)).toEqual([0, 0, 1, 2]);
  });

  it("knows where a gradient still reaches a parameter", () => {
    expect([...topology.trainableAncestors("join")]).toEqual(["style"]);
    expect(["join", "left", "style", "right", "start", "question"].filter(topology.leadsToTrainable)).toEqual([
      "join",
      "left",
      "style",
    ]);
  });

  it("takes no time and no stack for a long chain in which all read the question", () => {
    const nodes = Array.from({ length: 20_000 }, (_, at) =>
      llm(`n${at}`, at > 0 ? ["question", `n${at - 1}`] : ["question"]),
    );
    const long = topologyOf(graphOf(nodes));
    expect(long.depth("n19999")).toBe(19_999);
    expect(long.ancestors("n19999").size).toBe(19_999);
    expect(long.successors("question")).toHaveLength(20_000);
  });
});

test("a cycle is a real one, and none is found in what has an order", () => {
  const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });
  fc.assert(
    fc.property(edges, fc.boolean(), (pairs, acyclic) => {
      const inputs = new Map<string, string[]>(Array.from({ length: 10 }, (_, at) => [`n${at}`, ["question"]]));
      for (const [from, to] of pairs) {
        if (!acyclic || from < to) inputs.get(`n${to}`)?.push(`n${from}`);
      }
      const cycle = findCycle(inputs);
      if (acyclic) expect(cycle).toBeNull();
      if (!cycle) return;
      expect(cycle[0]).toBe(cycle.at(-1));
      expect(new Set(cycle).size).toBe(cycle.length - 1);
      for (const [at, id] of cycle.slice(0, -1).entries()) expect(inputs.get(cycle[at + 1] ?? "")).toContain(id);
    }),
  );
});
