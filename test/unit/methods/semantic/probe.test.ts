import { describe, expect, it } from "vitest";
import type { ForwardPass } from "../../../../src/engine/forward/forward.ts";
import type { Value } from "../../../../src/engine/nodes/node-behavior.ts";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { textsOf, thetaOf } from "../../../../src/engine/theta.ts";
import type { Texts } from "../../../../src/graph/graph.ts";
import { createProbe } from "../../../../src/methods/semantic/probe.ts";
import { graphOf, llm, sampleOf } from "../../engine/fixtures.ts";

const graph = graphOf([llm("a", ["question"]), llm("b", ["a"]), llm("c", ["question"]), llm("answer", ["b", "c"])]);
const start = textsOf(graph);

function candidate(node: string, text = `new ${node}`): Candidate {
  const rest = { iteration: 1, base: "", hypothesis: "", samples: [], invalid: null };
  return { type: "attempt", id: `${node} ${text}`, node, text, ...rest };
}

/** Values of a node over three samples: under the file's texts, and under the changed ones. */
type Values = Readonly<Record<string, { before?: readonly (string | null)[]; after?: readonly (string | null)[] }>>;

interface Samples {
  readonly passes?: number;
  /** Number of passes that are run next anyway. */
  readonly anyway?: number;
  /** Receives each value that is read under the changed texts. */
  readonly read?: string[];
}

function probeOver(values: Values, { passes = 3, anyway = passes, read = [] }: Samples = {}) {
  const passesOf = (texts: Texts) =>
    Array.from({ length: passes }, (_, index): ForwardPass => {
      const side = texts === start ? "before" : "after";
      return {
        theta: thetaOf(texts),
        texts,
        sample: sampleOf(String(index)),
        split: "validation",
        value: async (node): Promise<Value> => {
          if (side === "after") read.push(`${node} ${index}`);
          const known = values[node]?.[side];
          const text = known ? known[index] : `${node} ${index}`;
          if (text === null || text === undefined) throw new Error("lost");
          return { text, formatError: false, tokens: 0 };
        },
        score: Promise.resolve(null),
      };
    });
  const probe = createProbe({ graph, reference: start, forward: passesOf, anyway });
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

  it("blames no one where values differ, were alike before, or are not known", async () => {
    expect(await probeOver({})("a", "b", "c", "answer")).toEqual([]);
    expect(await probeOver({ b: { after: ["x", "x", "y"] } })("b")).toEqual([]);
    expect(await probeOver({ b: { before: ["x", "x", "y"], ...alike } })("b")).toEqual([]);
    expect(await probeOver({ b: { after: ["same", null, "same"] } })("b")).toEqual([]);
  });

  it("takes two samples for too few", async () => {
    expect(await probeOver({ b: alike }, { passes: 2 })("b")).toEqual([]);
  });

  it("runs samples that nothing else needs only as long as all values are alike", async () => {
    const readBy = async (values: Values, anyway: number) => {
      const read: string[] = [];
      const found = await probeOver(values, { anyway, read })("b");
      return { found, read };
    };
    const later = { after: ["x", "y", "z"] };
    expect(await readBy({ b: later }, 1)).toEqual({ found: [], read: ["b 0", "b 1"] });
    expect(await readBy({ b: later }, 2)).toEqual({ found: [], read: ["b 0", "b 1"] });
    expect(await readBy({ b: { after: ["x", "x", "z"] } }, 1)).toEqual({ found: [], read: ["b 0", "b 1", "b 2"] });
    expect(await readBy({ b: alike }, 1)).toEqual({ found: ["b"], read: ["b 0", "b 1", "b 2"] });
    // The value of a sample that did not change speaks for the node already.
    expect(await readBy({}, 1)).toEqual({ found: [], read: ["b 0"] });
  });

  it("leaves nodes alone that were not changed", async () => {
    expect(await probeOver({ b: alike })("c")).toEqual([]);
  });
});
