import { describe, expect, it, vi } from "vitest";
import type { BatchGradients } from "../../../../src/engine/backward/batch-gradients.ts";
import type { RunEvent } from "../../../../src/engine/events.ts";
import type { GateResult } from "../../../../src/engine/gate/joint-gate.ts";
import type { Pair } from "../../../../src/engine/gate/statistics.ts";
import type { Parameter } from "../../../../src/engine/parameters.ts";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { textsOf, thetaOf } from "../../../../src/engine/theta.ts";
import type { Texts } from "../../../../src/graph/graph.ts";
import { gateEveryOf, type SemanticOptions, semanticOptions } from "../../../../src/methods/semantic/options.ts";
import { descend } from "../../../../src/methods/semantic/semantic.ts";
import { candidate, graphOf, llm, ofType, sampleOf } from "../../engine/fixtures.ts";

const graph = graphOf(["a", "b", "c"].map((id) => llm(id, ["question"])));
const start = textsOf(graph);
const parameters = graph.nodes.map((node): Parameter => ({ id: node.id, kind: "text", value: node.text, node }));

/** The steps, with the iteration in which they are taken. */
interface Services {
  readonly differentiate: (texts: Texts, iteration: number) => Promise<Batch>;
  readonly propose: (
    batch: Batch,
    parameters: readonly Parameter[],
    incumbent: Texts,
    pending: readonly Candidate[],
    isDue: boolean,
    isLastTry: boolean,
  ) => Promise<readonly Candidate[]>;
  readonly gate: (iteration: number, incumbent: Texts, candidates: readonly Candidate[]) => Promise<GateResult>;
  readonly glance: Pick<BatchGradients, "gain" | "few">;
  /** What the incumbent's texts are shortened to at the end. */
  readonly shorter: () => readonly Candidate[];
  readonly validationLoss: () => [number, number];
  readonly random: () => number;
}

type Batch = BatchGradients & { readonly iteration: number };

const accept: Services["gate"] = async (_, incumbent, candidates) => ({
  texts: { ...incumbent, ...Object.fromEntries(candidates.map(({ node, text }) => [node, text])) },
  accepted: candidates,
  harmless: [],
});
const reject: Services["gate"] = async (_, incumbent) => ({ texts: incumbent, accepted: [], harmless: [] });

function batchOf(texts: Texts, iteration: number, more: Partial<BatchGradients> = {}): Batch {
  const none = async () => [];
  const failing = { failing: ["s1"], few: false, contexts: none };
  return { iteration, texts, looked: 4, gain: 0, broke: false, ...failing, rightOnes: [], right: none, ...more };
}

/** Losses whose mean has these bounds. */
function pairsWith([low, high]: [number, number]): Pair[] {
  const pair = (before: number | undefined): Pair => ({ sample: sampleOf("any"), before, after: before });
  return Array.from({ length: 10 }, (_, index) => pair(index < 10 * low ? 1 : index < 10 * high ? undefined : 0));
}

/** The loop over steps that do as told; every parameter gets a new text each iteration unless told otherwise. */
async function follow(script: Partial<Services>, options: Partial<SemanticOptions> = {}) {
  const events: RunEvent[] = [];
  const now = () => ofType(events, "iteration").length + 1;
  const services = {
    differentiate: vi.fn<Services["differentiate"]>(
      script.differentiate ?? (async (texts, iteration) => batchOf(texts, iteration)),
    ),
    propose: vi.fn<Services["propose"]>(
      script.propose ?? (async ({ iteration }, nodes) => nodes.map(({ id }) => candidate(id, `${id} ${iteration}`))),
    ),
    gate: vi.fn<Services["gate"]>(script.gate ?? accept),
  };
  const { random = () => 0.5, validationLoss = () => [0.5, 0.5] as [number, number] } = script;
  const loop = descend(
    { ...semanticOptions.parse({}), gateEvery: 1, ...options },
    {
      engine: { start, parameters, random, pairs: () => pairsWith(validationLoss()), isStopping: false },
      runBatch: (texts) => services.differentiate(texts, now()),
      propose: (batch, asked, { incumbent, pending, isLastTry }, isDue) =>
        services.propose({ ...batch, iteration: now() }, asked, incumbent, pending, isDue, isLastTry),
      glance: async () => script.glance ?? { gain: 0, few: false },
      shorten: async (_, candidates) => (candidates.length > 0 ? candidates : (script.shorter?.() ?? [])),
      judge: (incumbent, candidates) => services.gate(now(), incumbent, candidates),
    },
  );
  for (;;) {
    const step = await loop.next();
    if (step.done) return { services, events, iterations: ofType(events, "iteration"), texts: step.value };
    events.push(step.value);
  }
}

describe("semantic gradient descent", () => {
  it("says when no batch follows unless the gate accepts, or none at all", async () => {
    const isLastTry = async (gate: Services["gate"], options: Partial<SemanticOptions>) =>
      (await follow({ gate }, options)).services.propose.mock.calls.map((call) => call[5]);
    expect(await isLastTry(reject, { patience: 3 })).toEqual([false, false, true]);
    expect(await isLastTry(accept, { iterations: 3 })).toEqual([false, false, true]);
    expect(await isLastTry(accept, { iterations: 1 })).toEqual([true]);
  });

  it("takes what the gate accepted for the next iteration's Θ, and ends with it", async () => {
    const { services, texts, iterations } = await follow({}, { iterations: 2 });
    const second = { a: "a 1", b: "b 1", c: "c 1" };
    expect(services.differentiate.mock.calls).toEqual([
      [start, 1],
      [second, 2],
    ]);
    expect(services.propose.mock.calls[1]?.[0].texts).toEqual(second);
    expect(services.gate.mock.calls[1]?.[1]).toEqual(second);
    expect(texts).toEqual({ a: "a 2", b: "b 2", c: "c 2" });
    expect(iterations).toMatchObject([
      { iteration: 1, theta: thetaOf(second), accepted: ["a a 1", "b b 1", "c c 1"], batch: ["s1"], looked: 4 },
      { iteration: 2, theta: thetaOf(texts), validationLoss: [0.5, 0.5] },
    ]);
  });

  it("keeps the incumbent if the gate refuses", async () => {
    const { services, texts } = await follow({ gate: reject }, { patience: 2 });
    expect(texts).toEqual(start);
    expect(services.differentiate.mock.calls.map(([at]) => at)).toEqual([start, start]);
  });

  it("builds on what was rejected but did no harm, without making it the incumbent", async () => {
    const harmless = [candidate("a", "a 1")];
    const gate = vi
      .fn<Services["gate"]>()
      .mockImplementationOnce(async (_, incumbent) => ({ texts: incumbent, accepted: [], harmless }))
      .mockImplementation(reject);
    const { services, texts } = await follow({ gate }, { patience: 2 });
    expect(services.differentiate.mock.calls[1]?.[0]).toEqual({ ...start, a: "a 1" });
    expect(services.propose.mock.calls[1]?.slice(2, 5)).toEqual([start, harmless, true]);
    expect(services.gate.mock.calls[1]?.[1]).toEqual(start);
    expect(texts).toEqual(start);
  });
});

describe("iterations before validation", () => {
  it("are two for up to two texts and three for more, unless the options say how many", () => {
    const every = (gateEvery: number, texts: number) => gateEveryOf({ gateEvery }, texts);
    expect([1, 2, 3, 9].map((texts) => every(0, texts))).toEqual([2, 2, 3, 3]);
    expect([every(1, 9), every(4, 1)]).toEqual([1, 4]);
  });
});

describe("texts that get shorter at the end", () => {
  const shorter = () => [candidate("a", "short")];

  it("are judged once nothing else was gained for `patience` iterations", async () => {
    const { services, iterations } = await follow({ gate: reject, shorter }, { patience: 2, iterations: 9 });
    expect(iterations).toHaveLength(2);
    expect(services.gate.mock.calls.map(([at, , [first]]) => [at, first?.text])).toEqual([
      [1, "a 1"],
      [2, "a 2"],
      [2, "short"],
    ]);
  });

  it("are an improvement if the gate accepts them", async () => {
    const gate: Services["gate"] = async (now, incumbent, candidates) =>
      (now === 2 && candidates[0]?.text === "short" ? accept : reject)(now, incumbent, candidates);
    const { iterations, texts } = await follow({ gate, shorter }, { patience: 2, iterations: 9 });
    expect(iterations.map(({ accepted }) => accepted)).toEqual([[], ["a short"], [], []]);
    expect(texts).toEqual({ ...start, a: "short" });
  });

  it("are judged in the last iteration, too", async () => {
    const { texts } = await follow({ shorter }, { iterations: 1 });
    expect(texts).toEqual({ a: "short", b: "b 1", c: "c 1" });
  });
});

describe("texts that wait for the gate", () => {
  const twice = (glance: Services["glance"], validationLoss: [number, number] = [0.1, 0.1]) =>
    follow({ glance, validationLoss: () => validationLoss }, { gateEvery: 3, iterations: 2 });
  const judged = ({ gate }: { gate: ReturnType<typeof vi.fn<Services["gate"]>> }) =>
    gate.mock.calls.map(([iteration, , texts]) => [iteration, ...texts.map(({ text }) => text)]);

  it("are judged before anything is built on them, if few of the first samples still fail", async () => {
    const { services, texts } = await twice({ gain: 2, few: true });
    expect(judged(services)).toEqual([
      [2, "a 1", "b 1", "c 1"],
      [2, "a 2", "b 2", "c 2"],
    ]);
    expect(services.propose.mock.calls[1]?.[2]).toEqual({ a: "a 1", b: "b 1", c: "c 1" });
    expect(texts).toEqual({ a: "a 2", b: "b 2", c: "c 2" });
  });

  it("are built on first if nothing was gained, most samples fail, or many validation samples do", async () => {
    for (const { services } of [
      await twice({ gain: 0, few: true }),
      await twice({ gain: 2, few: false }),
      await twice({ gain: 2, few: true }, [0.5, 0.5]),
    ]) {
      expect(judged(services)).toEqual([[2, "a 2", "b 2", "c 2"]]);
    }
  });
});

describe("a gate that looks every few iterations", () => {
  const every = (gateEvery: number, gain: number, options: Partial<SemanticOptions> = {}) =>
    follow(
      { differentiate: async (texts, iteration) => batchOf(texts, iteration, { gain }) },
      { gateEvery, iterations: 5, ...options },
    );

  it("sees the last proposals together; those in between build on each other", async () => {
    const { services, texts, iterations } = await every(2, 1);
    expect(services.gate.mock.calls.map(([iteration]) => iteration)).toEqual([2, 4, 5]);
    expect(services.differentiate.mock.calls[1]?.[0]).toEqual({ a: "a 1", b: "b 1", c: "c 1" });
    expect(services.gate.mock.calls[0]?.[1]).toEqual(start);
    expect(services.propose.mock.calls.map((call) => call[4])).toEqual([false, true, false, true, true]);
    expect(iterations.map(({ accepted }) => accepted.length)).toEqual([0, 3, 0, 3, 3]);
    expect(iterations.map(({ waiting }) => waiting)).toEqual([3, undefined, 3, undefined, undefined]);
    expect(texts).toEqual({ a: "a 5", b: "b 5", c: "c 5" });
  });

  it("looks at once if the training samples have not got better", async () => {
    const { services } = await every(4, 0);
    expect(services.gate.mock.calls.map(([iteration]) => iteration)).toEqual([2, 4, 5]);
  });

  it("goes back to the incumbent if what the gate called harmless breaks training samples", async () => {
    const gate: Services["gate"] = async (_, incumbent, candidates) => ({
      texts: incumbent,
      accepted: [],
      harmless: candidates,
    });
    const differentiate: Services["differentiate"] = async (texts, iteration) =>
      batchOf(texts, iteration, { broke: texts !== start });
    const { services } = await follow({ gate, differentiate }, { iterations: 2 });
    expect(services.gate).toHaveBeenCalledTimes(2);
    const [, batches] = services.propose.mock.calls.map(([batch, , , pending]) => ({ texts: batch.texts, pending }));
    expect(batches).toEqual({ texts: start, pending: [] });
  });

  it("looks at each iteration in which few samples still fail, of the training and of the validation set", async () => {
    const differentiate: Services["differentiate"] = async (texts, iteration) =>
      batchOf(texts, iteration, { gain: 1, few: iteration > 1 });
    const judged = async (validationLoss: [number, number]) => {
      const script = { differentiate, validationLoss: () => validationLoss };
      const { services } = await follow(script, { gateEvery: 4, iterations: 3 });
      return services.gate.mock.calls.map(([iteration, , candidates]) => [iteration, candidates[0]?.text]);
    };
    expect(await judged([0.2, 0.2])).toEqual([
      [2, "a 2"],
      [3, "a 3"],
    ]);
    // Where many validation samples fail, the few training samples that do say little: it waits as before.
    expect(await judged([0.5, 0.5])).toEqual([[3, "a 3"]]);
  });

  it("does not look at texts that mend none of the few training samples that fail, as long as nothing better is proposed", async () => {
    const propose: Services["propose"] = async ({ iteration }, nodes, _, pending) => {
      if (iteration === 1) return nodes.map(({ id }) => candidate(id, `${id} 1`));
      return iteration < 4 ? [] : [...pending.slice(1), candidate("a", "a 4")];
    };
    const judged = async (gain: number, few: boolean) => {
      const differentiate: Services["differentiate"] = async (texts, iteration) =>
        batchOf(texts, iteration, { gain: iteration === 2 ? gain : 0, few });
      const script = { differentiate, propose, gate: reject, validationLoss: (): [number, number] => [0.5, 0.5] };
      const { services } = await follow(script, { gateEvery: 2, iterations: 4 });
      return services.gate.mock.calls.map(([at, , texts]) => [at, ...texts.map(({ text }) => text)]);
    };
    expect(await judged(0, true)).toEqual([[4, "b 1", "c 1", "a 4"]]);
    expect(await judged(1, true)).toEqual([
      [2, "a 1", "b 1", "c 1"],
      [4, "a 4"],
    ]);
    expect(await judged(0, false)).toEqual([
      [2, "a 1", "b 1", "c 1"],
      [4, "a 4"],
    ]);
  });

  it("gates what is left if ϕ proposes nothing more", async () => {
    const propose: Services["propose"] = async ({ iteration }, nodes) =>
      iteration === 1 ? nodes.map(({ id }) => candidate(id, `${id} 1`)) : [];
    const { services, texts } = await follow({ propose }, { gateEvery: 4, iterations: 9, patience: 1 });
    expect(services.gate.mock.calls[0]?.[2]?.map(({ text }) => text)).toEqual(["a 1", "b 1", "c 1"]);
    expect(texts).toEqual({ a: "a 1", b: "b 1", c: "c 1" });
  });
});

describe("it stops", () => {
  it("after the given iterations", async () => {
    expect((await follow({}, { iterations: 3 })).iterations).toHaveLength(3);
    expect((await follow({}, { iterations: 0 })).services.differentiate).not.toHaveBeenCalled();
  });

  it("after `patience` iterations in a row without improvement", async () => {
    const accepts = [false, true, false, false, true];
    const gate: Services["gate"] = (iteration, ...rest) =>
      (accepts[iteration - 1] ? accept : reject)(iteration, ...rest);
    expect((await follow({ gate }, { patience: 2, iterations: 9 })).iterations).toHaveLength(4);
  });

  it("if no training sample is left to learn from, and says so", async () => {
    const differentiate: Services["differentiate"] = async (texts, iteration) =>
      batchOf(texts, iteration, { failing: [], rightOnes: ["a"], looked: iteration === 1 ? 4 : 0 });
    const propose = async () => [];
    const { events, iterations, services } = await follow({ differentiate, propose, gate: reject });
    expect(iterations).toHaveLength(1);
    expect(events.at(-1)).toEqual({ type: "warning", code: "nothing to learn" });
    expect(services.propose).toHaveBeenCalledTimes(1);
  });

  it("but not while known failures can still be tried again", async () => {
    const differentiate: Services["differentiate"] = async (texts, iteration) =>
      batchOf(texts, iteration, { looked: iteration === 1 ? 4 : 0 });
    expect((await follow({ differentiate, gate: reject }, { patience: 3 })).iterations).toHaveLength(3);
  });

  it("if no proposal could lower the validation loss", async () => {
    expect((await follow({ validationLoss: () => [0, 0] }, { iterations: 5 })).iterations).toHaveLength(1);
    expect((await follow({ validationLoss: () => [0, 0.1] }, { iterations: 5 })).iterations).toHaveLength(5);
  });
});

describe("how much of Θ an iteration changes", () => {
  const asked = ({ services }: Awaited<ReturnType<typeof follow>>) =>
    services.propose.mock.calls.map(([, nodes]) => nodes.map(({ id }) => id));

  it("all of it", async () => {
    expect(asked(await follow({}, { update: "all", iterations: 2 }))).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  it("one parameter after another", async () => {
    expect(asked(await follow({}, { update: "one", iterations: 4 }))).toEqual([["a"], ["b"], ["c"], ["a"]]);
  });

  it("half of it, rounded up and drawn from the run's seed", async () => {
    const drawn = [0.9, 0.1, 0.2, 0.3, 0.2, 0.1];
    const random = () => drawn.shift() ?? 0;
    expect(asked(await follow({ random }, { update: "half", iterations: 2 }))).toEqual([
      ["b", "c"],
      ["c", "b"],
    ]);
  });
});
