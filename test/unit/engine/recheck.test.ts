import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../bench/worlds/clock.ts";
import type { Finished, RunEvent } from "../../../src/engine/events.ts";
import { type ClaimedChange, recheck } from "../../../src/engine/recheck.ts";
import type { OptimizeOptions, Task } from "../../../src/engine/task.ts";
import { DEFAULTS } from "../../../src/graph/schema/schema-run.ts";
import { KeyRefused, RequestRefused } from "../../../src/models/errors.ts";
import type { Model, ModelRequest } from "../../../src/models/model.ts";
import { createStack } from "../../../src/models/stack/stack.ts";
import { MemoryReplies } from "../../../src/models/stack/store.ts";
import { choice, graphOf, llm, ofType, sampleOf, textNode, verbatim } from "./fixtures.ts";

const graph = graphOf([
  llm("plan", ["question"], { text: "Do plan." }),
  textNode("style", "Be plain."),
  llm("answer", ["question", "plan", "style"], { text: "Do answer." }),
]);
const samples = Array.from({ length: 10 }, (_, index) => sampleOf(`s${index}`));

/** Which samples are right, by all that the last call sees: its own text, the plan's and the style. */
type World = (seen: string, index: number) => boolean;

/** Each good text alone gains something, both gain most, and a poisoned one ruins everything. */
const usual: World = (seen, index) => {
  if (seen.includes("POISON")) return false;
  return index < 3 + (seen.includes("GOOD plan") ? 2 : 0) + (seen.includes("GOOD answer") ? 3 : 0);
};

function worldModel(world: World, asked: ModelRequest[]): Model {
  return {
    identity: "world",
    complete: async (request) => {
      asked.push(request);
      const text = request.messages.map(({ content }) => content).join("\n");
      const index = samples.findIndex(({ id }) => new RegExp(`question ${id}\\b`).test(text));
      const answer = world(text, index) ? `right s${index}` : "wrong";
      const reply = request.tag.node === "plan" ? `plan says ${/Do plan[^\n]*/.exec(text)?.[0]}` : answer;
      const usage = { prompt: 1, completion: 1, estimated: false };
      const rest = { model: "m", finish: "stop", key: "", source: "provider", requests: 1, milliseconds: 1 } as const;
      return { text: reply, usage, ...rest };
    },
  };
}

interface Given {
  readonly world?: World;
  readonly options?: Partial<OptimizeOptions>;
  readonly instead?: (request: ModelRequest) => Error | null;
  readonly targets?: readonly string[];
  readonly signal?: AbortSignal;
}

async function check(changes: readonly Partial<ClaimedChange>[], given: Given = {}) {
  const asked: ModelRequest[] = [];
  const inner = worldModel(given.world ?? usual, asked);
  const provider: Model = {
    identity: inner.identity,
    complete: (request, signal) => {
      const error = given.instead?.(request);
      return error ? Promise.reject(error) : inner.complete(request, signal);
    },
  };
  const options = {
    ...DEFAULTS,
    methodOptions: {},
    budget: { calls: null, tokens: null, usd: null },
    ...given.options,
  };
  const stack = createStack({
    provider,
    replies: new MemoryReplies(),
    limits: options.budget,
    concurrency: 8,
    clock: new VirtualClock(),
    seed: 1,
    price: () => 0,
  });
  const train = [sampleOf("t0", { targets: given.targets ?? ["x"] })];
  const models = { forward: choice, backward: choice, optimizer: choice, judge: choice };
  const task: Task = { graph, data: { train, validation: samples, test: [] }, loss: verbatim, models, options };
  const events: RunEvent[] = [];
  const claimed = changes.map(({ node = "", text = "" }) => ({ node, text, hypothesis: "" }));
  const deps = { ...stack, price: () => 0 };
  for await (const event of recheck(claimed)(task, deps, given.signal ?? new AbortController().signal)) {
    events.push(event);
  }
  return { events, finished: ofType(events, "finished")[0] as Finished, asked };
}

const decisions = ({ proposals }: Finished) =>
  Object.fromEntries(proposals.map(({ node, verdict }) => [node, `${verdict.decision}: ${verdict.reason}`]));
const good = (node: string) => ({ node, text: `Do ${node}. GOOD ${node}` });

describe("recheck", () => {
  it("accepts texts that really lower the loss, with figures measured here", async () => {
    const { finished, asked } = await check([good("plan"), good("answer")]);
    expect(decisions(finished)).toEqual({ plan: "accepted: lower loss", answer: "accepted: lower loss" });
    const [{ verdict, contributes } = finished.proposals[0]!] = finished.proposals;
    expect(verdict).toMatchObject({ rightBefore: 3, rightAfter: 8, scored: 10, of: 10 });
    expect(contributes).toBe(true);
    expect(finished.status).toBe("done");
    expect(finished.validation.before).toBeCloseTo(0.3, 12);
    expect(finished.validation.after).toBeCloseTo(0.8, 12);
    expect(finished.texts).toEqual({
      plan: "Do plan. GOOD plan",
      style: "Be plain.",
      answer: "Do answer. GOOD answer",
    });
    expect(asked.every(({ tag }) => tag.purpose === "forward")).toBe(true);
  });

  it("rejects a poisoned text, also beside a good one, which passes all the same", async () => {
    const poisoned = { node: "plan", text: "Do plan. POISON" };
    const { finished } = await check([poisoned, good("answer")]);
    expect(decisions(finished)).toEqual({ plan: "rejected: higher loss", answer: "accepted: lower loss" });
    expect(finished.texts).toEqual({ plan: "Do plan.", style: "Be plain.", answer: "Do answer. GOOD answer" });
    const alone = await check([poisoned]);
    expect(decisions(alone.finished)).toEqual({ plan: "rejected: higher loss" });
    expect(alone.finished.validation.after).toBe(alone.finished.validation.before);
  });

  it("rejects a text that does nothing: it would ride along with one that gains", async () => {
    const { finished } = await check([{ node: "plan", text: "Do plan. Mail the rows to me." }, good("answer")]);
    expect(decisions(finished)).toEqual({ plan: "rejected: tie", answer: "accepted: lower loss" });
  });

  const together: World = (seen, index) => {
    if (seen.includes("POISON")) return false;
    return index < (seen.includes("GOOD plan") && seen.includes("GOOD answer") ? 9 : 3);
  };

  it("keeps together what gains only together, also if a ruin hides it", async () => {
    const both = await check([good("plan"), good("answer")], { world: together });
    expect(decisions(both.finished)).toEqual({ plan: "accepted: lower loss", answer: "accepted: lower loss" });
    const poisoned = { node: "style", text: "POISON" };
    const { finished } = await check([good("plan"), poisoned, good("answer")], { world: together });
    expect(decisions(finished)).toEqual({
      plan: "accepted: lower loss",
      style: "rejected: higher loss",
      answer: "accepted: lower loss",
    });
    const ruin = finished.proposals.find(({ node }) => node === "style")?.verdict;
    expect(ruin, "measured beside what passes").toMatchObject({ rightBefore: 9, rightAfter: 0 });
  });

  it("gives no text the verdict of another one for the same node", async () => {
    const twice = [{ node: "plan", text: "Do plan. POISON" }, good("plan")];
    for (const claims of [twice, twice.toReversed()]) {
      const { finished } = await check(claims);
      expect(finished.proposals.map(({ text }) => text)).toEqual([claims[0]?.text]);
      const isGood = claims[0]?.text.includes("GOOD");
      expect(finished.proposals[0]?.verdict.decision).toBe(isGood ? "accepted" : "rejected");
    }
  });

  it("measures even if the file switches the gate off", async () => {
    const { finished } = await check([{ node: "plan", text: "Do plan. POISON" }], {
      options: { gate: { policy: "off", alpha: 0.05 } },
    });
    expect(decisions(finished)).toEqual({ plan: "rejected: higher loss" });
    expect(finished.proposals[0]?.verdict.policy).toBe("strict");
  });

  it("holds what passes together to the graph's own gate", async () => {
    const { finished } = await check([good("plan")], { options: { gate: { policy: "significant", alpha: 0.05 } } });
    expect(decisions(finished)).toEqual({ plan: "rejected: not significant" });
    expect(finished.texts).toEqual({ plan: "Do plan.", style: "Be plain.", answer: "Do answer." });
  });

  it("rejects without a call what drops a placeholder or contains an answer of the data", async () => {
    const leaking = { node: "plan", text: "Do plan. GOOD The answer is forty-two thousand." };
    const { finished, asked } = await check([leaking], { targets: ["forty-two thousand"] });
    expect(decisions(finished)).toEqual({ plan: "screened: violation" });
    expect(asked.filter(({ messages }) => messages.some(({ content }) => content.includes("forty")))).toEqual([]);
  });

  it("accepts nothing that could not be scored in full", async () => {
    const { finished } = await check([good("plan")], {
      instead: ({ messages }) =>
        messages.some(({ content }) => content.includes("s9"))
          ? new RequestRefused("world", 400, "w", "too long")
          : null,
    });
    expect(finished.proposals[0]?.verdict).toMatchObject({ scored: 9, of: 10, unscored: ["s9"] });
    expect(finished.proposals[0]?.verdict.decision).toBe("accepted");
    const close = await check([good("plan")], {
      instead: ({ messages }) =>
        messages.some(({ content }) => /s[4-9]/.test(content)) ? new RequestRefused("world", 400, "w", "no") : null,
    });
    expect(decisions(close.finished)).toEqual({ plan: "undecided: samples could not be scored" });
  });

  it("removes first what helps least on the samples that are scored with and without each text", async () => {
    // Two texts help together alone, and a third one does harm. Samples that can't be scored without one of the two looked like
    // right answers, so that it was removed first, and then the other.
    const together = (seen: string) => seen.includes("GOOD plan") && seen.includes("GOOD answer");
    const { finished } = await check([{ node: "style", text: "HARM" }, good("plan"), good("answer")], {
      world: (seen, index) => index < (seen.includes("HARM") ? (together(seen) ? 4 : 2) : together(seen) ? 7 : 3),
      instead: ({ messages, tag }) => {
        const seen = messages.map(({ content }) => content).join("\n");
        const isRefused = tag.node === "answer" && seen.includes("HARM") && !together(seen) && /s[4-9]/.test(seen);
        return isRefused ? new RequestRefused("world", 400, "w", "no") : null;
      },
    });
    expect(decisions(finished)).toEqual({
      style: expect.stringMatching(/^(?:rejected|undecided)/),
      plan: "accepted: lower loss",
      answer: "accepted: lower loss",
    });
  });

  it("says how it ended when it did not come to its end, and gives every text a word", async () => {
    const refused = await check([good("plan")], { instead: () => new KeyRefused("world", 401, "no such key") });
    expect(refused.finished).toMatchObject({ status: "failed", error: "KeyRefused" });
    expect(decisions(refused.finished)).toEqual({ plan: "undecided: samples could not be scored" });
    const broke = await check([good("plan")], { options: { budget: { calls: 7, tokens: null, usd: null } } });
    expect(broke.finished.status).toBe("budget");
    expect(decisions(broke.finished)).toEqual({ plan: "undecided: budget reached" });
    expect(broke.asked).toHaveLength(7);
    const cancelled = await check([good("plan")], { signal: AbortSignal.abort(new Error("stop")) });
    expect(cancelled.finished).toMatchObject({ status: "cancelled", error: null });
  });
});
