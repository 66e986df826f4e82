import { describe, expect, it, vi } from "vitest";
import type { RunEvent } from "../../../../src/engine/events.ts";
import type { Parameter } from "../../../../src/engine/parameters.ts";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { thetaOf } from "../../../../src/engine/theta.ts";
import { harmfulAmong, untilKept } from "../../../../src/methods/semantic/proposal.ts";
import { candidate, llm, ofType, verbatim } from "../../engine/fixtures.ts";
import { run } from "../../engine/runs.ts";

describe("texts that do harm", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => candidate(id, `${id} new`)) as [Candidate, Candidate, Candidate];
  const found = async (harmful: readonly Candidate[], all: readonly Candidate[]) => {
    const breaks = vi.fn(async (some: readonly Candidate[]) => some.some((one) => harmful.includes(one)));
    return { found: await harmfulAmong(all, breaks), asked: breaks.mock.calls.length };
  };

  it("are reported apart alone, if all together break what was right", async () => {
    expect(await found([a, c], [a, b, c])).toEqual({ found: [a, c], asked: 4 });
  });

  it("cost one look if there are none, and no second one if there is a single text", async () => {
    expect(await found([], [a, b, c])).toEqual({ found: [], asked: 1 });
    expect(await found([b], [b])).toEqual({ found: [b], asked: 1 });
    expect(await found([], [])).toEqual({ found: [], asked: 0 });
  });
});

describe("proposals", () => {
  const parameters = ["a", "b", "c", "answer"].map(
    (id): Parameter => ({ id, kind: "text", value: "", node: llm(id, ["question"]) }),
  );
  const byNode = (nodes: readonly Parameter[], version: number) =>
    nodes.map(({ id }) => candidate(id, `${id} ${version}`));

  it("are those of one question if none is dropped", async () => {
    const draft = vi.fn(async (nodes: readonly Parameter[]) => byNode(nodes, 1));
    const kept = await untilKept({ draft, screen: async () => [] }, parameters, []);
    expect(kept.map(({ text }) => text)).toEqual(["a 1", "b 1", "c 1", "answer 1"]);
    expect(draft).toHaveBeenCalledTimes(1);
  });

  it("are asked for again if one is dropped, and screened together with the others", async () => {
    let version = 0;
    const draft = vi.fn(async (nodes: readonly Parameter[]) => byNode(nodes, ++version));
    const screen = vi.fn(async (candidates: readonly Candidate[]) => candidates.filter(({ text }) => text === "b 1"));
    const kept = await untilKept({ draft, screen }, parameters, []);
    expect(kept.map(({ text }) => text).sort()).toEqual(["a 1", "answer 1", "b 2", "c 1"]);
    expect(draft.mock.calls.map(([nodes]) => nodes.map(({ id }) => id))).toEqual([["a", "b", "c", "answer"], ["b"]]);
    expect(screen.mock.calls[1]?.[0]).toHaveLength(4);
  });

  it("are given up after three tries", async () => {
    let version = 0;
    const draft = vi.fn(async (nodes: readonly Parameter[]) => byNode(nodes, ++version));
    const screen = async (candidates: readonly Candidate[]) => candidates.filter(({ node }) => node === "b");
    const kept = await untilKept({ draft, screen }, parameters, []);
    expect(kept.map(({ node }) => node)).toEqual(["a", "c", "answer"]);
    expect(draft).toHaveBeenCalledTimes(3);
  });

  it("contain what is pending, but for what is replaced; nothing if nothing is new", async () => {
    const pending = [candidate("a", "pending a"), candidate("b", "pending b")];
    const draft = async () => [candidate("b", "b 1")];
    const kept = await untilKept({ draft, screen: async () => [] }, parameters, pending);
    expect(kept.map(({ text }) => text)).toEqual(["pending a", "b 1"]);
    expect(await untilKept({ draft: async () => [], screen: async () => [] }, parameters, pending)).toEqual([]);
  });
});

describe("texts for the last few failing samples", () => {
  it("are dropped before the gate if they fix none of these", async () => {
    // Feedback never falls silent here, though nothing can mend the samples that are left.
    const world = { shape: "chain", seed: 108, overcritical: true } as const;
    const { events, finished } = await run({ world, samples: 20 });
    const dropped = ofType(events, "screened").filter(({ reason }) => reason === "no gain on training samples");
    expect(dropped.length).toBeGreaterThan(0);
    const judged = new Set(ofType(events, "verdict").flatMap(({ proposals }) => proposals));
    expect(dropped.flatMap(({ proposals }) => proposals).filter((id) => judged.has(id))).toEqual([]);
    expect(finished.validation.after).toBeGreaterThan(finished.validation.before!);
  });

  it("cost no validation call if they fix none of these", async () => {
    const { events } = await run({ world: { shape: "chain", seed: 108, overcritical: true }, samples: 20 });
    const known = new Set<string | undefined>([ofType(events, "started")[0]?.theta]);
    const scored = ofType(events, "scored").filter(({ split }) => split === "validation");
    const validation = new Set(scored.map(({ sample }) => sample));
    let dropped = 0;
    for (const [at, event] of events.entries()) {
      if (event.type === "verdict" || event.type === "iteration") known.add(event.theta);
      if (event.type !== "screened" || event.reason !== "no gain on training samples") continue;
      const written = events.findIndex((one) => one.type === "attempt" && event.proposals.includes(one.id));
      const values = ofType(events.slice(written, at), "value").filter(({ sample }) => validation.has(sample));
      expect(values.filter(({ theta }) => !known.has(theta))).toEqual([]);
      dropped++;
    }
    expect(dropped).toBeGreaterThan(0);
  });
});

describe("while a text is written and screened", () => {
  const isScoring = (event: RunEvent) => event.type === "requested" && event.split === "validation";

  it("the validation samples are scored that the gate and the report need next", async () => {
    const { events } = await run({ options: { gateEvery: 1 }, concurrency: 32 });
    const first = events.findIndex(isScoring);
    const asked = events.findLastIndex(
      (event, at) => at < first && event.type === "requested" && event.purpose === "optimizer",
    );
    const written = events.findIndex(({ type }, at) => type === "attempt" && at > first);
    const judged = events.findIndex(({ type }) => type === "verdict");
    expect([asked, first, written, judged]).toEqual([asked, first, written, judged].toSorted((a, b) => a - b));
    expect(asked).toBeGreaterThan(0);
    expect(events.slice(first, written).filter(isScoring).length).toBeGreaterThanOrEqual(10);
  });

  it("nothing is scored ahead if the budget is small", async () => {
    const budget = { calls: 100, tokens: null, usd: null };
    const { events } = await run({ options: { gateEvery: 1, budget }, concurrency: 32 });
    const written = events.findIndex(({ type }) => type === "attempt");
    expect(written).toBeGreaterThan(0);
    expect(events.slice(0, written).filter(isScoring)).toEqual([]);
  });

  it("a budget is small if it is for a loss that asks a model itself", async () => {
    const budget = { calls: 300, tokens: null, usd: null };
    const early = async (calls: number) => {
      const loss = { ...verbatim, calls };
      const { events } = await run({ options: { gateEvery: 1, budget }, concurrency: 32, loss });
      return events
        .slice(
          0,
          events.findIndex(({ type }) => type === "attempt"),
        )
        .filter(isScoring).length;
    };
    expect(await early(0)).toBeGreaterThan(0);
    expect(await early(3)).toBe(0);
  });

  it("no later node is called for a text that gives one value for everything", async () => {
    const world = { shape: "chain", seed: 2, destructiveRewrites: 0.5 } as const;
    const { events } = await run({ world, samples: 20, concurrency: 32 });
    const start = ofType(events, "started")[0]!.texts;
    const attempts = ofType(events, "attempt");
    const answers = [start.answer!, ...attempts.flatMap(({ node, text }) => (node === "answer" ? [text] : []))];
    const constant = ofType(events, "screened").filter(({ reason }) => reason === "constant output");
    const drafts = attempts.filter(({ id, node }) => node === "draft" && constant[0]?.proposals.includes(id));
    expect(drafts).toHaveLength(1);
    const thetas = answers.map((answer) => thetaOf({ draft: drafts[0]!.text, answer }));
    const values = ofType(events, "value").filter(({ theta }) => thetas.includes(theta));
    expect(values.map(({ node }) => node)).toEqual(["draft", "draft", "draft"]);
  });

  it("no call is made that a gate without them would not make, where no text does harm", async () => {
    const { events, finished } = await run({
      world: { shape: "chain", seed: 3, destructiveRewrites: 0, feedbackAccuracy: 1 },
    });
    const scored = ofType(events, "scored").filter(({ split }) => split === "validation");
    const passes = scored.map(({ theta, sample }) => `${theta} ${sample}`);
    expect(new Set(passes).size).toBe(passes.length);
    expect(finished.validation.n).toBe(10);
  });
});
