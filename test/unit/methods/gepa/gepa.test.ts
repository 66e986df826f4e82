import { describe, expect, it } from "vitest";
import { metricCallsOf } from "../../../../src/methods/gepa/gepa.ts";
import { Minibatches } from "../../../../src/methods/gepa/minibatches.ts";
import { gepaOptions } from "../../../../src/methods/gepa/options.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, type Ended, type Given, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../calls.ts";
import { known } from "../estimates.ts";

const gepa = (given: Given = {}) =>
  run({ ...given, options: { method: "gepa", ...given.options }, own: { metricCalls: 100, ...given.own } });

/** Words that a text has make samples right: `even` and `odd` each the samples with that number. */
function words(rewrite: (node: string, text: string, turn: number) => string): Pick<Given, "instead"> {
  const { task } = prepare();
  const target = new Map(
    [...task.data.train, ...task.data.validation].map(({ id, targets }) => [id, targets[0] ?? ""]),
  );
  let turn = 0;
  return {
    instead: async ({ tag, messages }) => {
      const prompt = messages.map(({ content }) => content).join("\n");
      if (tag.purpose === "optimizer") {
        const [, text = ""] = /<current_text>\n([\s\S]*?)\n<\/current_text>/.exec(prompt) ?? [];
        return reply(JSON.stringify({ hypothesis: "", text: rewrite(tag.node ?? "", text, turn++) }));
      }
      if (tag.node === "draft") return reply(`draft: ${messages[0]?.content}`);
      const index = Number((tag.sample ?? "").slice(1));
      const isRight = prompt.includes(index % 2 === 0 ? "even" : "odd");
      return reply(isRight ? (target.get(tag.sample ?? "") ?? "") : "wrong");
    },
  };
}

/** One node finds one word, the other the other. */
const halves = words((node, text) => `${text} ${node === "draft" ? "even" : "odd"}`);

const asked = ({ provider }: Ended) => provider.seen.filter(({ tag }) => tag.purpose === "optimizer");

describe("gepa", () => {
  it("scores as many answers as DSPy's auto_budget allows with `light`, unless a number is given", () => {
    const most = (parameters: number, validation: number, metricCalls = 0) =>
      metricCallsOf(parameters, validation, gepaOptions.parse({ metricCalls }));
    // Printed by dspy's GEPA.auto_budget(num_preds, 6, valset_size).
    expect([most(1, 20), most(2, 20), most(4, 20), most(2, 12), most(3, 300)]).toEqual([460, 850, 1665, 802, 3515]);
    expect(most(4, 20, 400)).toBe(400);
  });

  it("makes its calls in this order", async () => {
    const ended = await gepa({ ...halves, samples: 4, own: { metricCalls: 24 } });
    expectGolden("calls/gepa.txt", sequenceOf(ended));
    expectGolden("prompts/gepa.txt", written(asked(ended)[0]?.messages ?? []));
  });

  it("rewrites the texts in turn", async () => {
    const ended = await gepa(words((node, text, turn) => `${text} ${node} ${turn}`));
    expect(
      asked(ended)
        .slice(0, 4)
        .map(({ tag }) => tag.node),
    ).toEqual(["draft", "answer", "draft", "answer"]);
  });

  it("scores a child on the samples of its parent, and on the validation set only if it is strictly better", async () => {
    const ended = await gepa(words((_, text, turn) => `${text} dull ${turn}`));
    const dull = ended.provider.seen.filter(
      ({ tag, messages }) => tag.purpose === "forward" && messages[0]?.content.includes("dull"),
    );
    const validation = new Set(prepare().task.data.validation.map(({ id }) => id));
    expect(dull.length).toBeGreaterThan(0);
    expect(dull.filter(({ tag }) => validation.has(tag.sample ?? ""))).toEqual([]);
    const reasons = ofType(ended.events, "screened").map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(["no gain on training samples"]));
    expect(ofType(ended.events, "verdict")).toEqual([]);
  });

  it("joins what two lineages found", async () => {
    // Each text takes its word once; the word of the other node never comes up in it.
    const { finished, events } = await gepa({ ...halves, own: { metricCalls: 200 } });
    expect(finished.texts.draft).toContain("even");
    expect(finished.texts.answer).toContain("odd");
    expect(finished.validation.after).toBe(1);
    expect(ofType(events, "iteration").at(-1)?.validationLoss).toEqual([0, 0]);
  });

  it("says how often it looked at the validation set", async () => {
    const { finished } = await gepa(halves);
    const [{ verdict } = { verdict: null }] = finished.proposals;
    // The file's texts, and every child that joined the pool.
    expect(verdict?.looks).toBeGreaterThanOrEqual(3);
    expect(verdict?.decision).toBe("accepted");
  });

  it("stops after as many scored answers as it may, whether or not they were known", async () => {
    const stubborn = words((_, text, turn) => `${text} dull ${turn}`);
    const { events } = await gepa({ ...stubborn, own: { metricCalls: 46, minibatch: 3 } });
    // 10 for the file's texts, then 6 a step.
    expect(ofType(events, "iteration").length).toBe(6);
  });

  it("makes P × N proposals in one step, each from samples of its own", async () => {
    const ended = await gepa({
      ...words((node, text, turn) => `${text} ${node} ${turn}`),
      own: { metricCalls: 30, parents: 2, proposals: 2, minibatch: 2 },
      latency: () => 50,
    });
    const first = asked(ended).slice(0, 4);
    expect(new Set(first.map(({ messages }) => /<case id="(\w+)"/.exec(messages[1]?.content ?? "")?.[1])).size).toBe(4);
    expect(ofType(ended.events, "iteration")[0]?.looked).toBe(8);
  });

  it("leaves a minibatch out for a merge, and draws it only with the next one", () => {
    const samples = prepare().task.data.train.slice(0, 4);
    const draws = () => {
      let count = 0;
      const minibatches = new Minibatches(samples, 2, () => (count++ >= 0 ? 0 : 1));
      return { minibatches, count: () => count };
    };
    const [merging, plain] = [draws(), draws()];
    merging.minibatches.next();
    const atFirst = merging.count();
    merging.minibatches.skip();
    merging.minibatches.skip();
    expect(merging.count()).toBe(atFirst);
    const all = Array.from({ length: 4 }, () => plain.minibatches.next());
    expect(merging.minibatches.next()).toEqual(all[3]);
  });

  it("decides the same whatever comes first", async () => {
    const own = { metricCalls: 90, parents: 2, proposals: 2, minibatch: 2 };
    const [quick, slow] = [await gepa({ own }), await gepa({ own, latency: () => 500, concurrency: 2 })];
    expect(decided(slow)).toEqual(decided(quick));
  });

  it("keeps the best so far if the budget ends it", async () => {
    const { finished } = await gepa({ ...halves, options: { budget: { calls: 56, tokens: null, usd: null } } });
    expect(finished.status).toBe("budget");
    expect(finished.texts).not.toEqual(
      Object.fromEntries(prepare().world.graph.nodes.map(({ id, text }) => [id, text])),
    );
  });

  it("replays to the same result and pays nothing twice", async () => {
    const replies = new MemoryReplies();
    const first = await gepa({ replies });
    const again = await gepa({ replies });
    expect(first.provider.seen.length).toBeGreaterThan(40);
    expect(again.provider.seen).toEqual([]);
    expect(decided(again)).toEqual(decided(first));
  });

  it("is estimated by its budget", async () => {
    const callsOf = async (metricCalls: number) =>
      (await estimateRun(prepare({ options: { method: "gepa" }, own: { metricCalls } }).task, known())).calls;
    expect(await callsOf(120)).toBeGreaterThan(1.5 * (await callsOf(40)));
  });
});
