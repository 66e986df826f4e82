import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../sequence.ts";

const options = { method: "textgrad", iterations: 3 };
const SURE = { feedbackAccuracy: 1, destructiveRewrites: 0 };
const NONE = { calls: null, tokens: null, usd: null };

/** What a rewrite says in place of the world's. */
function rewritten(text: (node: string, count: number) => string) {
  return ({ tag }: ModelRequest, count: number) =>
    tag.purpose === "optimizer"
      ? Promise.resolve(reply(`<improved_text>${text(tag.node ?? "", count)}</improved_text>`))
      : null;
}

const optimizer = (seen: readonly ModelRequest[]) => seen.filter(({ tag }) => tag.purpose === "optimizer");

describe("textgrad", () => {
  it("goes back over each edge of three samples, rewrites each text and looks at the whole validation set", async () => {
    const { events, provider } = await run({ options, world: SURE, samples: 6 });
    expectGolden("methods/textgrad.txt", sequenceOf(events));
    const first = (purpose: string) => provider.seen.find(({ tag }) => tag.purpose === purpose)?.messages ?? [];
    expectGolden("methods/textgrad-loss.txt", written(first("backward")));
    const edge = provider.seen.find(
      ({ tag, schema }) => tag.purpose === "backward" && !("answer" in Object(schema?.schema.properties)),
    );
    expectGolden("methods/textgrad-backward.txt", written(edge?.messages ?? []));
    expectGolden("methods/textgrad-optimizer.txt", written(first("optimizer")));
  });

  it("scores a text again that did harm before, as TextGrad does: beside other texts it may help", async () => {
    const same = rewritten((node, count) =>
      node === "answer" ? "Just say something. (answer ruined)" : `Draft ${count}.`,
    );
    const { events } = await run({ options, world: SURE, samples: 6, instead: same });
    const attempts = ofType(events, "attempt").filter(({ node }) => node === "answer");
    expect(attempts.map(({ invalid }) => invalid)).toEqual([null, null, null]);
    expect(ofType(events, "verdict").map(({ verdict }) => verdict.broken.length > 0)).toContain(true);
  });

  it("makes one backward call for each predecessor that is a parameter or leads to one, in sight of the others", async () => {
    const criticized = ({ tag, schema }: ModelRequest) =>
      tag.purpose === "backward"
        ? Promise.resolve(
            reply(
              JSON.stringify(
                Object.fromEntries(Object.keys(schema?.schema.properties ?? {}).map((key) => [key, "Be exact."])),
              ),
            ),
          )
        : null;
    const { provider } = await run({
      options: { ...options, iterations: 1, batch: 1 },
      world: { shape: "diamond" },
      instead: criticized,
    });
    const backward = provider.seen.filter(({ tag }) => tag.purpose === "backward");
    const edges = backward.map(({ tag, schema }) => `${tag.node}: ${Object.keys(schema?.schema.properties ?? {})}`);
    expect(edges.sort()).toEqual([
      // The loss on the answer.
      "answer: answer",
      "answer: instruction",
      "answer: left",
      "answer: right",
      "facts: instruction",
      "left: facts",
      "left: instruction",
      "right: facts",
      "right: instruction",
    ]);
    const isLoss = ({ schema }: ModelRequest) => Object.keys(schema?.schema.properties ?? {}).join() === "answer";
    const ofAnswer = backward.filter((one) => one.tag.node === "answer" && !isLoss(one));
    expect(ofAnswer.every(({ messages }) => /id="left"[\s\S]*id="right"/.test(messages[1]?.content ?? ""))).toBe(true);
    // Both branches criticize what they read.
    const [facts] = optimizer(provider.seen).filter(({ tag }) => tag.node === "facts");
    expect(facts?.messages[1]?.content).toContain("<feedback>\nBe exact.");
  });

  it("asks for feedback on samples that are right, too, on every edge, and rewrites every text in each step", async () => {
    const nothing = ({ tag, schema }: ModelRequest) =>
      tag.purpose === "backward"
        ? Promise.resolve(
            reply(
              JSON.stringify(Object.fromEntries(Object.keys(schema?.schema.properties ?? {}).map((key) => [key, ""]))),
            ),
          )
        : null;
    const { provider } = await run({
      options: { ...options, iterations: 1, batch: 10 },
      world: SURE,
      instead: nothing,
    });
    const backward = (node: string) =>
      provider.seen.filter(({ tag }) => tag.purpose === "backward" && tag.node === node);
    // Of each sample the loss, the instruction and the draft; then the instruction of the draft.
    expect(backward("answer")).toHaveLength(30);
    expect(backward("draft")).toHaveLength(10);
    const asked = optimizer(provider.seen);
    expect(asked.map(({ tag }) => tag.node).sort()).toEqual(["answer", "draft"]);
    expect(asked[0]?.messages[1]?.content).toContain("<feedback>\nNo change is needed.");
  });

  it("takes back what does no better, ties included", async () => {
    const { events, finished } = await run({
      options: { ...options, iterations: 2 },
      instead: rewritten((node, count) => `Do the ${node} part, politely ${count}.`),
    });
    const verdicts = ofType(events, "verdict");
    expect(verdicts.length).toBeGreaterThan(0);
    expect(verdicts.every(({ verdict }) => verdict.decision === "rejected" && verdict.scored === 10)).toBe(true);
    expect(verdicts[0]?.verdict.reason).toBe("tie");
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("keeps every step without revert, and lets the gate look once at the end", async () => {
    const given = { options: { ...options, iterations: 6, revert: false }, world: SURE };
    const { events, finished } = await run(given);
    const verdicts = ofType(events, "verdict").filter(({ scope }) => scope === "joint");
    expect(verdicts).toHaveLength(1);
    expect(verdicts[0]?.verdict.decision).toBe("accepted");
    expect(finished.validation.after).toBeGreaterThan(finished.validation.before ?? 1);
    expect(finished.proposals.every(({ verdict }) => verdict.decision === "accepted")).toBe(true);
    expect(new Set(ofType(events, "iteration").map(({ theta }) => theta)).size).toBeGreaterThan(1);

    const ruined = await run({ ...given, instead: rewritten((node) => `Just say something. (${node} ruined)`) });
    expect(ruined.finished.texts).toEqual(ofType(ruined.events, "started")[0]?.texts);
    expect(ruined.finished.proposals.every(({ verdict }) => verdict.decision === "rejected")).toBe(true);
  });

  it("is the paper's form without revert and with the gate off: what came last is the result", async () => {
    const { events, finished } = await run({
      options: { ...options, revert: false, gate: { policy: "off", alpha: 0.05 } },
      instead: rewritten((node) => `Just say something. (${node} ruined)`),
    });
    expect(finished.theta).toBe(ofType(events, "iteration").at(-1)?.theta);
    expect(finished.theta).not.toBe(ofType(events, "started")[0]?.theta);
  });

  it("shows the optimizer feedback of earlier steps, its constraints and its examples if it is told to", async () => {
    const own = { gradientMemory: 2, constraints: ["Write in capitals."], examples: ["ADD THE NUMBERS."] };
    const { provider } = await run({
      options: { ...options, ...own, iterations: 4 },
      world: SURE,
      instead: rewritten((node, count) => `Do the ${node} part ${count}.`),
    });
    const prompts = optimizer(provider.seen)
      .filter(({ tag }) => tag.node === "draft")
      .map(({ messages }) => messages.map(({ content }) => content).join("\n"));
    expect(prompts.map((prompt) => prompt.match(/<earlier_feedback>/g)?.length ?? 0)).toEqual([0, 1, 2, 2]);
    expect(prompts.every((prompt) => prompt.includes("- Write in capitals."))).toBe(true);
    expect(prompts.every((prompt) => prompt.includes("<good_example>\nADD THE NUMBERS.\n</good_example>"))).toBe(true);
  });

  it("lets no text pass that breaks a rule of its node", async () => {
    const { events, finished } = await run({ options, instead: rewritten(() => "Use {{nothing}}.") });
    const reasons = ofType(events, "attempt").map(({ invalid }) => invalid);
    expect(reasons[0]).toBe("invents a placeholder");
    expect(reasons).not.toContain(null);
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("keeps what it had if the budget ends it, and pays for nothing twice if it goes on", async () => {
    const replies = new MemoryReplies();
    const more = { ...options, iterations: 6 };
    const whole = await run({ options: more, world: SURE });
    const calls = whole.spent.calls - 40;
    const cut = await run({ options: { ...more, budget: { ...NONE, calls } }, world: SURE, replies });
    expect(cut.finished.status).toBe("budget");
    expect(cut.finished.theta).toBe(ofType(cut.events, "iteration").at(-1)?.theta);
    const resumed = await run({ options: more, world: SURE, replies });
    expect(decided(resumed)).toEqual(decided(whole));
    expect(cut.spent.calls + resumed.spent.calls).toBe(whole.spent.calls);
  });

  it("is estimated like every other", async () => {
    const clock = { now: () => 0, sleep: async () => {} };
    const known = { provider: "p", replies: new MemoryReplies(), price: () => 0, clock };
    const [few, more] = await Promise.all(
      [1, 6].map((iterations) => estimateRun(prepare({ options: { ...options, iterations } }).task, known)),
    );
    expect(few?.calls).toBeGreaterThan(40);
    expect(more?.calls).toBeGreaterThan((few?.calls ?? 0) + 60);
  });
});
