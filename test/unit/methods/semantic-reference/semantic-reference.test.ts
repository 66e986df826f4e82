import { describe, expect, it } from "vitest";
import { RequestRefused } from "../../../../src/models/errors.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../sequence.ts";

const options = { method: "semantic-reference", iterations: 3 };
const SURE = { feedbackAccuracy: 1, destructiveRewrites: 0 };

/** What a rewrite says in place of the world's. */
function rewritten(text: (node: string) => string) {
  return ({ tag }: { tag: { purpose: string; node: string | null; form?: readonly string[] } }) =>
    tag.purpose === "optimizer" ? Promise.resolve(reply(text(tag.node ?? ""))) : null;
}

describe("semantic-reference", () => {
  it("scores the training set, draws two errors, goes back, rewrites all texts and scores the training set again", async () => {
    const { events, provider } = await run({ options, world: SURE, samples: 6 });
    expectGolden("methods/semantic-reference.txt", sequenceOf(events));
    const first = (purpose: string) => provider.seen.find(({ tag }) => tag.purpose === purpose)?.messages ?? [];
    expectGolden("methods/semantic-reference-backward.txt", written(first("backward")));
    expectGolden("methods/semantic-reference-optimizer.txt", written(first("optimizer")));
  });

  it("takes what is reported of a node's output as the gradient of its instruction, and asks nothing of nodes that read no other", async () => {
    const { events, provider } = await run({ options, world: { ...SURE, shape: "diamond" }, samples: 6 });
    const backward = provider.seen.filter(({ tag }) => tag.purpose === "backward");
    expect(new Set(backward.map(({ tag }) => tag.node))).toEqual(new Set(["answer", "left", "right"]));
    const keys = backward.map(({ schema, tag }) => [tag.node, Object.keys(schema?.schema.properties ?? {}).join()]);
    expect(keys).toContainEqual(["answer", "left,right"]);
    expect(keys).toContainEqual(["left", "facts"]);
    const own = ofType(events, "gradient").filter(({ node, of }) => node === "answer" && of === "text");
    expect(own.length).toBeGreaterThan(0);
    expect(own.every(({ text }) => text.startsWith("Expected "))).toBe(true);
  });

  it("lets the training set decide: no validation sample is scored for it, and what gained nothing is dropped", async () => {
    const useless = rewritten((node) => `<new_text>Do the ${node} part, politely.</new_text>`);
    const { events, finished } = await run({ options, instead: useless });
    expect(ofType(events, "verdict")).toEqual([]);
    expect(new Set(ofType(events, "screened").map(({ reason }) => reason))).toEqual(
      new Set(["no gain on training samples"]),
    );
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("returns what the training set accepted, with the verdict of the validation set on it", async () => {
    const { events, finished, world } = await run({ options: { ...options, iterations: 12 }, world: SURE });
    expect(ofType(events, "iteration").some(({ accepted }) => accepted.length > 0)).toBe(true);
    expect(world.truth(finished.texts, world.train.slice(0, 10))).toBeGreaterThan(0.6);
    const changed = finished.proposals.filter(({ base, text }) => base !== text);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every(({ verdict }) => verdict.scored === 10)).toBe(true);
  });

  it("gates on the validation set if it is told to, on all of it, and refuses a tie", async () => {
    const useless = rewritten((node) => `<new_text>Do the ${node} part, politely.</new_text>`);
    const { events, finished } = await run({ options: { ...options, gateOn: "validation" }, instead: useless });
    const [verdict] = ofType(events, "verdict");
    expect(verdict?.verdict).toMatchObject({ decision: "rejected", scored: 10, of: 10 });
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
    const better = await run({ options: { ...options, iterations: 8, gateOn: "validation" }, world: SURE });
    expect(ofType(better.events, "verdict").some((one) => one.verdict.decision === "accepted")).toBe(true);
    expect(better.finished.validation.after).toBeGreaterThan(better.finished.validation.before ?? 1);
  });

  it("changes some of the texts if a coin decides, the same ones each time", async () => {
    const given = {
      options: { ...options, iterations: 6, update: "coin" },
      world: { ...SURE, shape: "diamond" },
    } as const;
    const { events } = await run(given);
    const decidedOn = ofType(events, "screened").filter(({ reason }) => reason !== "superseded");
    const sizes = [
      ...decidedOn.map(({ proposals }) => proposals.length),
      ...ofType(events, "iteration").map(({ accepted }) => accepted.length),
    ].filter((size) => size > 0);
    expect(sizes.some((size) => size < 4)).toBe(true);
    expect(sequenceOf((await run(given)).events)).toBe(sequenceOf(events));
  });

  it("asks again for a reply without the tags, and never takes all of it for the text", async () => {
    const { events, provider } = await run({
      options: { ...options, iterations: 1 },
      instead: rewritten(() => "Sure!"),
    });
    const asked = provider.seen.filter(({ tag }) => tag.purpose === "optimizer");
    expect(asked).toHaveLength(4);
    expect(ofType(events, "attempt").map(({ invalid }) => invalid)).toEqual([
      "no text in the reply",
      "no text in the reply",
    ]);
  });

  it("lets no text pass that breaks a rule of its node", async () => {
    const { events } = await run({
      options: { ...options, iterations: 1 },
      instead: rewritten(() => "<new_text>Use {{nothing}}.</new_text>"),
    });
    expect(new Set(ofType(events, "attempt").map(({ invalid }) => invalid))).toEqual(
      new Set(["invents a placeholder"]),
    );
  });

  it("is ignored a failed call as a wrong answer", async () => {
    const { events, finished } = await run({
      options,
      world: SURE,
      instead: ({ tag }) =>
        tag.sample === "s0" && tag.node === "answer"
          ? Promise.reject(new RequestRefused("w", 400, "world", "too long"))
          : null,
    });
    expect(finished.status).toBe("done");
    const losses = ofType(events, "scored").filter(({ sample }) => sample === "s0");
    expect(losses.length).toBeGreaterThan(1);
    expect(losses.every(({ loss }) => loss === null)).toBe(true);
    expect(ofType(events, "iteration").flatMap(({ batch }) => batch)).not.toContain("s0");
    expect(ofType(events, "iteration").some(({ accepted }) => accepted.length > 0)).toBe(true);
  });

  it("keeps what it had if the budget ends it, and pays for nothing twice if it goes on", async () => {
    const replies = new MemoryReplies();
    const whole = await run({ options: { ...options, iterations: 8 }, world: SURE });
    const cut = await run({
      options: { ...options, iterations: 8, budget: { calls: whole.spent.calls - 30, tokens: null, usd: null } },
      world: SURE,
      replies,
    });
    expect(cut.finished.status).toBe("budget");
    const kept = ofType(cut.events, "iteration").at(-1);
    expect(cut.finished.theta).toBe(kept?.theta);
    const resumed = await run({ options: { ...options, iterations: 8 }, world: SURE, replies });
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
    expect(more?.calls).toBeGreaterThan((few?.calls ?? 0) + 20);
  });
});
