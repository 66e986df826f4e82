import { describe, expect, it } from "vitest";
import type { Attempted, InvalidReason, ScreenReason, Verdict } from "../../../../src/engine/events.ts";
import { netProposals } from "../../../../src/engine/gate/net-changes.ts";
import { History } from "../../../../src/engine/propose/history.ts";
import { proposalId } from "../../../../src/engine/theta.ts";
import { verdictOf } from "../../../verdict.ts";
import { graphOf, llm } from "../fixtures.ts";

interface Step {
  readonly node?: string;
  readonly base?: string;
  readonly text: string;
  readonly invalid?: InvalidReason;
  readonly verdict?: Partial<Verdict>;
  /** Judged together with others. */
  readonly jointly?: boolean;
  readonly screened?: ScreenReason;
}

function historyOf(steps: readonly Step[]): History {
  const history = new History();
  for (const { node = "a", base = "Do a.", text, invalid = null, verdict, jointly = false, screened } of steps) {
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
    if (verdict) history.judge(id, node, verdictOf(verdict), !jointly);
    if (screened) history.screen(id, node, screened);
  }
  return history;
}

const rejected = { decision: "rejected", reason: "tie" } as const;

describe("the history", () => {
  it("begins with what earlier runs dropped, and forgets it once this run has failures of its own", () => {
    const earlier = [
      { node: "a", text: "old", outcome: "on 20 queries: 3 right before, 2 right after; fixed 0, broke 1" },
      { node: "b", text: "of another node", outcome: "" },
      { node: "a", text: "Do a.", outcome: "the present text" },
    ];
    const history = new History(earlier);
    const shown = history.shown("a", "Do a.");
    expect(shown).toContain(
      '<rejected_text outcome="in an earlier run, on 20 queries: 3 right before, 2 right after; fixed 0, broke 1">\nold\n',
    );
    expect(shown).not.toContain("of another node");
    expect(shown).not.toContain("the present text");
    for (const text of ["1", "2", "3", "4"]) {
      const about = { type: "attempt", iteration: 1, node: "a", base: "Do a.", hypothesis: "", samples: [] } as const;
      history.add({ ...about, id: text, text, invalid: "no change" });
    }
    expect(history.shown("a", "Do a.")).not.toContain("old");
    expect(history.refuted("a", "old"), "it may be tried again on other texts").toBe(false);
  });

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

  it("shows a text that failed several times once, with its last result", () => {
    const shown = historyOf([
      { text: "often", verdict: { ...rejected, scored: 8 } },
      { text: "once", screened: "no gain on training samples" },
      { text: "often", verdict: { ...rejected, scored: 20 } },
      { text: "often", invalid: "repeats an earlier text" },
    ]).shown("a", "Do a.");
    expect(
      Array.from(shown.matchAll(/<rejected_text outcome="(.*)">\n(.*)\n/g), ([, outcome, text]) => [text, outcome]),
    ).toEqual([
      ["once", "not scored: the training cases came out no better"],
      ["often", expect.stringContaining("on 20 queries")],
    ]);
  });

  it("shows a failed text of prose by the sentences that it changes, if these are much shorter", () => {
    const present = "Answer in one word. Read the whole question first. Name the unit.";
    const history = historyOf([
      { text: `${present} Be kind.`, verdict: rejected },
      { text: "Answer in one word. Read the whole question first.", verdict: rejected },
      { text: "Give one number. Think twice. Name the unit.", verdict: rejected },
    ]);
    const outcome = expect.stringContaining("right before");
    const texts = (isProse: boolean) =>
      Array.from(
        history.shown("a", present, isProse).matchAll(/<rejected_text ([^>]*)>\n([\s\S]*?)\n<\/rejected_text>/g),
      );
    expect(texts(true).map(([, attributes, text]) => [attributes, text])).toEqual([
      [expect.stringMatching(/^shown="by its changes to current_text" outcome="on .* right before/), "+ Be kind."],
      [expect.stringMatching(/^shown="by its changes to current_text" outcome=/), "- Name the unit."],
      [outcome, "Give one number. Think twice. Name the unit."],
    ]);
    expect(texts(false)[0]?.[2]).toBe(`${present} Be kind.`);
  });

  it("shows no version as accepted that is not the present one's", () => {
    const history = historyOf([{ text: "Do a well.", verdict: { decision: "accepted" } }]);
    expect(history.shown("a", "Do a otherwise.")).toBe("");
    expect(history.shown("b", "Do b.")).toBe("");
  });

  it("takes a text for refuted that did harm, and not one that made no difference", () => {
    const history = historyOf([
      { text: "breaks", verdict: { ...rejected, broken: ["v1"] } },
      { text: "alike", screened: "constant output" },
      { text: "harms", screened: "breaks training samples" },
      { text: "lost", screened: "eliminated" },
      { text: "unusable", invalid: "drops a placeholder" },
      { text: "idle", verdict: rejected },
      { text: "taken", verdict: { decision: "accepted", broken: ["v1"] } },
    ]);
    const refuted = (text: string) => history.refuted("a", text);
    expect(["breaks", "alike", "harms", "unusable"].map(refuted)).toEqual([true, true, true, true]);
    expect(["idle", "taken", "lost", "never seen"].map(refuted)).toEqual([false, false, false, false]);
    expect(history.refuted("b", "breaks")).toBe(false);
  });

  it("knows whether any text was found to break what was right", () => {
    const knows = (...steps: Omit<Step, "text">[]) =>
      historyOf(steps.map((step, index) => ({ text: `${index}`, ...step }))).hasBroken();
    const breaks = { ...rejected, broken: ["v1"] };
    expect(knows({ verdict: rejected }, { verdict: breaks, jointly: true }, { screened: "constant output" })).toBe(
      false,
    );
    expect(knows({ verdict: { ...breaks, decision: "accepted" } })).toBe(false);
    // Also where the graph has one parameter, so that no search for culprits ever says "broke some".
    expect(knows({ verdict: rejected }, { verdict: { ...breaks, reason: "cannot pass any more" } })).toBe(true);
  });

  it("knows which proposals no verdict has reached", () => {
    const history = historyOf([
      { text: "judged", verdict: rejected },
      { text: "unusable", invalid: "no change" },
      { text: "dropped", screened: "superseded" },
      { text: "open" },
    ]);
    expect(history.unjudged().map(({ attempt }) => attempt.text)).toEqual(["open"]);
  });
});

describe("the net proposals", () => {
  const graph = graphOf([llm("a", ["question"]), llm("b", ["a"]), llm("c", ["b"])]);
  const start = { a: "Do a.", b: "Do b.", c: "Do c." };
  const net = verdictOf({ scored: 20 });
  const nothing = verdictOf({ scored: 0 });

  const unmeasured = { contributes: new Map(), edges: new Map() };

  it("are the way from the file's text to the last one, with the run's verdict and all attempts", () => {
    const history = historyOf([
      { text: "a1", verdict: { decision: "accepted", scored: 8 } },
      { base: "a1", text: "a2", verdict: rejected },
      { base: "a1", text: "a3", verdict: { decision: "accepted", scored: 9 } },
    ]);
    const proposals = netProposals(graph, {
      start,
      end: { ...start, a: "a3" },
      net,
      nothing,
      measured: unmeasured,
      history,
    });
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
    const [proposal, ...others] = netProposals(graph, {
      start,
      end: start,
      net,
      nothing,
      measured: unmeasured,
      history,
    });
    expect(proposal).toMatchObject({ node: "b", base: "Do b.", text: "b2", verdict: gain(0.4) });
    expect(proposal?.attempts).toHaveLength(4);
    expect(others).toEqual([]);
  });

  it("leave out what was accepted and taken back later", () => {
    const accepted = { decision: "accepted", scored: 8 } as const;
    const back = [
      { node: "b", base: "Do b.", text: "b1", verdict: accepted },
      { node: "b", base: "b1", text: "Do b.", verdict: accepted },
    ];
    expect(
      netProposals(graph, { start, end: start, net, nothing, measured: unmeasured, history: historyOf(back) }),
    ).toEqual([]);
    const history = historyOf([{ node: "b", base: "Do b.", text: "b0", verdict: rejected }, ...back]);
    expect(netProposals(graph, { start, end: start, net, nothing, measured: unmeasured, history })).toMatchObject([
      { text: "b0", verdict: rejected },
    ]);
  });

  it("prefer what the gate scored to what never came before it", () => {
    const worse = { ...rejected, lossBefore: 0.5, lossAfter: 0.9 };
    const history = historyOf([
      { node: "b", text: "b1", verdict: worse },
      { node: "b", text: "b2", screened: "superseded" },
    ]);
    expect(netProposals(graph, { start, end: start, net, nothing, measured: unmeasured, history })).toMatchObject([
      { text: "b1", verdict: worse },
    ]);
  });

  it("say of a text that no gate saw that it was dropped, and why", () => {
    const history = historyOf([{ node: "b", text: "b1", screened: "constant output" }]);
    expect(netProposals(graph, { start, end: start, net, nothing, measured: unmeasured, history })).toMatchObject([
      { text: "b1", verdict: { decision: "screened", reason: "constant output", scored: 0 } },
    ]);
  });

  it("leave out what was never proposed or never usable", () => {
    const history = historyOf([{ node: "c", base: "Do c.", text: "c1", invalid: "drops a text to keep" }]);
    expect(netProposals(graph, { start, end: start, net, nothing, measured: unmeasured, history })).toEqual([]);
  });

  it("say of each part whether it contributes something, as far as that was measured", () => {
    const end = { a: "a1", b: "b1", c: "c1" };
    const contributes = new Map([
      ["a", true],
      ["b", false],
    ]);
    const proposals = netProposals(graph, {
      start,
      end,
      net,
      nothing,
      measured: { contributes, edges: new Map() },
      history: new History(),
    });
    expect(proposals.map(({ node, contributes }) => [node, contributes])).toEqual([
      ["a", true],
      ["b", false],
      ["c", undefined],
    ]);
  });
});
