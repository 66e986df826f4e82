import { describe, expect, it } from "vitest";
import type { Attempted, InvalidReason, Verdict, VerdictReason } from "../../../src/engine/events.ts";
import { History } from "../../../src/engine/history.ts";
import { netProposals } from "../../../src/engine/net-changes.ts";
import { proposalId } from "../../../src/engine/theta.ts";
import { graphOf, llm, verdictOf } from "./fixtures.ts";

interface Step {
  readonly node?: string;
  readonly base?: string;
  readonly text: string;
  readonly invalid?: InvalidReason;
  readonly verdict?: Partial<Verdict>;
}

function historyOf(steps: readonly Step[]): History {
  const history = new History();
  for (const { node = "a", base = "Do a.", text, invalid = null, verdict } of steps) {
    const id = proposalId(node, base, text);
    const hypothesis = `why ${text}`;
    const attempt: Attempted = {
      type: "attempt",
      iteration: 1,
      id,
      node,
      base,
      text,
      hypothesis,
      samples: [],
      invalid,
    };
    history.add(attempt);
    if (verdict) history.judge(id, node, verdictOf(verdict));
  }
  return history;
}

const rejected = { decision: "rejected", reason: "tie" } as const;

describe("the history", () => {
  it("tells ϕ of the last accepted version and of the four last that failed", () => {
    const failures = ["1", "2", "3", "4", "5"].map((text): Step => ({ text: `failed ${text}`, verdict: rejected }));
    const shown = historyOf([
      {
        text: "Do a well.",
        verdict: { decision: "accepted", scored: 12, rightBefore: 3, rightAfter: 6, fixed: ["x"] },
      },
      ...failures,
      { text: "too long", invalid: "longer than maxWords" },
      { text: "", invalid: "no text in the reply" },
      { text: "open", verdict: { decision: "undecided" } },
    ]).shown("a", "Do a well.");
    expect(shown).toContain(
      '<previous_text outcome="on 12 queries: 3 right before, 6 right after; fixed 1, broke 0">\nDo a.\n',
    );
    expect(Array.from(shown.matchAll(/<rejected_text[^>]*>\n(.*)\n/g), ([, text]) => text)).toEqual([
      "failed 3",
      "failed 4",
      "failed 5",
      "too long",
    ]);
    expect(shown).toContain('outcome="could not be used: longer than maxWords"');
  });

  it("shows no version as accepted that is not the present one's", () => {
    const history = historyOf([{ text: "Do a well.", verdict: { decision: "accepted" } }]);
    expect(history.shown("a", "Do a otherwise.")).toBe("");
    expect(history.shown("b", "Do b.")).toBe("");
  });

  it("takes a text for refuted that did harm, and not one that made no difference", () => {
    const history = historyOf([
      { text: "breaks", verdict: { ...rejected, broken: ["v1"] } },
      { text: "alike", verdict: { ...rejected, reason: "every output alike" } },
      { text: "harms", verdict: { ...rejected, reason: "broke training samples" } },
      { text: "unusable", invalid: "drops a placeholder" },
      { text: "idle", verdict: rejected },
      { text: "taken", verdict: { decision: "accepted", broken: ["v1"] } },
    ]);
    const refuted = (text: string) => history.refuted("a", text);
    expect(["breaks", "alike", "harms", "unusable"].map(refuted)).toEqual([true, true, true, true]);
    expect(["idle", "taken", "never seen"].map(refuted)).toEqual([false, false, false]);
    expect(history.refuted("b", "breaks")).toBe(false);
  });

  it("knows whether any text was found to break what was right", () => {
    const reasons = (...all: VerdictReason[]) =>
      historyOf(all.map((reason, index) => ({ text: `${index}`, verdict: { ...rejected, reason } }))).hasBroken();
    expect(reasons("tie", "fixed none, broke some", "every output alike")).toBe(false);
    expect(reasons("tie", "broke some")).toBe(true);
  });

  it("knows which proposals no verdict has reached", () => {
    const history = historyOf([
      { text: "judged", verdict: rejected },
      { text: "unusable", invalid: "no change" },
      { text: "open" },
    ]);
    expect(history.unjudged().map(({ attempt }) => attempt.text)).toEqual(["open"]);
  });
});

describe("the net proposals", () => {
  const graph = graphOf([llm("a", ["question"]), llm("b", ["a"]), llm("c", ["b"])]);
  const start = { a: "Do a.", b: "Do b.", c: "Do c." };
  const net = verdictOf({ scored: 20 });

  it("are the way from the file's text to the last one, with the run's verdict and all attempts", () => {
    const history = historyOf([
      { text: "a1", verdict: { decision: "accepted", scored: 8 } },
      { base: "a1", text: "a2", verdict: rejected },
      { base: "a1", text: "a3", verdict: { decision: "accepted", scored: 9 } },
    ]);
    const proposals = netProposals(graph, start, { ...start, a: "a3" }, net, new Map(), history);
    expect(proposals).toMatchObject([
      {
        id: proposalId("a", "Do a.", "a3"),
        node: "a",
        base: "Do a.",
        text: "a3",
        hypothesis: "why a3",
        verdict: net,
        attempts: [proposalId("a", "Do a.", "a1"), proposalId("a", "a1", "a2"), proposalId("a", "a1", "a3")],
      },
    ]);
  });

  it("show of a node that kept its text the best attempt that failed, against the text of its time", () => {
    const gain = (lossAfter: number) => ({ ...rejected, lossBefore: 0.5, lossAfter });
    const history = historyOf([
      { node: "b", base: "Do b.", text: "b1", verdict: gain(0.9) },
      { node: "b", base: "Do b.", text: "b2", verdict: gain(0.4) },
      { node: "b", base: "Do b.", text: "b3", verdict: gain(0.6) },
      { node: "b", base: "Do b.", text: "b4", invalid: "no text in the reply" },
    ]);
    const [proposal, ...others] = netProposals(graph, start, start, net, new Map(), history);
    expect(proposal).toMatchObject({ node: "b", base: "Do b.", text: "b2", verdict: gain(0.4) });
    expect(proposal?.attempts).toHaveLength(4);
    expect(others).toEqual([]);
  });

  it("prefer what the gate scored to what never came before it", () => {
    const replaced = { decision: "undecided", reason: "replaced before the gate", scored: 0 } as const;
    const worse = { ...rejected, lossBefore: 0.5, lossAfter: 0.9 };
    const history = historyOf([
      { node: "b", text: "b1", verdict: worse },
      { node: "b", text: "b2", verdict: { ...replaced, lossBefore: 0, lossAfter: 0 } },
    ]);
    expect(netProposals(graph, start, start, net, new Map(), history)).toMatchObject([{ text: "b1", verdict: worse }]);
  });

  it("leave out what was never proposed or never usable", () => {
    const history = historyOf([{ node: "c", base: "Do c.", text: "c1", invalid: "drops a text to keep" }]);
    expect(netProposals(graph, start, start, net, new Map(), history)).toEqual([]);
  });

  it("say of each part whether it contributes something, as far as that was measured", () => {
    const end = { a: "a1", b: "b1", c: "c1" };
    const contributes = new Map([
      ["a", true],
      ["b", false],
    ]);
    const proposals = netProposals(graph, start, end, net, contributes, new History());
    expect(proposals.map(({ node, contributes }) => [node, contributes])).toEqual([
      ["a", true],
      ["b", false],
      ["c", undefined],
    ]);
  });
});
