import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../../../src/data/sample.ts";
import type { Decision, RunEvent, Verdict } from "../../../../src/engine/events.ts";
import type { Scored } from "../../../../src/engine/forward/forward.ts";
import { createJointGate } from "../../../../src/engine/gate/joint-gate.ts";
import { contributes, neededTogether, netVerdict } from "../../../../src/engine/gate/net-changes.ts";
import type { Objectives } from "../../../../src/engine/gate/objectives.ts";
import { bothPass, harmRule, partRule, policyRule } from "../../../../src/engine/gate/rules.ts";
import { lossBounds, type Pair, signTest } from "../../../../src/engine/gate/statistics.ts";
import { createValidation, type Validation } from "../../../../src/engine/gate/validation.ts";
import type { CallContext } from "../../../../src/engine/method.ts";
import type { Candidate } from "../../../../src/engine/propose/candidate.ts";
import { History } from "../../../../src/engine/propose/history.ts";
import type { OptimizeOptions } from "../../../../src/engine/task.ts";
import { proposalId } from "../../../../src/engine/theta.ts";
import type { Texts } from "../../../../src/graph/graph.ts";
import { DEFAULTS } from "../../../../src/graph/schema/schema-run.ts";
import { engineOf, graphOf, llm, ofType, recorder, sampleOf } from "../fixtures.ts";

/** At least so many samples are scored at a time. */
const WAVE = 8;
const ALPHA = 0.05;

/** What is scored at once, in the order in which it is asked for. */
type Wave = { readonly texts: Texts; readonly index: number }[];
type Policy = OptimizeOptions["gate"]["policy"];
/** Loss of validation sample `index` under Θ; null: a call was lost. */
type LossOf = (texts: Texts, index: number) => number | null;

function openGate(
  n: number,
  lossOf: LossOf,
  {
    policy = "strict" as Policy,
    threshold = 0,
    onVerdict = () => {},
    owed = undefined as Texts | undefined,
    objectives = undefined as Objectives | undefined,
  } = {},
) {
  const samples = Array.from({ length: n }, (_, index) => sampleOf(String(index)));
  const history = new History();
  const { emit, events } = recorder();
  const asked = new Map<string, Set<string>>();
  const waves: Wave[] = [];
  let wave: Wave | null = null;
  const keyOf = (texts: Texts) => JSON.stringify(texts);
  const askedUnder = (texts: Texts) => asked.get(keyOf(texts))?.size ?? 0;
  const options = { gate: { policy, alpha: ALPHA }, threshold, ...(objectives && { objectives }) };
  const validation = createValidation({
    samples,
    ...(owed && { owed }),
    options,
    score: async (texts, { id }) => {
      const key = keyOf(texts);
      asked.set(key, (asked.get(key) ?? new Set()).add(id));
      if (!wave) {
        wave = [];
        waves.push(wave);
        setImmediate(() => {
          wave = null;
        });
      }
      wave.push({ texts, index: Number(id) });
      // What is asked for before any of these replies comes belongs to one wave.
      await new Promise((replied) => setImmediate(replied));
      const loss = lossOf(texts, Number(id));
      return loss === null ? null : scored(loss);
    },
  });
  const record = async (event: RunEvent) => {
    if (event.type === "verdict") onVerdict();
    await emit(event);
  };
  const { engine, gate } = gateOver(validation, options, { history, emit: record });
  const ofNet = (before: Texts, after: Texts) =>
    netVerdict({ ...OPTIONS, ...options }, validation, before, after, true);
  const screened = () => ofType(events, "screened");
  const verdicts = () => ofType(events, "verdict");
  return { engine, gate, ofNet, validation, history, verdicts, screened, askedUnder, waves };
}

const OPTIONS = { method: "", seed: 1, budget: { calls: null, tokens: null, usd: null }, methodOptions: {} };

/** @param start Θ under which the whole validation set is scored first; default: one that has no texts */
function gateOver(
  validation: Validation,
  options: Pick<OptimizeOptions, "gate" | "threshold" | "objectives">,
  { history = new History(), emit = async (_: RunEvent) => {} } = {},
) {
  const graph = graphOf([llm("a", ["question"])]);
  const made = engineOf({ graph, validation, history, emit, options, iteration: 3 });
  // What the start scores is no matter here: the incumbents of these tests are known, or are not, as each test says.
  const engine = {
    ...made,
    score: (texts: Texts, ...rest: [readonly Sample[], CallContext]) =>
      texts === made.start ? Promise.resolve(new Map()) : made.score(texts, ...rest),
  };
  return { engine, gate: createJointGate({ options: { ...OPTIONS, ...options } }, engine) };
}

function scored(loss: number, tokens = 10): Scored {
  return { loss, lenient: loss, criticism: "", formatError: false, formatErrors: 0, tokens };
}

function candidate(node: string, text = `new ${node}`): Candidate {
  const base = `old ${node}`;
  const id = proposalId(node, base, text);
  return { type: "attempt", iteration: 1, id, node, base, text, hypothesis: "", samples: [], invalid: null };
}

/** Puts one new text before the gate: `before` and `after` are the losses of the validation samples. */
async function judgeOne(
  pairs: readonly Losses[],
  {
    policy = "strict" as Policy,
    threshold = 0,
    startKnown = true,
    isShorter = false,
    objectives = undefined as Objectives | undefined,
  } = {},
) {
  const [start, end] = [{ a: "old a" }, { a: "new a" }];
  const lossOf: LossOf = (texts, index) => pairs[index]![texts.a === "old a" ? "before" : "after"];
  // What the gate looks at afterwards, in search of parts that do harm, is no part of this decision.
  let asked: number | null = null;
  const decisive: Wave[] = [];
  const onVerdict = () => {
    if (asked === null) decisive.push(...waves.slice(scoredBefore));
    asked ??= askedUnder(end);
  };
  const { gate, ofNet, validation, history, verdicts, askedUnder, waves } = openGate(pairs.length, lossOf, {
    policy,
    threshold,
    onVerdict,
    ...(objectives && { objectives }),
  });
  if (startKnown) await validation.complete(start);
  const scoredBefore = waves.length;
  const change = candidate("a");
  history.add(change);
  const outcome = await gate(start, [change], isShorter);
  const [judged] = verdicts();
  return { outcome, verdict: judged!.verdict, ofNet, validation, start, end, asked, waves: decisive, history };
}

interface Losses {
  readonly before: number | null;
  readonly after: number | null;
}

/** What the policy says when every loss is known; nothing of the engine's own reckoning is used. */
function decideComplete(pairs: readonly { before: number; after: number }[], policy: Policy): Decision {
  const difference = pairs.reduce((sum, { before, after }) => sum + after - before, 0);
  const better = pairs.filter(({ before, after }) => after < before).length;
  const worse = pairs.filter(({ before, after }) => after > before).length;
  const lower = difference < -1e-9;
  const significant = better > worse && signTest(better, worse) <= ALPHA;
  return lower && (policy === "strict" || significant) ? "accepted" : "rejected";
}

/** As far as it can be told: undecided where what is unknown could make it one or the other. */
function decide(pairs: readonly Losses[], policy: Policy): Decision {
  const best = pairs.map(({ before, after }) => ({ before: before ?? 1, after: after ?? 0 }));
  const worst = pairs.map(({ before, after }) => ({ before: before ?? 0, after: after ?? 1 }));
  const [atBest, atWorst] = [decideComplete(best, policy), decideComplete(worst, policy)];
  return atBest === atWorst ? atBest : "undecided";
}

/** Whether these losses decide, supposing that all that was scored is known, and the best or the worst of the rest. */
function couldDecide(
  pairs: readonly Losses[],
  known: Wave,
  supposed: Wave,
  { policy, startKnown }: { policy: Policy; startKnown: boolean },
): boolean {
  const isStart = ({ texts }: Wave[number]) => texts.a === "old a";
  const indices = (wave: Wave, ofStart: boolean) =>
    new Set(wave.filter((one) => isStart(one) === ofStart).map(({ index }) => index));
  const seen = { before: indices(known, true), after: indices(known, false) };
  const open = { before: indices(supposed, true), after: indices(supposed, false) };
  return [
    { before: 1, after: 0 },
    { before: 0, after: 1 },
  ].some((extreme) => {
    const supposing = pairs.map(({ before, after }, index) => ({
      before: startKnown || seen.before.has(index) ? before : open.before.has(index) ? extreme.before : null,
      after: seen.after.has(index) ? after : open.after.has(index) ? extreme.after : null,
    }));
    return decide(supposing, policy) !== "undecided";
  });
}

const binary = fc.constantFrom(0, 1);
const graded = fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10);
const lostSometimes = (loss: fc.Arbitrary<number>) => fc.option(loss, { nil: null, freq: 12 });
const pairsOf = (loss: fc.Arbitrary<number | null>) =>
  fc.array(fc.record({ before: loss, after: loss }), { minLength: 1, maxLength: 40 });
/** Candidates that change little, as most do. */
const similar = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 1, maxLength: 40 })
  .map((rows): Losses[] =>
    rows.map(([right, luck, lean]) => {
      const before = right ? 0 : 1;
      return { before, after: luck === 0 ? 1 - before : luck === 1 && lean ? 0 : before };
    }),
  );
const anyPairs = fc.oneof(
  similar,
  pairsOf(binary),
  pairsOf(graded),
  pairsOf(lostSometimes(binary)),
  pairsOf(lostSometimes(graded)),
);
const setting = fc.record({
  policy: fc.constantFrom("strict" as const, "significant" as const),
  threshold: fc.constantFrom(0, 0.25),
  startKnown: fc.boolean(),
});

describe("the stop", () => {
  it("changes no decision: what the whole set would say, and undecided exactly where lost samples could change it", async () => {
    await fc.assert(
      fc.asyncProperty(anyPairs, setting, async (pairs, options) => {
        const { verdict } = await judgeOne(pairs, options);
        expect(verdict.decision).toBe(decide(pairs, options.policy));
      }),
      { numRuns: 300 },
    );
  });

  it("asks for nothing once the decision is certain, and for no more at once than could make it so", async () => {
    await fc.assert(
      fc.asyncProperty(anyPairs, setting, async (pairs, options) => {
        const { waves } = await judgeOne(pairs, options);
        for (const [at, wave] of waves.entries()) {
          const known = waves.slice(0, at).flat();
          expect(couldDecide(pairs, known, [], options), "open before the wave").toBe(false);
          const samples = [...new Set(wave.map(({ index }) => index))];
          const allButLast = wave.filter(({ index }) => index !== samples.at(-1));
          if (samples.length <= WAVE) continue;
          expect(couldDecide(pairs, known, allButLast, options), "a smaller wave could not decide").toBe(false);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("comes after one wave for a ruined text, and after none if nothing can be gained", async () => {
    const mostlyRight = Array.from({ length: 40 }, (_, index) => ({ before: index < 6 ? 1 : 0, after: 1 }));
    expect((await judgeOne(mostlyRight)).asked).toBe(WAVE);
    const allRight = mostlyRight.map(() => ({ before: 0, after: 0 }));
    expect(await judgeOne(allRight)).toMatchObject({ asked: 0, verdict: { decision: "rejected" } });
    const fewWrong = Array.from({ length: 40 }, (_, index) => ({ before: index < 5 ? 1 : 0, after: 0 }));
    expect(await judgeOne(fewWrong, { policy: "significant" })).toMatchObject({
      asked: 0,
      verdict: { decision: "rejected", reason: "not significant" },
    });
  });

  it("scores first what is owed in any case, once a candidate leads: then few samples of that one decide", async () => {
    const incumbent = { a: "old a" };
    const lossOf: LossOf = (texts, index) => (texts.a === "old a" ? Number(index > 0) : Number(index % 2));
    const asked = async (owed?: Texts) => {
      const { gate, askedUnder, verdicts } = openGate(20, lossOf, owed && { owed });
      await gate(incumbent, [candidate("a")]);
      expect(verdicts()[0]?.verdict.decision).toBe("accepted");
      return [askedUnder(incumbent), askedUnder({ a: "new a" })];
    };
    expect(await asked(incumbent)).toEqual([20, WAVE]);
    expect((await asked())[1]).toBeGreaterThan(WAVE);
  });

  it("does not depend on which reply comes first", async () => {
    const pairs = Array.from({ length: 30 }, (_, index) => ({ before: index % 3 ? 1 : 0, after: index % 4 ? 0 : 1 }));
    const verdicts: Verdict[] = [];
    for (const late of [0, 7, 29]) {
      const options = { gate: { policy: "strict" as const, alpha: ALPHA }, threshold: 0 };
      const validation = createValidation({
        samples: pairs.map((_, index) => sampleOf(String(index))),
        options,
        score: async (texts, { id }) => {
          const turns = (Number(id) * 7 + late) % 11;
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          return scored(pairs[Number(id)]![texts.a === "old a" ? "before" : "after"]);
        },
      });
      const { gate } = gateOver(validation, options);
      await gate({ a: "old a" }, [candidate("a")]);
      verdicts.push(validation.verdict({ a: "old a" }, { a: "new a" }, { decision: "rejected", reason: "tie" }));
    }
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[2]).toEqual(verdicts[0]);
  });
});

describe("the verdict", () => {
  const wrong = { before: 1, after: 1 };
  const right = { before: 0, after: 0 };
  const fixed = { before: 1, after: 0 };
  const broken = { before: 0, after: 1 };
  const lost = { before: 1, after: null };

  it("names what was fixed and broken, over the samples scored under both alone", async () => {
    const { verdict } = await judgeOne([fixed, broken, fixed, right, wrong, lost, fixed, right]);
    expect(verdict).toMatchObject({
      decision: "accepted",
      reason: "lower loss",
      policy: "strict",
      scored: 7,
      of: 8,
      fixed: ["0", "2", "6"],
      broken: ["1"],
      rightBefore: 3,
      rightAfter: 5,
      unscored: ["5"],
      p: expect.closeTo(0.625, 12),
      tokensBefore: 10,
      tokensAfter: 10,
      looks: 1,
    });
    expect(verdict.lossBefore).toBeCloseTo(4 / 7, 12);
    expect(verdict.lossAfter).toBeCloseTo(2 / 7, 12);
    expect(verdict.intervalBefore[0]).toBeLessThan(3 / 7);
    expect(verdict.intervalAfter[1]).toBeGreaterThan(5 / 7);
  });

  it("rejects a tie, and says that it is one", async () => {
    const { verdict, outcome, start } = await judgeOne([fixed, broken, right, wrong]);
    expect(verdict).toMatchObject({ decision: "rejected", reason: "tie" });
    expect(outcome).toMatchObject({ texts: start, accepted: [] });
    expect((await judgeOne([right, wrong, right])).verdict).toMatchObject({ reason: "tie", p: null });
  });

  it("says of a higher loss whether it was measured or could only be foreseen", async () => {
    expect((await judgeOne([fixed, broken, broken, wrong])).verdict).toMatchObject({ reason: "higher loss" });
    const many = [fixed, ...Array<Losses>(30).fill(broken)];
    expect((await judgeOne(many)).verdict).toMatchObject({ reason: "cannot pass any more", scored: WAVE });
  });

  it("takes a loss that differs by rounding alone for a tie", async () => {
    const { verdict } = await judgeOne([
      { before: 0.3, after: 0 },
      { before: 0, after: 0.1 },
      { before: 0, after: 0.2 },
    ]);
    expect(verdict).toMatchObject({ decision: "rejected", reason: "tie" });
  });

  it("never counts a lost sample as wrong: it may pass all the same, or be undecided and name the sample", async () => {
    const passes = [fixed, fixed, fixed, { before: 0, after: null }];
    expect((await judgeOne(passes)).verdict).toMatchObject({ decision: "accepted", broken: [], unscored: ["3"] });
    const open = [fixed, broken, right, lost];
    const { verdict, outcome } = await judgeOne(open);
    expect(verdict).toMatchObject({ decision: "undecided", reason: "samples could not be scored", unscored: ["3"] });
    expect(outcome.accepted).toEqual([]);
    const hopeless = [broken, broken, right, lost];
    expect((await judgeOne(hopeless)).verdict.decision).toBe("rejected");
  });

  it("asks for significance if the policy does, and only in the right direction", async () => {
    const five = [...Array<Losses>(5).fill(fixed), ...Array<Losses>(15).fill(wrong)];
    expect((await judgeOne(five, { policy: "significant" })).verdict).toMatchObject({ reason: "not significant" });
    const six = [fixed, ...five];
    expect((await judgeOne(six, { policy: "significant" })).verdict).toMatchObject({ decision: "accepted" });
    // One sample gains much, ten lose a little: the mean is lower, and it is significantly worse.
    const lopsided = [{ before: 1, after: 0 }, ...Array<Losses>(10).fill({ before: 0.5, after: 0.51 })];
    expect((await judgeOne(lopsided, { policy: "significant" })).verdict.decision).toBe("rejected");
    expect((await judgeOne(lopsided, { policy: "strict" })).verdict.decision).toBe("accepted");
  });

  it("counts a sample as right up to the threshold", async () => {
    const pairs = [{ before: 0.3, after: 0.2 }, { before: 0.2, after: 0.1 }, right];
    const { verdict } = await judgeOne(pairs, { threshold: 0.25 });
    expect(verdict).toMatchObject({ rightBefore: 2, rightAfter: 3, fixed: ["0"], broken: [] });
  });

  it("reaches the history, if ϕ finds it", async () => {
    const { history, verdict } = await judgeOne([fixed, broken]);
    expect(history.of("a")[0]?.verdict).toEqual(verdict);
    expect(history.unjudged()).toEqual([]);
    expect(history.refuted("a", "new a")).toBe(true);
  });

  it("accepts everything if the policy is off, asks for nothing and says that no gate ran", async () => {
    const { outcome, verdict, end, asked } = await judgeOne([broken, broken], { policy: "off", startKnown: false });
    expect(outcome.texts).toEqual(end);
    expect(verdict).toMatchObject({ decision: "accepted", reason: "no gate", policy: "off" });
    expect(asked).toBe(0);
  });
});

describe("texts that only got shorter", () => {
  const losses = (before: readonly number[], after: readonly number[]) =>
    before.map((loss, index) => ({ before: loss, after: after[index] ?? 1 }));
  const tie = losses([1, 0, 0, 1], [0, 1, 0, 1]);

  it("are accepted with an equal loss, which the verdict says", async () => {
    const { outcome, verdict, end } = await judgeOne(tie, { isShorter: true });
    expect(verdict).toMatchObject({ decision: "accepted", reason: "not higher, and shorter", scored: 4 });
    expect(outcome.texts).toEqual(end);
    expect((await judgeOne(tie)).verdict).toMatchObject({ decision: "rejected", reason: "tie" });
  });

  it("are accepted with an equal loss under the objectives that a graph file has by default", async () => {
    const { verdict } = await judgeOne(tie, { isShorter: true, objectives: DEFAULTS.objectives });
    expect(verdict).toMatchObject({ decision: "accepted", reason: "not higher, and shorter" });
    const weighed = await judgeOne(tie, { isShorter: true, objectives: { ...DEFAULTS.objectives, tokens: 0.1 } });
    expect(weighed.verdict).toMatchObject({ decision: "rejected", reason: "tie" });
  });

  it("are accepted for a lower loss as any, and never with a higher one", async () => {
    const lower = await judgeOne(losses([1, 1, 0], [1, 0, 0]), { isShorter: true });
    expect(lower.verdict).toMatchObject({ decision: "accepted", reason: "lower loss" });
    const higher = await judgeOne(losses([1, 0, 0], [1, 0, 1]), { isShorter: true });
    expect(higher.verdict.decision).toBe("rejected");
    expect(higher.outcome.texts).toEqual(higher.start);
  });

  it("must be significantly better where the policy asks for that", async () => {
    const { verdict } = await judgeOne(tie, { isShorter: true, policy: "significant" });
    expect(verdict.decision).toBe("rejected");
  });
});

describe("the net verdict", () => {
  it("is `unchanged` without a change, and asks for nothing", async () => {
    const { ofNet, askedUnder } = openGate(5, () => 1);
    expect(ofNet({ a: "x" }, { a: "x" })).toMatchObject({ decision: "rejected", reason: "unchanged" });
    expect(askedUnder({ a: "x" })).toBe(0);
  });

  it("is on the whole set once that is scored", async () => {
    const pairs = Array.from({ length: 20 }, (_, index) => ({ before: index < 15 ? 1 : 0, after: index < 4 ? 1 : 0 }));
    const { ofNet, validation, start, end, verdict } = await judgeOne(pairs);
    expect(verdict.decision).toBe("accepted");
    await validation.complete(end);
    expect(ofNet(start, end)).toMatchObject({
      decision: "accepted",
      scored: 20,
      rightBefore: 5,
      rightAfter: 16,
    });
    expect(lossBounds(validation.pairs(end, end))).toEqual([0.2, 0.2]);
  });

  it("bounds the loss by what is known", async () => {
    const { validation } = openGate(4, (_, index) => (index === 3 ? null : index === 0 ? 1 : 0));
    const bounds = () => lossBounds(validation.pairs({ a: "x" }, { a: "x" }));
    expect(bounds()).toEqual([0, 1]);
    await validation.complete({ a: "x" });
    expect(bounds()).toEqual([0.25, 0.5]);
  });

  it("bounds it by all that it can be if the set is empty", () => {
    expect(lossBounds([])).toEqual([0, 1]);
  });

  it("counts no look for leave-one-out, which decides nothing about the result", async () => {
    const texts = { a: "new", b: "new" };
    const start = { a: "old", b: "old" };
    const { validation } = openGate(30, ({ a, b }, index) => (a === "new" && b === "new" && index > 20 ? 0 : 1));
    await Promise.all([validation.complete(start), validation.complete(texts)]);
    const verdict = () => validation.verdict(start, texts, { decision: "accepted", reason: "lower loss" });
    expect(await contributes(validation, start, texts, { ...texts, a: "old" })).toBe(true);
    const idle = { ...texts, c: "new" };
    await validation.complete(idle);
    expect(await contributes(validation, { ...start, c: "old" }, idle, { ...idle, c: "old" })).toBe(false);
    expect(verdict().looks).toBe(0);
  });
});

describe("changes that are each without effect", () => {
  /** Groups of changes that do the same: one of each has to stay. */
  const needs = (groups: readonly (readonly number[])[]) => async (left: readonly number[]) =>
    groups.some((group) => group.every((one) => left.includes(one)));

  it("can all go if the result is the same without all of them", async () => {
    let measured = 0;
    expect(await neededTogether([1, 2, 3, 4], async () => ++measured < 0)).toEqual([]);
    expect(measured).toBe(1);
    expect(await neededTogether([1], async () => ++measured < 0)).toEqual([]);
    expect(measured).toBe(1);
  });

  it("stay, one of those that do the same", async () => {
    expect(await neededTogether([1, 2], needs([[1, 2]]))).toEqual([2]);
    const groups = fc.array(fc.uniqueArray(fc.nat(11), { minLength: 2, maxLength: 5 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (some) => {
        const parts = Array.from({ length: 12 }, (_, index) => index);
        const isNeeded = needs(some);
        const needed = (await neededTogether(parts, isNeeded)) ?? [];
        const gone = parts.filter((part) => !needed.includes(part));
        expect(await isNeeded(gone)).toBe(false);
        for (const part of needed) expect(await isNeeded([...gone, part])).toBe(true);
      }),
    );
  });

  it("are not measured where the budget ends first", async () => {
    expect(await neededTogether([1, 2], async () => null)).toBeNull();
  });
});

/** Parts of one update: what each alone fixes and breaks. A sample that any part breaks is wrong. */
interface Part {
  readonly fixes: readonly number[];
  readonly breaks: readonly number[];
}

async function judgeParts(
  parts: Readonly<Record<string, Part>>,
  startWrong: readonly number[],
  { n = 20, policy = "strict" as Policy, lost = (_texts: Texts, _index: number): boolean => false } = {},
) {
  const start = Object.fromEntries(Object.keys(parts).map((node) => [node, `old ${node}`]));
  const lossOf: LossOf = (texts, index) => {
    if (lost(texts, index)) return null;
    const active = Object.entries(parts).filter(([node]) => texts[node] !== start[node]);
    if (active.some(([, { breaks }]) => breaks.includes(index))) return 1;
    if (active.some(([, { fixes }]) => fixes.includes(index))) return 0;
    return startWrong.includes(index) ? 1 : 0;
  };
  const { gate, validation, history, verdicts } = openGate(n, lossOf, { policy });
  await validation.complete(start);
  const candidates = Object.keys(parts).map((node) => candidate(node));
  for (const each of candidates) history.add(each);
  const outcome = await gate(start, candidates);
  const changed = Object.keys(parts).filter((node) => outcome.texts[node] !== start[node]);
  return { outcome, changed, verdicts: verdicts(), history, lossOf, start };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("part by part", () => {
  it("finds the ruined part, names what it broke, and lets the harmless rest pass", async () => {
    const parts = {
      good: { fixes: [0, 1, 2], breaks: [] },
      ruined: { fixes: [], breaks: range(0, 20) },
      idle: { fixes: [], breaks: [] },
    };
    const { changed, outcome, verdicts, history } = await judgeParts(parts, range(0, 12));
    expect(changed).toEqual(["good", "idle"]);
    expect(outcome.accepted.map(({ node }) => node)).toEqual(["good", "idle"]);
    expect(verdicts.map(({ scope, verdict }) => [scope, verdict.decision, verdict.reason])).toEqual([
      ["joint", "rejected", "fixed none, broke some"],
      ["part", "rejected", "broke some"],
      ["combination", "accepted", "fixed some, broke none"],
    ]);
    // The first wave held two right samples, so no more was needed.
    expect(verdicts[0]?.verdict).toMatchObject({ scored: 8, rightBefore: 2, rightAfter: 0 });
    expect(verdicts[1]?.verdict.broken.length).toBeGreaterThan(0);
    expect(history.of("ruined")[0]?.verdict?.decision).toBe("rejected");
    expect(history.of("good")[0]?.verdict?.decision).toBe("accepted");
  });

  it("lets a single rest pass as a part", async () => {
    const parts = { good: { fixes: [0], breaks: [] }, ruined: { fixes: [], breaks: range(0, 20) } };
    const { changed, verdicts } = await judgeParts(parts, [0, 1]);
    expect(changed).toEqual(["good"]);
    expect(verdicts.at(-1)).toMatchObject({ scope: "part", verdict: { decision: "accepted", fixed: ["0"] } });
  });

  it("rejects the rest if it fixes nothing", async () => {
    const parts = { idle: { fixes: [], breaks: [] }, ruined: { fixes: [], breaks: range(0, 20) } };
    const { changed, verdicts } = await judgeParts(parts, [0, 1]);
    expect(changed).toEqual([]);
    expect(verdicts.at(-1)?.verdict).toMatchObject({ decision: "rejected", reason: "fixed none" });
  });

  it("asks a rest that breaks something for the sign test at α divided by the number of parts", async () => {
    const ruined = { fixes: [], breaks: range(0, 40) };
    const rest = (fixes: number) => ({ mixed: { fixes: range(0, fixes), breaks: [39] }, ruined });
    // The broken samples on which parts are tried come first: that `mixed` breaks the last one is found by the gate alone.
    expect(signTest(9, 1)).toBeLessThan(ALPHA / 2);
    expect((await judgeParts(rest(9), range(0, 20), { n: 40 })).changed).toEqual(["mixed"]);
    expect(signTest(8, 1)).toBeGreaterThan(ALPHA / 2);
    expect(signTest(8, 1)).toBeLessThan(ALPHA);
    expect((await judgeParts(rest(8), range(0, 20), { n: 40 })).changed).toEqual([]);
  });

  it("asks it to lower the mean loss, too: nine small gains do not make up for one large loss", () => {
    const pair = (before: number, after: number): Pair => ({ sample: sampleOf("any"), before, after });
    const pairs = [...Array<Pair>(9).fill(pair(0.5, 0.4)), pair(0, 1)];
    const strict = policyRule({ policy: "strict", alpha: ALPHA });
    expect(partRule(ALPHA / 2)(pairs)).toMatchObject({ decision: "accepted" });
    expect(bothPass(partRule(ALPHA / 2), strict)(pairs)).toMatchObject({ decision: "rejected", reason: "higher loss" });
    const gain = [...pairs.slice(0, 9), pair(0, 0.8)];
    expect(bothPass(partRule(ALPHA / 2), strict)(gain)).toMatchObject({ decision: "accepted" });
  });

  it("stops for a rest as soon as it can neither be free of harm nor reach the level", () => {
    const open: Pair = { sample: sampleOf("open"), before: 1, after: undefined };
    const broke: Pair = { sample: sampleOf("broke"), before: 0, after: 1 };
    expect(partRule(ALPHA)([broke, open, open])).toEqual({ decision: "rejected", reason: "broke some" });
    expect(partRule(ALPHA)([broke, ...Array<Pair>(12).fill(open)])).toBeNull();
    expect(partRule(ALPHA)([open, open])).toBeNull();
  });

  it("is found without the rest if nothing is fixed and all that was right is broken, never if one is fixed", () => {
    const [fixed, stays, broke] = [
      { before: 1, after: 0 },
      { before: 1, after: 1 },
      { before: 0, after: 1 },
    ].map((pair) => ({ ...pair, sample: sampleOf("any") })) as [Pair, Pair, Pair];
    const [kept, open]: Pair[] = [
      { ...broke, after: 0 },
      { ...broke, before: undefined, after: undefined },
    ] as [Pair, Pair];
    const rule = (...pairs: Pair[]) => harmRule(4, 0)(pairs)?.reason ?? null;
    expect(rule(stays, stays, broke, broke, open, open)).toBe("fixed none, broke some");
    expect(rule(stays, stays, broke)).toBe("fixed none, broke some");
    for (const pairs of [
      [stays, stays, broke, open, open],
      [stays, stays, stays, stays, open],
      [stays, stays, broke, kept, open],
      [fixed, stays, broke, broke, open],
    ])
      expect(rule(...pairs)).toBeNull();
  });

  it("is not tried if the joint update passes or is undecided", async () => {
    const parts = { a: { fixes: range(0, 5), breaks: [] }, b: { fixes: [], breaks: [19] } };
    const passed = await judgeParts(parts, range(0, 10));
    expect(passed.changed).toEqual(["a", "b"]);
    expect(passed.verdicts.map(({ scope }) => scope)).toEqual(["joint"]);
    const lost = (texts: Texts, index: number) => texts.a === "new a" && index < 5;
    const open = await judgeParts(parts, range(0, 10), { lost });
    expect(open.changed).toEqual([]);
    expect(open.verdicts.map(({ scope, verdict }) => [scope, verdict.decision])).toEqual([["joint", "undecided"]]);
  });

  it("comes to an end when samples are lost on the way, and takes none of them for broken", async () => {
    const parts = { good: { fixes: [0, 1, 2], breaks: [] }, bad: { fixes: [], breaks: range(0, 6) } };
    const lost = (texts: Texts, index: number) => texts.bad === "new bad" && index >= 4;
    const { changed, verdicts } = await judgeParts(parts, range(0, 3), { n: 6, lost });
    expect(verdicts.flatMap(({ verdict }) => verdict.broken)).not.toContain("4");
    expect(changed.every((node) => node === "good")).toBe(true);
  });

  it("never accepts what is worse on the whole set, and never keeps a part that was turned down", async () => {
    const some = fc.subarray(range(0, 24));
    const few = fc.subarray(range(0, 24), { maxLength: 3 });
    const part = fc.oneof(
      fc.record({ fixes: some, breaks: few }),
      fc.record({ fixes: few, breaks: fc.constant<number[]>([]) }),
      fc.record({ fixes: fc.constant<number[]>([]), breaks: fc.constant(range(0, 24)) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 2, maxLength: 4 }),
        some,
        fc.constantFrom("strict" as const, "significant" as const),
        async (list, startWrong, policy) => {
          const parts = Object.fromEntries(list.map((each, index) => [`p${index}`, each]));
          const { outcome, changed, verdicts, lossOf, start } = await judgeParts(parts, startWrong, { n: 24, policy });
          const pairs = range(0, 24).map((index) => ({
            before: lossOf(start, index)!,
            after: lossOf(outcome.texts, index)!,
          }));
          const all = { ...start, ...Object.fromEntries(Object.keys(parts).map((node) => [node, `new ${node}`])) };
          const joint = range(0, 24).map((index) => ({ before: lossOf(start, index)!, after: lossOf(all, index)! }));
          const jointly = decideComplete(joint, policy);
          expect(changed.length === list.length).toBe(jointly === "accepted");
          expect(outcome.accepted.map(({ node }) => node)).toEqual(changed);
          if (changed.length === 0 || jointly === "accepted") return;

          // The rest is gated as a whole, too.
          expect(decideComplete(pairs, policy)).toBe("accepted");
          const better = pairs.filter(({ before, after }) => after < before).length;
          const worse = pairs.filter(({ before, after }) => after > before).length;
          expect(worse === 0 || signTest(better, worse) <= ALPHA / list.length).toBe(true);
          const turnedDown = verdicts.filter(
            ({ scope, verdict }) => scope === "part" && verdict.decision === "rejected",
          );
          for (const { proposals } of turnedDown) {
            expect(outcome.accepted.map(({ id }) => id)).not.toContain(proposals[0]);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("a candidate that was dropped before the gate", () => {
  it("is on record with the reason, and ϕ may not repeat it", async () => {
    const { engine, history, verdicts, screened } = openGate(5, () => 0);
    const change = candidate("a");
    history.add(change);
    await engine.screen([change], "constant output");
    expect(screened()).toEqual([{ type: "screened", iteration: 3, proposals: [change.id], reason: "constant output" }]);
    expect(verdicts()).toEqual([]);
    expect(history.unjudged()).toEqual([]);
    expect(history.refuted("a", "new a")).toBe(true);
  });
});
