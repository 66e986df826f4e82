import { describe, expect, it } from "vitest";
import { parametersOf } from "../../../../src/engine/theta.ts";
import { withDemonstrations } from "../../../../src/methods/miprov2/demonstrations.ts";
import { trialsOf } from "../../../../src/methods/miprov2/miprov2.ts";
import { miprov2Options } from "../../../../src/methods/miprov2/options.ts";
import { MemoryReplies } from "../../../../src/models/stack/store.ts";
import { estimateRun } from "../../../../src/run/estimate/estimate.ts";
import { ofType } from "../../engine/fixtures.ts";
import { expectGolden, written } from "../../engine/golden.ts";
import { decided, type Given, prepare, run } from "../../engine/runs.ts";
import { reply } from "../../models/fakes.ts";
import { sequenceOf } from "../calls.ts";
import { known } from "../estimates.ts";

const miprov2 = (given: Given = {}) =>
  run({ ...given, options: { method: "miprov2", ...given.options }, own: { trials: 12, ...given.own } });

/**
 * Every third sample is right from the start. With examples in the answer's text all even ones are right, too, with a good
 * instruction all odd ones.
 */
function scripted(samples = 10): Pick<Given, "instead"> {
  const { task } = prepare(large(samples));
  const target = new Map(
    [...task.data.train, ...task.data.validation].map(({ id, targets }) => [id, targets[0] ?? ""]),
  );
  let turn = 0;
  return {
    instead: async ({ tag, messages, schema }) => {
      const prompt = messages.map(({ content }) => content).join("\n");
      if (schema?.name === "proposal")
        return reply(JSON.stringify({ hypothesis: "h", text: `${turn++ % 2 ? "GOOD" : "Dull"} text` }));
      if (schema) return reply(JSON.stringify({ [schema.name]: `my ${schema.name}` }));
      if (tag.node === "draft") return reply("a draft");
      const index = Number((tag.sample ?? "").slice(1));
      const isRight =
        index % 3 === 0 ||
        (index % 2 === 0 && prompt.includes("<example>")) ||
        (index % 2 === 1 && prompt.includes("GOOD"));
      return reply(isRight ? (target.get(tag.sample ?? "") ?? "") : "wrong");
    },
  };
}

function large(samples: number): Pick<Given, "samples" | "world"> {
  return samples <= 10 ? {} : { samples, world: { rows: { train: samples, validation: samples } } };
}

describe("miprov2", () => {
  it("makes its calls in this order", async () => {
    const own = { trials: 2, instructions: 2, demonstrations: 2, examples: 1 };
    const ended = await miprov2({ ...scripted(), samples: 4, own });
    expectGolden("calls/miprov2.txt", sequenceOf(ended));
    const asked = ended.provider.seen.filter(({ tag }) => tag.purpose === "optimizer");
    const of = (name: string) => asked.find(({ schema }) => schema?.name === name)?.messages ?? [];
    expectGolden("prompts/miprov2-propose.txt", written(of("proposal")));
    expectGolden("prompts/miprov2-observe.txt", written(of("observations")));
  });

  it("chooses instruction and examples together", async () => {
    const { finished } = await miprov2({ ...scripted(), own: { trials: 40 } });
    expect(finished.validation.after).toBe(1);
    expect(finished.texts.answer).toMatch(/GOOD[\s\S]*<example>\n<question>/);
  });

  it("shows as examples only training samples that the file's texts get right, and may show them", async () => {
    const { events } = await miprov2(scripted());
    const { train, validation } = prepare().task.data;
    const shown = ofType(events, "attempt").filter(({ text }) => text.includes("<example>"));
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.map(({ invalid }) => invalid).filter(Boolean)).toEqual([]);
    for (const { text } of shown) {
      for (const { inputs } of validation) expect(text).not.toContain(inputs.question);
      for (const { id, inputs } of train) {
        if (text.includes(inputs.question ?? "-")) expect(Number(id.slice(1)) % 3).toBe(0);
      }
    }
  });

  it("scores minibatches, and the best mean of them on the whole set every few trials", async () => {
    const { events, finished } = await miprov2({
      ...scripted(),
      own: { trials: 7, minibatch: 3, fullEvery: 3, demonstrations: 1 },
    });
    const verdicts = ofType(events, "verdict");
    // The end asks in addition what each part earned.
    expect(verdicts.filter(({ scope }) => scope === "joint").length).toBeLessThanOrEqual(3);
    expect(verdicts.every(({ verdict }) => verdict.scored === 10)).toBe(true);
    // The file's texts, seven minibatches, and the whole set after the third, the sixth and the last.
    expect(finished.proposals[0]?.verdict.looks).toBe(11);
  });

  it("scores up to 50 validation samples whole without `trials`, as DSPy's light setting does", async () => {
    const own = { trials: 0, instructions: 2, demonstrations: 1 };
    const { events, finished } = await miprov2({ ...scripted(40), ...large(40), own });
    // The file's texts and four trials, without minibatches.
    expect(ofType(events, "iteration")).toHaveLength(4);
    expect(finished.proposals[0]?.verdict.looks).toBe(5);
  });

  it("searches on 100 validation samples at most without `trials`, and the gate decides on all", async () => {
    const own = { trials: 0, instructions: 2, demonstrations: 1 };
    const { provider, events } = await miprov2({ ...scripted(130), ...large(130), own });
    const seen = provider.seen.filter(({ tag, messages }) => {
      return tag.purpose === "forward" && messages.some(({ content }) => content.includes("Dull text"));
    });
    const validation = new Set(prepare(large(130)).task.data.validation.map(({ id }) => id));
    const samples = new Set(seen.flatMap(({ tag }) => (validation.has(tag.sample ?? "") ? [tag.sample] : [])));
    expect(samples.size).toBeGreaterThan(35);
    expect(samples.size).toBeLessThanOrEqual(100);
    expect(ofType(events, "verdict").map(({ verdict }) => verdict.of)).toContain(130);
  });

  it("says that each trial was a look at the validation set", async () => {
    const { finished, events } = await miprov2({ ...scripted(), own: { trials: 12 } });
    const verdict = finished.proposals[0]?.verdict;
    // The file's texts are the first.
    expect(verdict?.looks).toBe(1 + ofType(events, "iteration").length);
    expect(verdict?.decision).toBe("accepted");
  });

  it("asks for no text and shows no examples if told so", async () => {
    const { provider, events } = await miprov2({ own: { trials: 3, instructions: 1, demonstrations: 1 } });
    expect(provider.seen.filter(({ tag }) => tag.purpose === "optimizer")).toEqual([]);
    expect(ofType(events, "attempt")).toEqual([]);
  });

  it("makes six versions without examples, from runs of training samples, as DSPy's light setting does", async () => {
    const ended = await miprov2({ ...scripted(), samples: 4, own: { trials: 1, demonstrations: 1 } });
    expectGolden("calls/miprov2-zero-shot.txt", sequenceOf(ended));
    const proposals = ended.provider.seen.filter(({ schema }) => schema?.name === "proposal");
    expect(proposals.length).toBe(5 * parametersOf(prepare().task.graph).length);
    const material = proposals.map(({ messages }) => messages.at(-1)?.content ?? "");
    expect(material.filter((text) => text.includes("<example>")).length).toBeGreaterThan(0);
    expect(ofType(ended.events, "attempt").filter(({ text }) => text.includes("<example>"))).toEqual([]);
  });

  it("keeps the best so far if the budget ends it", async () => {
    const whole = await miprov2({ ...scripted(), own: { trials: 40 } });
    const { finished } = await miprov2({
      ...scripted(),
      own: { trials: 40 },
      options: { budget: { calls: whole.provider.seen.length - 1, tokens: null, usd: null } },
    });
    expect(finished.status).toBe("budget");
    expect(finished.proposals.some(({ verdict }) => verdict.decision === "accepted")).toBe(true);
  });

  it("decides the same whatever comes first, and replays for nothing", async () => {
    const replies = new MemoryReplies();
    const first = await miprov2({ replies });
    const [again, slow] = [await miprov2({ replies }), await miprov2({ latency: () => 700, concurrency: 2 })];
    expect(again.provider.seen).toEqual([]);
    expect(decided(again)).toEqual(decided(first));
    expect(decided(slow)).toEqual(decided(first));
  });

  it("is estimated by its trials", async () => {
    const callsOf = async (trials: number) =>
      (await estimateRun(prepare({ options: { method: "miprov2" }, own: { trials } }).task, known())).calls;
    expect(await callsOf(20)).toBeGreaterThan(1.3 * (await callsOf(2)));
  });
});

describe("examples", () => {
  it("follow an instruction, and before a whole prompt", () => {
    expect(withDemonstrations("Do it.", "Examples:")).toBe("Do it.\n\nExamples:");
    expect(withDemonstrations("Do it: {{question}}", "Examples:")).toBe("Examples:\n\nDo it: {{question}}");
    expect(withDemonstrations("Do it. ", "")).toBe("Do it. ");
    const named = { looseNames: ["Customer Message"] };
    expect(withDemonstrations("Do it: {{Customer Message}}", "Examples:", named)).toBe(
      "Examples:\n\nDo it: {{Customer Message}}",
    );
  });
});

describe("trials", () => {
  it("are as many as DSPy's light setting makes", () => {
    const light = miprov2Options.parse({});
    expect([1, 2, 4].map((parameters) => trialsOf(parameters, light))).toEqual([10, 20, 41]);
    expect([1, 2, 4].map((parameters) => trialsOf(parameters, { ...light, demonstrations: 1 }))).toEqual([9, 10, 20]);
  });

  it("are known before the run starts", async () => {
    const { events } = await miprov2({ ...scripted(), own: { trials: 0, instructions: 2, demonstrations: 1 } });
    expect(ofType(events, "started")[0]?.iterations).toBe(4);
  });
});
