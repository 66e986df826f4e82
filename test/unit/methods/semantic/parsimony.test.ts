import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../../../src/data/sample.ts";
import type { ScreenReason } from "../../../../src/engine/events.ts";
import type { Engine } from "../../../../src/engine/method.ts";
import { allParametersOf } from "../../../../src/engine/parameters.ts";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { textsOf } from "../../../../src/engine/theta.ts";
import type { Texts } from "../../../../src/graph/graph.ts";
import { addedSentences, isGrown, withoutSentences } from "../../../../src/graph/text/sentences.ts";
import { createParsimony } from "../../../../src/methods/semantic/parsimony.ts";
import { candidate, graphOf, llm, sampleOf } from "../../engine/fixtures.ts";

const graph = graphOf([llm("a", ["question"]), llm("b", ["a"])]);
const start = textsOf(graph);
const samples = Array.from({ length: 6 }, (_, index) => sampleOf(`s${index}`));
const grown = (id: string, ...sentences: string[]) => [start[id], ...sentences].join(" ");

const proposal = candidate("a", grown("a", "Mind the rule.", "Be kind."));

interface Script {
  readonly isRight: (texts: Texts, sample: string) => boolean;
  readonly signs?: number;
  /** Samples that every text was written for. */
  readonly writtenFor?: readonly string[];
  /** Of the run so far. */
  readonly attempts?: readonly Candidate[];
}

function parsimony({ isRight, signs = 1, writtenFor, attempts = [] }: Script) {
  const scored: string[] = [];
  const dropped: string[] = [];
  const engine = {
    start,
    parameters: allParametersOf(graph),
    history: {
      of: () =>
        writtenFor ? [{ attempt: { ...proposal, samples: writtenFor } }] : attempts.map((attempt) => ({ attempt })),
    },
    score: async (texts: Texts, some: readonly Sample[]) => {
      scored.push(...some.map(({ id }) => id));
      return new Map(some.map(({ id }) => [id, { loss: isRight(texts, id) ? 0 : 1 }]));
    },
    candidate: async (node: string, _: Texts, draft: { text: string } | null) => ({
      ...candidate(node, draft?.text ?? ""),
      ...draft,
    }),
    screen: async (candidates: readonly Candidate[], reason: ScreenReason) => {
      dropped.push(...candidates.map(({ node }) => `${node}: ${reason}`));
    },
  };
  const shorten = createParsimony({ options: { threshold: 0 } as never }, engine as unknown as Engine, {
    seen: () => samples,
    brokenByGrowth: () => signs,
  });
  return { shorten, scored, dropped };
}

const textsIn = (candidates: readonly Candidate[]) => Object.fromEntries(candidates.map((one) => [one.node, one.text]));

describe("parsimony", () => {
  const needsRule = (texts: Texts, sample: string) => sample !== "s0" || (texts.a ?? "").includes("Mind the rule.");
  it("costs nothing as long as longer texts break nothing", async () => {
    const { shorten, scored } = parsimony({ isRight: needsRule, signs: 0 });
    expect(await shorten(start, [proposal])).toEqual([proposal]);
    expect(scored).toEqual([]);
  });

  it("keeps the idea of a text of the incumbent that it shortens: the final text has what stays of it", async () => {
    const text = grown("b", "Mind b.", "Be brief.");
    const attempt = { ...candidate("b", text), hypothesis: "Minds b." };
    const isRight = (texts: Texts, sample: string) => sample !== "s0" || (texts.b ?? "").includes("Mind b.");
    const { shorten } = parsimony({ isRight, attempts: [attempt] });
    const [shorter] = await shorten({ ...start, b: text }, []);
    expect(shorter).toMatchObject({
      text: grown("b", "Mind b."),
      hypothesis: "Minds b. Leaves out sentences without effect.",
    });
  });

  it("costs nothing if no sentence was added", async () => {
    const { shorten, scored } = parsimony({ isRight: needsRule });
    expect(await shorten(start, [])).toEqual([]);
    expect(scored).toEqual([]);
  });

  it("takes out the sentences that no sample needs", async () => {
    const { shorten } = parsimony({ isRight: needsRule });
    expect(textsIn(await shorten(start, [proposal]))).toEqual({ a: grown("a", "Mind the rule.") });
  });

  it("records a text as failed of which nothing is left, so that it is not written for the same cases again", async () => {
    const { shorten, dropped } = parsimony({ isRight: needsRule });
    const useless = candidate("b", grown("b", "Be kind."));
    expect(textsIn(await shorten(start, [proposal, useless]))).toEqual({ a: grown("a", "Mind the rule.") });
    expect(dropped).toEqual(["b: no gain on training samples"]);
  });

  it("shortens texts of the incumbent that nothing is proposed for", async () => {
    const { shorten } = parsimony({ isRight: needsRule });
    const incumbent = { ...start, b: grown("b", "Be kind.", "Be brief.") };
    const found = await shorten(incumbent, [proposal]);
    expect(textsIn(found)).toEqual({ a: grown("a", "Mind the rule."), b: start.b });
  });

  it("keeps a sentence that helps a sample which is wrong only because of the others", async () => {
    // Any sample but s0 goes wrong with two sentences of manners; s5 also needs the rule.
    const isRight = ({ a = "" }: Texts, sample: string) => {
      const manners = a.match(/Be \w+\./g)?.length ?? 0;
      return sample === "s5" ? manners < 2 && a.includes("Mind the rule.") : true;
    };
    const { shorten } = parsimony({ isRight });
    const long = candidate("a", grown("a", "Be kind.", "Be brief.", "Mind the rule."));
    expect(textsIn(await shorten(start, [long]))).toEqual({ a: grown("a", "Mind the rule.") });
  });

  it("proposes nothing if nothing but the incumbent is left", async () => {
    const { shorten } = parsimony({ isRight: () => true });
    expect(await shorten(start, [candidate("a", grown("a", "Be kind."))])).toEqual([]);
  });

  it("takes out what has no effect although no sample is right, and keeps what mends one by itself", async () => {
    const isRight = ({ a = "" }: Texts, sample: string) =>
      sample === "s0" && a.includes("Mind the rule.") && !a.includes("Be kind.");
    const { shorten } = parsimony({ isRight });
    expect(textsIn(await shorten(start, [proposal]))).toEqual({ a: grown("a", "Mind the rule.") });
  });

  it("shortens the incumbent although nothing is proposed", async () => {
    const { shorten } = parsimony({ isRight: needsRule });
    expect(textsIn(await shorten({ ...start, a: proposal.text }, []))).toEqual({ a: grown("a", "Mind the rule.") });
  });

  it("does not keep a sentence for one sample that it was not written for, which may be wrong by chance", async () => {
    // s0 is right with both sentences or none, so no sentence is what it needs.
    const isRight = ({ a = "" }: Texts, sample: string) =>
      sample !== "s0" || a.includes("Be kind.") === a.includes("Mind the rule.");
    const { shorten } = parsimony({ isRight });
    expect(await shorten(start, [proposal])).toEqual([]);
    const { shorten: forIt } = parsimony({ isRight, writtenFor: ["s0"] });
    expect(await forIt(start, [proposal])).toEqual([proposal]);
  });

  it("acts again only on new signs", async () => {
    const { shorten, scored } = parsimony({ isRight: needsRule });
    await shorten(start, [proposal]);
    const before = scored.length;
    await shorten(start, [candidate("a", grown("a", "Be brief."))]);
    expect(scored).toHaveLength(before);
  });
});

describe("sentences", () => {
  it("are added, found and taken out again; the rest stays as it is", () => {
    const base = "Answer the question.\n\n- Use digits.\n- e.g. 12";
    const text = "Answer the question. Be kind.\n\n- Use digits.\n- Round up.\n- e.g. 12";
    expect(addedSentences(base, text)).toEqual(["Be kind.", "- Round up."]);
    expect(withoutSentences(text, new Set(["Be kind.", "- Round up."]))).toBe(base);
    expect(isGrown(base, text)).toBe(true);
    expect(isGrown(text, base)).toBe(false);
  });

  it("that are taken out are gone, and nothing else is", () => {
    const sentence = fc.constantFrom("Be kind.", "Use digits.", "Round up!", "Is it so?", "Take 1 of 2.");
    fc.assert(
      fc.property(fc.array(sentence), sentence, fc.constantFrom(" ", "\n", "\n\n"), (all, out, gap) => {
        const left = withoutSentences(all.join(gap), new Set([out]));
        expect(left.trim()).toBe(all.filter((one) => one !== out).join(gap));
      }),
    );
  });

  it("keep a text as it is if none is taken out", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(withoutSentences(text, new Set())).toBe(text.trimEnd());
      }),
    );
  });
});
