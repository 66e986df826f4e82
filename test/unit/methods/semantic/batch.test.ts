import { describe, expect, it, vi } from "vitest";
import type { Sample } from "../../../../src/data/sample.ts";
import type { BackwardPass, GradientContext } from "../../../../src/engine/backward/batch-gradients.ts";
import { type ForwardPass, PRIORITY } from "../../../../src/engine/forward/forward.ts";
import type { BackwardStyle } from "../../../../src/engine/method.ts";
import { thetaOf } from "../../../../src/engine/theta.ts";
import type { Texts } from "../../../../src/graph/graph.ts";
import { Batches, createBatch } from "../../../../src/methods/semantic/batch.ts";
import { sampleOf } from "../../engine/fixtures.ts";
import { settled } from "../../models/fakes.ts";

const samples = Array.from({ length: 8 }, (_, index) => sampleOf(`s${index}`));
const start: Texts = { a: "old" };
const next: Texts = { a: "new" };
const ids = (list: readonly Sample[]) => list.map(({ id }) => id);

describe("a batch", () => {
  it("contains what was never looked at, then nothing more under the same Θ", () => {
    const batches = new Batches(samples);
    const first = batches.next(thetaOf(start), 5);
    expect(ids(first)).toEqual(["s0", "s1", "s2", "s3", "s4"]);
    for (const sample of first) batches.record(start, sample, true);
    expect(ids(batches.next(thetaOf(start), 5))).toEqual(["s5", "s6", "s7"]);
    for (const sample of samples) batches.record(start, sample, false);
    expect(batches.next(thetaOf(start), 5)).toEqual([]);
  });

  it("contains under a new Θ first what failed, then what was never looked at, then what was right", () => {
    const batches = new Batches(samples);
    for (const index of [0, 1, 2, 3]) batches.record(start, samples[index]!, index % 2 === 0);
    expect(ids(batches.next("t2", 8))).toEqual(["s1", "s3", "s4", "s5", "s6", "s7", "s0", "s2"]);
    expect(ids(batches.next("t2", 3))).toEqual(["s1", "s3", "s4"]);
  });
});

interface Script {
  /** null: the sample could not be scored. */
  readonly loss: (sample: string, texts: Texts) => number | null;
  readonly gradient?: (sample: string, parameter: string) => string | null | Promise<string | null>;
  readonly threshold?: number;
  readonly size?: number;
  readonly gradients?: boolean;
  readonly isSteady?: () => boolean;
  readonly triesFor?: (sample: string) => number;
}

function open(script: Script) {
  const { loss, gradient = (sample) => `gradient of ${sample}`, threshold = 0, size = 4, gradients = true } = script;
  const forward = vi.fn((texts: Texts, sample: Sample, _priority?: number): ForwardPass => {
    const known = loss(sample.id, texts);
    const score = known === null ? null : { loss: known, lenient: known, criticism: "" };
    const scored = score && { ...score, formatError: false, formatErrors: 0, tokens: 0 };
    const value = () => Promise.reject(new Error("not asked for"));
    return { theta: thetaOf(texts), texts, sample, split: "train", value, score: Promise.resolve(scored) };
  });
  const contextOf = (sample: string, text: string): GradientContext => ({
    sample,
    inputs: [],
    expected: [],
    output: "",
    gradient: text,
  });
  const backward = vi.fn(
    async ({ sample }: ForwardPass, style: BackwardStyle = { per: "node" }): Promise<BackwardPass> => {
      const of = async (parameter: string) => {
        const text = style.per === "none" ? "" : await gradient(sample.id, parameter);
        return text === null ? null : contextOf(sample.id, text);
      };
      return new Map(["a", "b"].map((parameter) => [parameter, of(parameter)]));
    },
  );
  const runBatch = createBatch({
    batches: new Batches(samples),
    isSteady: script.isSteady ?? (() => true),
    parameters: ["a", "b"],
    size,
    threshold,
    style: { per: gradients ? "node" : "none" },
    forward,
    backward,
    triesFor: script.triesFor ?? (() => 0),
  });
  return { runBatch, forward, backward, looked: () => forward.mock.calls.map(([, { id }]) => id) };
}

describe("a look at a batch", () => {
  it("looks at a batch, and asks for gradients of the samples above τ alone", async () => {
    const losses: Record<string, number> = { s0: 1, s1: 0.2, s2: 0.6, s3: 0 };
    const { runBatch, backward, looked } = open({ loss: (sample) => losses[sample] ?? 1, threshold: 0.2 });
    const batch = await runBatch(start);
    expect(batch).toMatchObject({ texts: start, looked: 4, failing: ["s0", "s2"] });
    expect(looked()).toEqual(["s0", "s1", "s2", "s3"]);
    expect(backward.mock.calls.map(([{ sample }]) => sample.id)).toEqual(["s0", "s2"]);
    expect((await batch.contexts("a")).map(({ sample }) => sample)).toEqual(["s0", "s2"]);
    expect((await batch.right("a")).map(({ sample }) => sample)).toEqual(["s1", "s3"]);
  });

  it("says how many texts were tried for each sample", async () => {
    const tries: Record<string, number> = { s1: 2 };
    const { runBatch, backward } = open({ loss: () => 1, size: 2, triesFor: (sample) => tries[sample] ?? 0 });
    await runBatch(start);
    tries.s0 = 1;
    await runBatch(next);
    const asked = backward.mock.calls.map(([{ sample }, style]) => `${sample.id}: ${style?.tries}`);
    expect(asked).toEqual(["s0: 0", "s1: 2", "s0: 1", "s1: 2"]);
  });

  it("starts the backward pass of a sample while others are still on their way", async () => {
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { runBatch, backward, forward } = open({ loss: () => 1 });
    const pass = forward.getMockImplementation()!;
    forward.mockImplementation((texts, sample) => {
      const made = pass(texts, sample);
      return sample.id === "s0" ? { ...made, score: slow.then(() => made.score) } : made;
    });
    const batch = runBatch(start);
    await settled();
    expect(backward).toHaveBeenCalledTimes(3);
    finish();
    expect((await batch).failing).toHaveLength(4);
  });

  it("leaves out a sample that could not be scored, and gradients that are empty or were lost", async () => {
    const gradients: Record<string, string | null> = { s1: "", s2: null };
    const { runBatch } = open({
      loss: (sample) => (sample === "s0" ? null : 1),
      gradient: (sample) => (sample in gradients ? gradients[sample]! : "change"),
    });
    const batch = await runBatch(start);
    expect(batch).toMatchObject({ looked: 4, failing: ["s1", "s2", "s3"] });
    expect((await batch.contexts("a")).map(({ sample }) => sample)).toEqual(["s3"]);
  });

  it("looks at all the rest where few of the batch fail, or none gives a gradient", async () => {
    const few = open({ loss: (sample) => (sample === "s0" ? 1 : 0) });
    expect(await few.runBatch(start)).toMatchObject({ looked: 8, failing: ["s0"] });
    const silent = open({ loss: () => 1, gradient: () => "" });
    expect(await silent.runBatch(start)).toMatchObject({ looked: 8 });
    const enough = open({ loss: (sample) => (sample === "s0" || sample === "s1" ? 1 : 0) });
    expect(await enough.runBatch(start)).toMatchObject({ looked: 4, failing: ["s0", "s1"] });
  });

  it("keeps what it learned under a Θ that stays, and looks at more; under a new one it starts with what failed", async () => {
    const { runBatch, looked } = open({ loss: (sample) => (sample < "s2" ? 1 : 0), size: 2 });
    await runBatch(start);
    expect(looked()).toEqual(["s0", "s1"]);
    const second = await runBatch(start);
    expect(second).toMatchObject({ looked: 2, failing: ["s0", "s1"] });
    expect(looked()).toEqual(["s0", "s1", "s2", "s3"]);
    const third = await runBatch(next);
    expect(looked().slice(4, 6)).toEqual(["s0", "s1"]);
    expect(third.failing).toEqual(["s0", "s1"]);
  });

  it("looks at three times as many at once after a batch in which few failed", async () => {
    const { runBatch, forward, looked } = open({ loss: (sample) => Number(sample === "s7"), size: 2 });
    expect(await runBatch(start)).toMatchObject({ looked: 8, few: true });
    const pass = forward.getMockImplementation()!;
    forward.mockImplementation((texts, sample) => ({ ...pass(texts, sample), score: new Promise(() => {}) }));
    void runBatch(next);
    await settled();
    expect(looked().slice(8)).toEqual(["s7", "s0", "s1"]);
  });

  it("goes on from a glance, which looks at the first samples alone and runs more in idle slots if few of them fail", async () => {
    const { runBatch, forward, looked } = open({ loss: (sample, texts) => Number(texts === start || sample === "s7") });
    await runBatch(start);
    expect(await runBatch.glance(next, true)).toEqual({ gain: 4, few: true });
    const idle = forward.mock.calls.slice(4).map(([, { id }, priority]) => [id, priority]);
    expect(idle).toEqual([
      ...["s0", "s1", "s2", "s3"].map((id) => [id, undefined]),
      ...["s4", "s5", "s6", "s7"].map((id) => [id, PRIORITY.start]),
    ]);
    expect(await runBatch(next)).toMatchObject({ gain: 4, looked: 8, failing: ["s7"], few: true });
    expect(looked().slice(12)).toEqual(["s4", "s5", "s6", "s7"]);
  });

  it("runs no more than the first samples at a glance before the gate has accepted anything", async () => {
    const { runBatch, looked } = open({ loss: (sample, texts) => Number(texts === start || sample === "s7") });
    await runBatch(start);
    expect(await runBatch.glance(next, false)).toEqual({ gain: 4, few: true });
    expect(looked().slice(4)).toEqual(["s0", "s1", "s2", "s3"]);
  });

  it("looks at two samples that were right if nothing shows a gain: what did harm shows it there", async () => {
    const loss = (sample: string, texts: Texts) => (texts !== start || sample < "s2" ? 1 : 0);
    const { runBatch, looked } = open({ loss, size: 2 });
    await runBatch(start);
    await runBatch(start);
    expect(await runBatch(next)).toMatchObject({ looked: 4, broke: true, failing: ["s0", "s1", "s2", "s3"] });
    expect(looked().slice(4)).toEqual(["s0", "s1", "s2", "s3"]);
  });

  it("leaves them alone if there is one", async () => {
    const loss = (sample: string, texts: Texts) => (sample < "s2" || (texts === start && sample < "s3") ? 1 : 0);
    const { runBatch, looked } = open({ loss, size: 3 });
    await runBatch(start);
    await runBatch(start);
    expect(await runBatch(next)).toMatchObject({ looked: 3, gain: 1, broke: false });
    expect(looked().slice(6)).toEqual(["s0", "s1", "s2"]);
  });

  it("looks again at two that were right beside those that failed", async () => {
    const loss = (sample: string, texts: Texts) => (sample < (texts === start ? "s2" : "s1") ? 1 : 0);
    const { runBatch, looked } = open({ loss, size: 8 });
    await runBatch(start);
    expect(await runBatch(next)).toMatchObject({ looked: 4, failing: ["s0"], few: true });
    expect(looked().slice(8)).toEqual(["s0", "s1", "s2", "s3"]);
    expect(await runBatch(next), "nothing else is asked again").toMatchObject({ looked: 0, failing: ["s0"] });
  });

  it("looks at all that were right, if no other has a gradient, once such a sample has failed again", async () => {
    const loss = (broken: string) => (sample: string, texts: Texts) =>
      Number(sample === "s0" || (texts !== start && sample === broken));
    const steady = open({ loss: loss("none"), size: 8, gradient: () => "" });
    await steady.runBatch(start);
    expect(await steady.runBatch(next)).toMatchObject({ looked: 5, failing: ["s0"] });
    const shaken = open({ loss: loss("s1"), size: 8, gradient: () => "" });
    await shaken.runBatch(start);
    expect(await shaken.runBatch(next)).toMatchObject({ looked: 8, failing: ["s0", "s1"] });
    const broken = open({ loss: loss("none"), size: 8, gradient: () => "", isSteady: () => false });
    await broken.runBatch(start);
    expect(await broken.runBatch(next), "the validation set says otherwise").toMatchObject({ looked: 8 });
  });

  it("says how many samples went right and wrong since they were looked at before", async () => {
    const before: Record<string, number> = { s0: 1, s1: 1, s2: 1, s3: 0 };
    const after: Record<string, number> = { s0: 0, s1: 0, s2: 1, s3: 1 };
    const loss = (sample: string, texts: Texts) => (texts === start ? before : after)[sample] ?? 1;
    const { runBatch } = open({ loss, size: 8 });
    expect((await runBatch(start)).gain).toBe(0);
    expect((await runBatch(next)).gain).toBe(1);
    expect((await runBatch(next)).gain).toBe(0);
  });

  it("without gradients shows what failed, and asks for nothing", async () => {
    const { runBatch, backward } = open({ loss: (sample) => (sample === "s3" ? 0 : 1), gradients: false });
    const batch = await runBatch(start);
    expect(await batch.contexts("a")).toMatchObject(["s0", "s1", "s2"].map((sample) => ({ sample, gradient: "" })));
    expect(new Set(backward.mock.calls.map(([, style]) => style?.per))).toEqual(new Set(["none"]));
  });

  it("does not wait for every gradient: one parameter's text can be written while another's gradients are on their way", async () => {
    const never = new Promise<string>(() => {});
    const { runBatch } = open({ loss: () => 1, gradient: (_, parameter) => (parameter === "b" ? never : "change") });
    const batch = await runBatch(start);
    expect(await batch.contexts("a")).toHaveLength(4);
  });
});
