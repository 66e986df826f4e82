import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../sequence.ts";

const options = { method: "optoprime", iterations: 3 };
const SURE = { feedbackAccuracy: 1, destructiveRewrites: 0 };
const NONE = { calls: null, tokens: null, usd: null };

/** What the optimizer says in place of the world's. */
function saying(text: (count: number) => string) {
  return ({ tag }: ModelRequest, count: number) =>
    tag.purpose === "optimizer" ? Promise.resolve(reply(text(count))) : null;
}

const optimizer = (seen: readonly ModelRequest[]) => seen.filter(({ tag }) => tag.purpose === "optimizer");
const promptsOf = (seen: readonly ModelRequest[]) =>
  optimizer(seen).map(({ messages }) => messages.map(({ content }) => content).join("\n"));

describe("optoprime", () => {
  it("asks once a step, shows the whole run of the graph, and makes no backward call", async () => {
    const { events, provider } = await run({ options, world: SURE, samples: 6 });
    expectGolden("methods/optoprime.txt", sequenceOf(events));
    expectGolden("methods/optoprime-optimizer.txt", written(optimizer(provider.seen)[0]?.messages ?? []));
    expect(provider.seen.some(({ tag }) => tag.purpose === "backward")).toBe(false);
    expect(optimizer(provider.seen).every(({ tag }) => tag.node === null)).toBe(true);
  });

  it.each(["tags", "json"])("improves the graph by replies as %s", async (form) => {
    const { events, finished } = await run({ options: { ...options, form, iterations: 8 }, world: SURE });
    expect(finished.validation.after).toBeGreaterThan(finished.validation.before ?? 1);
    expect(ofType(events, "verdict").every(({ verdict }) => verdict.scored === 10)).toBe(true);
  });

  it("takes the answer that no change is needed", async () => {
    const none = "<reasoning>It is fine.</reasoning>\n<no_change>Nothing to mend.</no_change>";
    const tagged = await run({ options, instead: saying(() => none) });
    const json = '{"reasoning":"It is fine.","suggestion":{"draft":"","answer":""}}';
    const object = await run({ options: { ...options, form: "json" }, instead: saying(() => json) });
    for (const { events, finished, provider } of [tagged, object]) {
      expect(ofType(events, "attempt")).toEqual([]);
      expect(ofType(events, "warning")).toEqual([]);
      expect(ofType(events, "iteration")).toHaveLength(3);
      expect(optimizer(provider.seen)).toHaveLength(3);
      expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
    }
  });

  it("changes only the texts that the reply contains", async () => {
    const only = (count: number) =>
      `<reasoning>Drafts.</reasoning>\n<draft>\nDo the draft part, version ${count}.\n</draft>`;
    const { events } = await run({ options, instead: saying(only) });
    expect(new Set(ofType(events, "attempt").map(({ node }) => node))).toEqual(new Set(["draft"]));
  });

  it("asks again for a reply without a text and without a no, naming only what it must contain", async () => {
    const { events, provider } = await run({ options: { ...options, iterations: 1 }, instead: saying(() => "Well.") });
    const [, repair] = optimizer(provider.seen);
    expect(optimizer(provider.seen)).toHaveLength(2);
    expect(repair?.messages.at(-1)?.content).toContain("<reasoning>…</reasoning>");
    expect(repair?.messages.at(-1)?.content).not.toContain("<draft>");
    expect(ofType(events, "attempt").map(({ invalid }) => invalid)).toEqual([
      "no text in the reply",
      "no text in the reply",
    ]);
  });

  it("remembers so many earlier attempts, with what came of them", async () => {
    const polite = (count: number) =>
      `<reasoning>Tone.</reasoning>\n<draft>Do the draft part, politely ${count}.</draft>`;
    const { provider } = await run({ options: { ...options, memory: 2 }, instead: saying(polite) });
    const prompts = promptsOf(provider.seen);
    expect(prompts.map((prompt) => prompt.match(/<earlier_attempt /g)?.length ?? 0)).toEqual([0, 2, 2]);
    expect(prompts[1]).toMatch(/<tried_text id="draft">\nDo the draft part, politely \d+\.[\s\S]*were taken back/);
    const without = await run({ options: { ...options, memory: 0 }, instead: saying(polite) });
    expect(promptsOf(without.provider.seen).some((prompt) => prompt.includes("<earlier_attempt "))).toBe(false);
  });

  it("cuts values at 2,000 characters, never the texts that it may change", async () => {
    const long = (request: ModelRequest) =>
      request.tag.purpose === "forward" && request.tag.node === "draft"
        ? Promise.resolve(reply(`${"x".repeat(3000)} ${request.tag.sample}`))
        : null;
    const { provider } = await run({ options: { ...options, iterations: 1 }, instead: long });
    const [prompt = ""] = promptsOf(provider.seen);
    expect(prompt).toContain("characters left out");
    expect(prompt).not.toContain("x".repeat(1001));
  });

  it("asks nothing if all samples of the batch are right", async () => {
    const score = () => ({ loss: 0, lenient: 0, criticism: "" });
    const { provider, finished } = await run({ options, loss: { kind: "right", describe: () => "", score } });
    expect(optimizer(provider.seen)).toEqual([]);
    expect(finished.proposals).toEqual([]);
  });

  it("takes back what does no better, and without revert lets the gate look at the end", async () => {
    const ruin = () => "<reasoning>r</reasoning>\n<answer>Just say something. (answer ruined)</answer>";
    const each = await run({ options, instead: saying(ruin) });
    expect(ofType(each.events, "verdict").every(({ verdict }) => verdict.decision === "rejected")).toBe(true);
    const end = await run({ options: { ...options, revert: false }, instead: saying(ruin) });
    expect(ofType(end.events, "iteration")[0]?.theta).not.toBe(ofType(end.events, "started")[0]?.theta);
    for (const { events, finished } of [each, end]) expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("lets no text pass that breaks a rule of its node", async () => {
    const { events, finished } = await run({
      options: { ...options, iterations: 1 },
      instead: saying(() => "<reasoning>r</reasoning><draft>Use {{nothing}}.</draft>"),
    });
    expect(ofType(events, "attempt").map(({ invalid }) => invalid)).toEqual(["invents a placeholder"]);
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("keeps what it had if the budget ends it, and pays for nothing twice if it goes on", async () => {
    const replies = new MemoryReplies();
    const more = { ...options, iterations: 6 };
    const whole = await run({ options: more, world: SURE });
    const calls = whole.spent.calls - 20;
    const cut = await run({ options: { ...more, budget: { ...NONE, calls } }, world: SURE, replies });
    expect(cut.finished.status).toBe("budget");
    expect(cut.finished.theta).toBe(ofType(cut.events, "iteration").at(-1)?.theta);
    const resumed = await run({ options: more, world: SURE, replies });
    expect(decided(resumed)).toEqual(decided(whole));
    expect(cut.spent.calls + resumed.spent.calls).toBe(whole.spent.calls);
  });

  it.each(["tags", "json"])("is estimated like every other, with replies as %s", async (form) => {
    const clock = { now: () => 0, sleep: async () => {} };
    const known = { provider: "p", replies: new MemoryReplies(), price: () => 0, clock };
    const [few, more] = await Promise.all(
      [1, 6].map((iterations) => estimateRun(prepare({ options: { ...options, form, iterations } }).task, known)),
    );
    expect(few?.calls).toBeGreaterThan(40);
    expect(more?.calls).toBeGreaterThan((few?.calls ?? 0) + 60);
  });
});
