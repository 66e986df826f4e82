import { describe, expect, it } from "vitest";
import { FAILURES, HEALTHY } from "../../../../bench/signatures/failures.ts";
import { runFailure } from "../../../../bench/signatures/run.ts";
import type { Finished, Gradient, Proposal, Verdict, WarningCode } from "../../../../src/engine/events.ts";
import { Yielder } from "../../../../src/models/yielder.ts";
import { diagnose, diagnosed, type Ending } from "../../../../src/run/explain/diagnostics.ts";
import { gramsOf, similarity } from "../../../../src/run/explain/text-similarity.ts";
import { readRun } from "../../../../src/run/record/runs.ts";
import { startRun } from "../../../../src/run/run.ts";
import { RunReducer } from "../../../../src/run/state/reduce.ts";
import type { Attempt } from "../../../../src/run/state/state.ts";
import { openBench, subject, verdict } from "../scripted.ts";

/** Whole runs of the engine; rates over many seeds: `npm run bench -- signatures`. */
describe("a run", () => {
  it.each(FAILURES.map((failure) => [failure.name, failure] as const))("in which %s says so", async (_, failure) => {
    for (const shape of ["chain", "diamond"] as const) {
      const { said, signatures } = await runFailure(failure, { shape, seed: 302 });
      expect([...said, ...signatures]).toContain(failure.code);
    }
  });

  it.each(HEALTHY.map((healthy) => [healthy.name, healthy] as const))(
    "in which nothing is wrong (%s) is left in peace",
    async (_, healthy) => {
      let improved = 0;
      for (const seed of [302, 303, 304]) {
        const seen = await runFailure(healthy, { shape: "diamond", seed });
        if (!seen.improved) continue;
        improved++;
        expect([...seen.signatures]).toEqual([]);
      }
      expect(improved).toBeGreaterThan(0);
    },
  );

  it("has its signatures on record before its end", async () => {
    const bench = await openBench();
    const run = await startRun(subject, bench.place, bench.root, bench.deps, new AbortController().signal);
    const types: string[] = [];
    for await (const event of run.events) types.push(event.type);
    expect(types.slice(-2)).toEqual(["warning", "finished"]);
    const { state } = await readRun(bench.deps, bench.place, run.id);
    expect(state.warnings).toEqual([
      expect.objectContaining({
        code: "small validation set",
        count: 20,
        of: expect.any(Number),
      }),
    ]);
    await bench.remove();
  });
});

const LONG =
  "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen";

function attemptOf(more: Partial<Attempt>): Attempt {
  const base = { id: "p", iteration: 1, node: "a", base: "Do it.", text: "Do it well.", hypothesis: "", samples: [] };
  return { ...base, invalid: null, decision: "rejected", screened: null, verdict: null, ...more };
}

function proposalOf(more: Partial<Omit<Proposal, "verdict">> & { readonly verdict?: Partial<Verdict> }): Proposal {
  const base = { id: "p", node: "a", base: "Do it.", text: "Do it well.", hypothesis: "", attempts: [] };
  return { ...base, ...more, verdict: { ...verdict, ...more.verdict } };
}

function gradientOf(sample: string, text: string): Gradient {
  return { type: "gradient", iteration: 1, theta: "t0", sample, node: "a", of: "text", from: "a", text };
}

interface Given {
  readonly attempts?: readonly Attempt[];
  readonly gradients?: readonly Gradient[];
  readonly finished?: Partial<Finished>;
  readonly scores?: Ending["state"]["scores"];
  readonly targets?: readonly string[];
  readonly judged?: Ending["state"]["judged"];
  readonly samples?: number;
}

function codesOf(given: Given): WarningCode[] {
  return diagnose(endingOf(given)).map(({ code }) => code);
}

function endingOf({
  attempts = [],
  gradients = [],
  finished = {},
  scores = {},
  targets = [],
  judged = [],
  samples = 20,
}: Given): Ending {
  const startTexts = { a: "Do it.", b: "Tell a story about cats." };
  const base = new RunReducer().state;
  const validation = Array.from({ length: samples }, (_, index) => ({
    id: `v${index}`,
    inputs: { question: `q${index}` },
    targets: [targets[index] ?? "yes"],
    feedback: null,
  }));
  const end: Finished = {
    type: "finished",
    status: "done",
    error: null,
    detail: null,
    theta: "t1",
    texts: startTexts,
    proposals: [],
    validation: { n: 20, before: 0.5, after: 0.5 },
    test: null,
    formatErrors: { before: 0, after: 0 },
    ...finished,
  };
  const state = { ...base, parameters: ["a", "b"], startTexts, attempts, gradients, scores, judged };
  const { options } = subject.task;
  return { start: { data: { train: [], validation, test: [] }, options }, state, finished: end };
}

it("lets others in while it goes over the scores and targets of many samples", async () => {
  const samples = 5_000;
  const scores = Object.fromEntries(
    Array.from({ length: samples }, (_, index) => [
      `v${index}`,
      { split: "validation", loss: 1, lenient: 0, formatError: false } as const,
    ]),
  );
  const targets = Array.from({ length: samples }, (_, index) => `the target ${index}`);
  let [looks, since] = [0, 0];
  const stretches: number[] = [];
  const counted = new Proxy(scores, {
    get(target, name) {
      looks += 1;
      return Reflect.get(target, name);
    },
  });
  // Each look at a score takes a millisecond.
  const clock = {
    now: () => looks,
    sleep: async () => {
      stretches.push(looks - since);
      since = looks;
    },
  };
  const ending = endingOf({ scores: { t1: counted }, targets, samples });
  const found: WarningCode[] = [];
  for await (const { code } of diagnosed(ending, new Yielder(clock))) found.push(code);
  expect(found).toContain("format errors");
  expect(looks).toBe(samples);
  expect(Math.max(...stretches)).toBeLessThanOrEqual(15);
});

describe("the gate refuses everything", () => {
  const rounds = (...iterations: number[]) =>
    iterations.map((iteration) => attemptOf({ iteration, id: `p${iteration}` }));

  it("after three rounds without one that passed", () => {
    expect(codesOf({ attempts: rounds(1, 2, 3) })).toEqual(["gate refuses everything"]);
    expect(codesOf({ attempts: rounds(1, 2) })).toEqual([]);
    expect(codesOf({ attempts: rounds(1, 1, 2, 2) })).toEqual([]);
  });

  it("is not said if one passed, one is open, or the run was cancelled", () => {
    const attempts = rounds(1, 2, 3);
    expect(codesOf({ attempts: [...attempts, attemptOf({ decision: "accepted" })] })).toEqual([]);
    expect(codesOf({ attempts: [...attempts, attemptOf({ decision: "undecided" })] })).toEqual([]);
    expect(codesOf({ attempts, finished: { status: "cancelled" } })).toEqual([]);
  });

  it("is not said of texts that lower the loss and cost too much, nor that they grow without a gain", () => {
    const text = Array.from({ length: 40 }, (_, at) => `word${at}`).join(" ");
    const attempts = rounds(1, 2, 3).map((one) => ({ ...one, text, verdict: 0 }));
    const judgedFor = (reason: Verdict["reason"]) =>
      [{ verdict: { ...verdict, reason } }] as unknown as Ending["state"]["judged"];
    expect(codesOf({ attempts, judged: judgedFor("costs more than it gains") })).toEqual([]);
    expect(codesOf({ attempts, judged: judgedFor("higher loss") })).toEqual([
      "gate refuses everything",
      "instruction grows",
    ]);
  });
});

describe("gradients look alike", () => {
  const same = ["1", "2", "3", "4", "5", "6"].map((id) =>
    gradientOf(id, `Be precise and clear in what you say${id === "6" ? " here" : ""}.`),
  );

  it("where nearly every pair says the same, and no text came of it that helps", () => {
    expect(codesOf({ gradients: same })).toEqual(["gradients look alike"]);
    expect(codesOf({ gradients: same, attempts: [attemptOf({ decision: "accepted" })] })).toEqual([]);
  });

  it("but not if they are few, of one sample, or differ", () => {
    expect(codesOf({ gradients: same.slice(0, 4) })).toEqual([]);
    expect(codesOf({ gradients: same.map((one) => ({ ...one, sample: "1" })) })).toEqual([]);
    const different = ["cents are dollars", "a dozen is twelve", "half price halves", "sum all goods", "name the toys"];
    expect(codesOf({ gradients: different.map((text, index) => gradientOf(`${index}`, text)) })).toEqual([]);
    expect(codesOf({ gradients: same.map((one) => ({ ...one, from: null })) })).toEqual([]);
  });
});

describe("instructions", () => {
  it("converge where two have become one, not if they began so", () => {
    const text = "Think about the question with care and answer it in one word.";
    const attempts = [attemptOf({ node: "a", text }), attemptOf({ node: "b", text: `${text} Please.` })];
    expect(codesOf({ attempts })).toEqual(["instructions converge"]);
    expect(codesOf({ attempts: attempts.slice(0, 1) })).toEqual([]);
    expect(
      codesOf({ attempts: [attemptOf({ node: "a", text }), attemptOf({ node: "b", text: "Tell of dogs." })] }),
    ).toEqual([]);
    expect(codesOf({ attempts: attempts.map((one) => ({ ...one, invalid: "no change" })) })).toEqual([]);
  });

  it("grow where much was added and nothing shows for it", () => {
    const grown = `Do it. ${LONG} ${LONG}`;
    expect(codesOf({ attempts: [attemptOf({ text: grown })] })).toEqual(["instruction grows"]);
    expect(codesOf({ attempts: [attemptOf({ text: `Do it. ${LONG}` })] })).toEqual([]);
    const texts = { a: grown, b: "Tell a story about cats." };
    const after = { n: 20, before: 0.5, after: 0.9 };
    const taken = (contributes: boolean) => ({
      texts,
      validation: after,
      proposals: [proposalOf({ text: grown, contributes, verdict: { p: 0.01 } })],
    });
    expect(codesOf({ finished: taken(true) })).toEqual([]);
    expect(codesOf({ finished: taken(false) })).toEqual(["instruction grows"]);
  });
});

describe("a validation set", () => {
  it("is too small if the difference can be chance", () => {
    const net = (p: number | null) => ({
      proposals: [proposalOf({ verdict: { p, fixed: ["1", "2"], broken: ["3"] } })],
    });
    expect(codesOf({ finished: net(0.6) })).toEqual(["small validation set"]);
    expect(codesOf({ finished: net(0.04) })).toEqual([]);
    expect(codesOf({ finished: { proposals: [proposalOf({ verdict: { decision: "rejected", p: 0.6 } })] } })).toEqual(
      [],
    );
  });

  it("that is all right leaves nothing to learn", () => {
    expect(codesOf({ finished: { validation: { n: 20, before: 1, after: 1 } } })).toEqual(["nothing to learn"]);
  });
});

describe("format errors", () => {
  const scored = (loss: number, lenient: number) =>
    ({ split: "validation", loss, lenient, formatError: false }) as const;
  const all = (hidden: number) =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`v${index}`, index < hidden ? scored(1, 0) : scored(1, 1)]),
    );

  it("are reported from wrong answers", () => {
    expect(codesOf({ scores: { t1: all(0) }, finished: { formatErrors: { before: 9, after: 2 } } })).toEqual([
      "format errors",
    ]);
    expect(codesOf({ scores: { t1: all(0) }, finished: { formatErrors: { before: 9, after: 1 } } })).toEqual([]);
    expect(codesOf({ scores: { t1: all(2) } })).toEqual(["format errors"]);
    expect(codesOf({ scores: { t1: all(1) } })).toEqual([]);
    expect(codesOf({ scores: { t0: all(9) } })).toEqual([]);
  });
});

describe("targets leak", () => {
  it("if a text contains answers of single samples that it did not contain before", () => {
    const targets = ["Marrakesh", "Tallinn", "yes", "no", "the Treaty of Utrecht"];
    const leaks = (text: string) => codesOf({ targets, attempts: [attemptOf({ text })] });
    expect(leaks("If asked, say Marrakesh or Tallinn.")).toEqual(["targets leak"]);
    expect(leaks("It ended with the Treaty of Utrecht.")).toEqual(["targets leak"]);
    expect(leaks("Answer yes or no. Marrakesh is a city.")).toEqual([]);
    expect(codesOf({ attempts: [attemptOf({ invalid: "leaks a training target", decision: null })] })).toEqual([
      "targets leak",
    ]);
  });

  it("but not if they are labels that many samples share", () => {
    const targets = Array.from({ length: 20 }, (_, index) => (index % 2 ? "sarcastic" : "not sarcastic"));
    expect(codesOf({ targets, attempts: [attemptOf({ text: "Answer sarcastic or not sarcastic." })] })).toEqual([]);
  });
});

describe("likeness", () => {
  const alike = (a: string, b: string) => similarity(gramsOf(a), gramsOf(b));
  it("is one for the same words in the same order and falls with what is not shared", () => {
    expect(alike("Be clear, now.", "be clear NOW")).toBeCloseTo(1);
    expect(alike("one two", "three four")).toBe(0);
    expect(alike("", "one")).toBe(0);
    const text = "Write one line with the sum.";
    expect(alike(text, "Write one line with the total.")).toBeGreaterThan(alike(text, "The sum with one line write."));
    expect(alike(text, text)).toBeLessThanOrEqual(1 + 1e-9);
  });
});
