import { describe, expect, it, vi } from "vitest";
import type { ForwardPass } from "../../../src/engine/forward.ts";
import type { Value } from "../../../src/engine/nodes/node-behavior.ts";
import { createProbe, harmfulAmong, proposeSound } from "../../../src/engine/probe.ts";
import type { Candidate } from "../../../src/engine/propose.ts";
import { textsOf, thetaOf } from "../../../src/engine/theta.ts";
import type { GraphNode, Texts } from "../../../src/graph/graph.ts";
import { graphOf, llm, sampleOf } from "./fixtures.ts";

const graph = graphOf([llm("a", ["question"]), llm("b", ["a"]), llm("c", ["question"]), llm("answer", ["b", "c"])]);
const start = textsOf(graph);

function candidate(node: string, text = `new ${node}`): Candidate {
  const rest = { iteration: 1, base: "", hypothesis: "", samples: [], invalid: null };
  return { type: "attempt", id: `${node} ${text}`, node, text, ...rest };
}

/** Values of a node over three samples: under the file's texts, and under the changed ones. */
type Values = Readonly<Record<string, { before?: readonly (string | null)[]; after?: readonly (string | null)[] }>>;

function probeOver(values: Values, passes = 3) {
  const passesOf = (texts: Texts) =>
    Array.from({ length: passes }, (_, index): ForwardPass => {
      const side = texts === start ? "before" : "after";
      return {
        theta: thetaOf(texts),
        texts,
        sample: sampleOf(String(index)),
        value: async (node): Promise<Value> => {
          const known = values[node]?.[side];
          const text = known ? known[index] : `${node} ${index}`;
          if (text === null || text === undefined) throw new Error("lost");
          return { text, formatError: false, tokens: 0 };
        },
        score: Promise.resolve(null),
      };
    });
  const probe = createProbe({ graph, start, forward: passesOf });
  return async (...nodes: string[]) => {
    const candidates = nodes.map((node) => candidate(node));
    const ruined = await probe({ ...start, changed: "yes" }, candidates);
    return ruined.map(({ node }) => node);
  };
}

const alike = { after: ["same", "same", "same"] };

describe("the probe", () => {
  it("finds a text that makes its node answer everything alike", async () => {
    expect(await probeOver({ b: alike })("a", "b")).toEqual(["b"]);
    expect(await probeOver({ a: alike, c: alike })("a", "c")).toEqual(["a", "c"]);
  });

  it("does not blame a text for what its node was handed", async () => {
    expect(await probeOver({ a: alike, b: alike, answer: alike })("answer", "a", "b")).toEqual(["a"]);
  });

  it("blames nobody where values differ, were alike before, or are not known", async () => {
    expect(await probeOver({})("a", "b", "c", "answer")).toEqual([]);
    expect(await probeOver({ b: { after: ["x", "x", "y"] } })("b")).toEqual([]);
    expect(await probeOver({ b: { before: ["x", "x", "y"], ...alike } })("b")).toEqual([]);
    expect(await probeOver({ b: { after: ["same", null, "same"] } })("b")).toEqual([]);
  });

  it("takes two samples for too few", async () => {
    expect(await probeOver({ b: alike }, 2)("b")).toEqual([]);
  });

  it("leaves nodes alone that were not changed", async () => {
    expect(await probeOver({ b: alike })("c")).toEqual([]);
  });
});

describe("texts that do harm", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => candidate(id, `${id} new`)) as [Candidate, Candidate, Candidate];
  const found = async (harmful: readonly Candidate[], all: readonly Candidate[]) => {
    const breaks = vi.fn(async (some: readonly Candidate[]) => some.some((one) => harmful.includes(one)));
    return { found: await harmfulAmong(all, breaks), asked: breaks.mock.calls.length };
  };

  it("are told apart alone, where all together break what was right", async () => {
    expect(await found([a, c], [a, b, c])).toEqual({ found: [a, c], asked: 4 });
  });

  it("cost one look where there are none, and no second one where there is a single text", async () => {
    expect(await found([], [a, b, c])).toEqual({ found: [], asked: 1 });
    expect(await found([b], [b])).toEqual({ found: [b], asked: 1 });
    expect(await found([], [])).toEqual({ found: [], asked: 0 });
  });
});

describe("sound proposals", () => {
  const parameters = graph.nodes;
  const byNode = (nodes: readonly GraphNode[], version: number) =>
    nodes.map(({ id }) => candidate(id, `${id} ${version}`));

  it("are those of one question where none is ruined", async () => {
    const ask = vi.fn(async (nodes: readonly GraphNode[]) => byNode(nodes, 1));
    const sound = await proposeSound({ ask, turnDown: async () => [] }, parameters, []);
    expect(sound.map(({ text }) => text)).toEqual(["a 1", "b 1", "c 1", "answer 1"]);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("are asked for again where one is ruined, and probed together with the others", async () => {
    let version = 0;
    const ask = vi.fn(async (nodes: readonly GraphNode[]) => byNode(nodes, ++version));
    const turnDown = vi.fn(async (candidates: readonly Candidate[]) => candidates.filter(({ text }) => text === "b 1"));
    const sound = await proposeSound({ ask, turnDown }, parameters, []);
    expect(sound.map(({ text }) => text).sort()).toEqual(["a 1", "answer 1", "b 2", "c 1"]);
    expect(ask.mock.calls.map(([nodes]) => nodes.map(({ id }) => id))).toEqual([["a", "b", "c", "answer"], ["b"]]);
    expect(turnDown.mock.calls[1]?.[0]).toHaveLength(4);
  });

  it("are given up after three tries", async () => {
    let version = 0;
    const ask = vi.fn(async (nodes: readonly GraphNode[]) => byNode(nodes, ++version));
    const turnDown = async (candidates: readonly Candidate[]) => candidates.filter(({ node }) => node === "b");
    const sound = await proposeSound({ ask, turnDown }, parameters, []);
    expect(sound.map(({ node }) => node)).toEqual(["a", "c", "answer"]);
    expect(ask).toHaveBeenCalledTimes(3);
  });

  it("hold what is pending, but for what is replaced; nothing where nothing is new", async () => {
    const pending = [candidate("a", "pending a"), candidate("b", "pending b")];
    const ask = async () => [candidate("b", "b 1")];
    const sound = await proposeSound({ ask, turnDown: async () => [] }, parameters, pending);
    expect(sound.map(({ text }) => text)).toEqual(["pending a", "b 1"]);
    expect(await proposeSound({ ask: async () => [], turnDown: async () => [] }, parameters, pending)).toEqual([]);
  });
});
