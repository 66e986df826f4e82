import { describe, expect, it } from "vitest";
import { thetaOf } from "../../../../src/engine/theta.ts";
import { ascending } from "../../../../src/methods/copro/copro.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, type Given, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../calls.ts";
import { known } from "../estimates.ts";

const small = { breadth: 3, depth: 2 };

/**
 * Texts are right by how many samples they name: `good 3` gets the first three right, whichever node it is of.
 * @param rewrites by node, in order of their drafts
 */
function scripted(rewrites: Readonly<Record<string, readonly string[]>>): Pick<Given, "instead"> {
  const asked = new Map<string, number>();
  const { task } = prepare();
  const samples = [...task.data.train, ...task.data.validation].map(({ id, targets }) => ({
    id,
    target: targets[0] ?? "",
  }));
  return {
    instead: async ({ tag, messages }) => {
      const node = tag.node ?? "";
      if (tag.purpose === "optimizer") {
        const turn = asked.get(node) ?? 0;
        asked.set(node, turn + 1);
        return reply(
          JSON.stringify({ hypothesis: `idea ${turn}`, text: rewrites[node]?.[turn] ?? `dull ${node} ${turn}` }),
        );
      }
      const prompt = messages.map(({ content }) => content).join("\n");
      const good = Math.max(0, ...[...prompt.matchAll(/good (\d+)/g)].map(([, count]) => Number(count)));
      const index = samples.findIndex(({ id }) => id === tag.sample) % 10;
      const value = node === "answer" && index < good ? samples.find(({ id }) => id === tag.sample)?.target : "wrong";
      return reply(node === "answer" ? (value ?? "wrong") : `draft with ${good === 0 ? "nothing" : `good ${good}`}`);
    },
  };
}

const copro = (given: Given = {}) =>
  run({ ...given, options: { method: "copro", ...given.options }, own: { ...small, ...given.own } });

describe("copro", () => {
  it("makes its calls in this order", async () => {
    const ended = await copro({ samples: 2 });
    expectGolden("calls/copro.txt", sequenceOf(ended));
  });

  it("asks with the present text first, and with the attempts so far in ascending order of score then", async () => {
    const { provider } = await copro({ ...scripted({ draft: ["good 2", "good 6"] }), samples: 10 });
    const [first, , , , next] = provider.seen.filter(
      ({ tag }) => (tag.purpose === "optimizer" && tag.node === "draft") || tag.purpose === "optimizer",
    );
    expectGolden("prompts/copro-first.txt", written(first?.messages ?? []));
    expectGolden("prompts/copro-next.txt", written(next?.messages ?? []));
    const scores = [...(next?.messages[1]?.content ?? "").matchAll(/score="([\d.]+)"/g)].map(([, score]) =>
      Number(score),
    );
    expect(scores).toEqual([0, 20, 60]);
  });

  it("asks as often as breadth and depth say, the first time once less for the present text", async () => {
    const { provider } = await copro();
    const asked = provider.seen.filter(({ tag }) => tag.purpose === "optimizer");
    expect(asked.length).toBe(2 * (2 + 3));
    expect(new Set(asked.map(({ draw }) => draw)).size).toBe(5);
    expect(asked.every(({ params }) => params.temperature === 1.4)).toBe(true);
  });

  it("ends with the best that was ever scored on training rows", async () => {
    const { finished, events } = await copro({
      ...scripted({ draft: ["good 2", "dull"], answer: ["good 7", "good 4", "good 1"] }),
      samples: 10,
    });
    expect(finished.texts).toMatchObject({ answer: "good 7" });
    expect(finished.validation).toMatchObject({ before: 0, after: 0.7 });
    expect(ofType(events, "verdict").filter(({ verdict }) => verdict.decision === "accepted").length).toBe(1);
    const other = ofType(events, "attempt").find(({ text }) => text === "good 4");
    expect(ofType(events, "screened").find(({ proposals }) => proposals.includes(other?.id ?? ""))?.reason).toBe(
      "eliminated",
    );
  });

  it("scores all candidates of a parameter again once the other's text has changed", async () => {
    const ended = await copro({ ...scripted({ draft: ["good 2", "dull"], answer: ["good 7", "good 4"] }), samples: 2 });
    const scored = new Set(ofType(ended.events, "scored").map(({ theta }) => theta));
    // From the first round, with the text that the answer has since.
    expect(scored).toContain(thetaOf({ draft: "dull", answer: "good 7" }));
  });

  it("keeps the file's texts if the gate does not accept the best", async () => {
    const { finished, events } = await copro({ instead: misleading() });
    expect(ofType(events, "verdict").map(({ verdict }) => verdict.decision)).toEqual(["rejected"]);
    expect(finished.texts).toEqual(ofType(events, "started")[0]?.texts);
  });

  it("looks at the validation set once a round at most, and says how often", async () => {
    const { events } = await copro({
      ...scripted({ answer: ["good 2", "good 3", "good 5", "good 4", "good 1"] }),
      samples: 10,
    });
    expect(ofType(events, "verdict").map(({ verdict }) => verdict.looks)).toEqual([1, 2]);
    expect(ofType(events, "iteration").map(({ accepted }) => accepted.length > 0)).toEqual([true, true]);
  });

  it("keeps what the gate accepted if the budget ends it", async () => {
    const whole = await copro({ ...scripted({ answer: ["good 2", "good 3"] }), samples: 10 });
    const firstRound = whole.provider.seen.length - 1;
    const { finished } = await copro({
      ...scripted({ answer: ["good 2", "good 3"] }),
      samples: 10,
      options: { budget: { calls: firstRound, tokens: null, usd: null } },
    });
    expect(finished.status).toBe("budget");
    expect(finished.texts).toMatchObject({ answer: "good 3" });
  });

  it("replays to the same result and pays nothing twice", async () => {
    const replies = new MemoryReplies();
    const first = await copro({ replies });
    const again = await copro({ replies });
    expect(again.provider.seen).toEqual([]);
    expect(decided(again)).toEqual(decided(first));
  });

  it("is estimated by breadth and depth", async () => {
    const estimateOf = async (own: object) =>
      (await estimateRun(prepare({ options: { method: "copro" }, own: { ...own } }).task, known())).calls;
    const [few, more] = [await estimateOf({ breadth: 2, depth: 1 }), await estimateOf({ breadth: 4, depth: 2 })];
    expect(more).toBeGreaterThan(2 * few);
  });
});

describe("attempts", () => {
  it("are the best, the worst of these first", () => {
    const attempts = [0.2, 0.9, 0.5, 0.7].map((score) => ({ text: `${score}`, score }));
    expect(ascending(attempts, 3).map(({ score }) => score)).toEqual([0.5, 0.7, 0.9]);
  });
});

/** Right on training rows alone. */
function misleading(): Given["instead"] {
  const { task } = prepare();
  const targets = new Map(task.data.train.map(({ id, targets }) => [id, targets[0] ?? ""]));
  return async ({ tag, messages }) => {
    if (tag.purpose === "optimizer") return reply(JSON.stringify({ hypothesis: "", text: "learned by heart" }));
    const isHeart = messages.some(({ content }) => content.includes("learned by heart"));
    return reply((isHeart && targets.get(tag.sample ?? "")) || "wrong");
  };
}
