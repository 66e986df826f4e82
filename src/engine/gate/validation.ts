import pMap from "p-map";
import { mean } from "simple-statistics";
import type { Sample } from "../../data/sample.ts";
import type { Texts } from "../../graph/graph.ts";
import type { Verdict } from "../events.ts";
import type { Forward, Scored } from "../forward/forward.ts";
import type { OptimizeOptions } from "../task.ts";
import { thetaOf } from "../theta.ts";
import { nodeFigures } from "./node-figures.ts";
import type { AnswerCost } from "./objectives.ts";
import { type GateDecision, NO_GATE, type Rule, UNDECIDED } from "./rules.ts";
import { type Pair, scoreInterval, signTest } from "./statistics.ts";

export interface ValidationDeps {
  readonly samples: readonly Sample[];
  /** Samples to score at once. Default: all. */
  readonly atOnce?: Forward["atOnce"];
  /** Θ that the run scores completely before it ends, whatever it decides. */
  readonly owed?: Texts;
  readonly options: Pick<OptimizeOptions, "gate" | "threshold" | "objectives">;
  /** Scores a validation sample under Θ; scoring it again costs nothing. */
  readonly score: (texts: Texts, sample: Sample, priority?: number) => Promise<Scored | null>;
}

/** Samples to score next, under each of the sides. */
interface Wave {
  readonly sides: readonly Texts[];
  readonly samples: readonly Sample[];
}

/** The validation set: its known scores under each Θ, and the scoring of no more samples than a decision needs. */
export type Validation = ReturnType<typeof createValidation>;

export interface CompareOptions {
  /** Indices of the samples, the most informative first. Default: samples that failed before come first. */
  readonly order?: readonly number[];
  /**
   * Whether it counts as a look at the validation set: whether the decision can change the result of the run.
   * Default: true.
   */
  readonly counts?: boolean;
}

/**
 * Minimum samples in a wave: measured on many synthetic tasks, smaller waves save almost no calls and take much
 * longer.
 */
export const MINIMUM_WAVE = 8;

/**
 * Size of a wave of a candidate that leads, in multiples of the samples that it needs if all come out well. A second
 * wave is mostly spared, and if the candidate is accepted, the next gate compares with these scores.
 */
const MARGIN = 1.5;

/**
 * Scores samples in waves hardly larger than the minimum that a decision needs. Samples that failed before come first.
 * Each wave is awaited as a whole, so the result never depends on the order of replies.
 */
export function createValidation({ samples: validation, owed, options, score, atOnce }: ValidationDeps) {
  const { threshold } = options;
  const { policy } = options.gate;
  /** Θ → sample → score; null: unscored. */
  const known = new Map<string, Map<string, Scored | null>>();
  let looks = 0;

  return { compare, look, ensure, complete, pairs: pairsOf, verdict: verdictOf, formatErrors, fails };

  /** Scores until the rule has decided. */
  async function compare(
    before: Texts,
    after: Texts,
    rule: Rule,
    { order, counts = true }: CompareOptions = {},
  ): Promise<Verdict> {
    if (policy === "off") return verdictOf(before, after, NO_GATE);
    for (let waves = 0; ; waves++) {
      const pairs = pairsOf(before, after);
      const decision = rule(pairs);
      if (decision) return verdictOf(before, after, decision);
      const { sides, samples } = nextWave(before, after, pairs, rule, order ?? inOrder(pairs));
      if (samples.length === 0) return verdictOf(before, after, UNDECIDED);
      if (waves === 0 && counts) looks++;
      await Promise.all(sides.map((texts) => ensure(texts, samples)));
    }
  }

  /** Records a decision that is based on scores outside a comparison. */
  function look(): void {
    looks++;
  }

  /**
   * The samples to score next, and under which Θ. The side that leads is scored alone as long as that can decide,
   * because the run continues with it and needs its scores anyway. If neither leads, both are scored. Scores that
   * are owed come first: the more is known about a Θ that lost the lead, the fewer samples of the other are needed.
   */
  function nextWave(before: Texts, after: Texts, pairs: readonly Pair[], rule: Rule, order: readonly number[]): Wave {
    const lead = pairs.reduce((sum, { before, after }) => sum + (before ?? after ?? 0) - (after ?? before ?? 0), 0);
    if (lead > 0 && owed && thetaOf(before) === thetaOf(owed)) {
      const samples = validation.filter(({ id }) => !scoresOf(before).has(id));
      if (samples.length > 0) return { sides: [before], samples };
    }
    const alone = lead === 0 ? null : waveOf([lead > 0 ? after : before]);
    return alone && alone.samples.length > 0 ? alone : waveOf([before, after]);

    /** As many samples, in order, as the best or the worst outcome for the candidate needs before it could decide. */
    function waveOf(sides: readonly Texts[]): Wave {
      const scores = sides.map(scoresOf);
      const open = order.filter((index) => scores.some((side) => !side.has(validation[index]?.id ?? "")));
      if (sides.length === 1 && !decides(open.length)) return { sides, samples: [] };
      let low = Math.min(MINIMUM_WAVE, open.length);
      let high = low;
      // Most waves are small, so the search starts from below.
      while (high < open.length && !decides(high)) [low, high] = [high + 1, Math.min(2 * high, open.length)];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (decides(middle)) high = middle;
        else low = middle + 1;
      }
      const count = lead > 0 && sides.length === 1 ? Math.ceil(MARGIN * low) : low;
      return { sides, samples: open.slice(0, count).flatMap((index) => validation[index] ?? []) };

      function decides(count: number): boolean {
        const supposed = (side: Texts, loss: number) => (sides.includes(side) ? loss : undefined);
        const outcome = (was: number, is: number) => {
          const supposing = [...pairs];
          for (const index of open.slice(0, count)) {
            const pair = pairs[index];
            if (!pair) continue;
            const [lossBefore, lossAfter] = [pair.before ?? supposed(before, was), pair.after ?? supposed(after, is)];
            supposing[index] = { ...pair, before: lossBefore, after: lossAfter };
          }
          return supposing;
        };
        return rule(outcome(1, 0)) !== null || rule(outcome(0, 1)) !== null;
      }
    }
  }

  function inOrder(pairs: readonly Pair[]): number[] {
    return inGateOrder(
      pairs.map((pair, index) => ({ ...pair, index })),
      threshold,
    ).map(({ index }) => index);
  }

  function scoresOf(texts: Texts): ReadonlyMap<string, Scored | null> {
    return known.get(thetaOf(texts)) ?? new Map();
  }

  /** Scores the samples that are not scored yet. */
  async function ensure(
    texts: Texts,
    samples: readonly Sample[],
    priority?: number,
  ): Promise<ReadonlyMap<string, Scored | null>> {
    const theta = thetaOf(texts);
    const scores = known.get(theta) ?? new Map<string, Scored | null>();
    known.set(theta, scores);
    await pMap(samples, async (sample) => scores.set(sample.id, await score(texts, sample, priority)), atOnce);
    return scores;
  }

  function pairsOf(before: Texts, after: Texts): Pair[] {
    const [base, changed] = [scoresOf(before), scoresOf(after)];
    return validation.map((sample) => {
      const [was, is] = [base.get(sample.id), changed.get(sample.id)];
      const pair = { sample, before: was?.loss, after: is?.loss };
      return was && is ? { ...pair, costs: { before: costOf(was), after: costOf(is) } } : pair;
    });
  }

  /** Scores the samples that are not yet scored under Θ. */
  async function complete(texts: Texts): Promise<void> {
    await ensure(texts, validation);
  }

  /** Replies on the scored samples that did not match their node's `output`. */
  function formatErrors(before: Texts, after: Texts): { before: number; after: number } {
    const count = (texts: Texts) =>
      [...scoresOf(texts).values()].reduce((sum, scored) => sum + (scored?.formatErrors ?? 0), 0);
    return { before: count(before), after: count(after) };
  }

  /** Whether the sample is known to have l > τ. */
  function fails(texts: Texts, { id }: Sample): boolean {
    return (scoresOf(texts).get(id)?.loss ?? 0) > threshold;
  }

  /** A verdict from the known scores, without a call. Goes through the samples once: there can be thousands. */
  function verdictOf(before: Texts, after: Texts, { decision, reason }: GateDecision): Verdict {
    const [base, changed] = [scoresOf(before), scoresOf(after)];
    const [start, end] = [new Tally(threshold), new Tally(threshold)];
    const fixed: string[] = [];
    const broken: string[] = [];
    const unscored: string[] = [];
    const pairs: { before: Scored; after: Scored }[] = [];
    let better = 0;
    let worse = 0;
    for (const { id } of validation) {
      const [was, is] = [base.get(id), changed.get(id)];
      if (was === null || is === null) unscored.push(id);
      if (!was || !is) continue;
      pairs.push({ before: was, after: is });
      const [wasRight, isRight] = [start.add(was), end.add(is)];
      if (isRight && !wasRight) fixed.push(id);
      if (wasRight && !isRight) broken.push(id);
      if (is.loss < was.loss) better++;
      if (is.loss > was.loss) worse++;
    }
    const nodes = nodeFigures(pairs, threshold);
    return {
      decision,
      policy,
      reason,
      scored: start.scores.length,
      of: validation.length,
      lossBefore: start.loss,
      lossAfter: end.loss,
      rightBefore: start.right,
      rightAfter: end.right,
      fixed,
      broken,
      p: better + worse > 0 ? signTest(better, worse) : null,
      intervalBefore: scoreInterval(start.scores),
      intervalAfter: scoreInterval(end.scores),
      tokensBefore: start.tokens,
      tokensAfter: end.tokens,
      ...start.further("Before"),
      ...end.further("After"),
      looks,
      unscored,
      ...(nodes && { nodes }),
    };
  }
}

/** Right samples in the first wave, which show harm. */
const CONTROLS = 2;

/**
 * The order in which samples are scored against this incumbent: those that failed under it, those without a score,
 * then those that were right, except for the few right ones of the first wave.
 */
export function inGateOrder<P extends Pair>(pairs: readonly P[], threshold: number): P[] {
  const rank = ({ before }: Pair) => (before === undefined ? 1 : before > threshold ? 0 : 2);
  const order = pairs
    .map((pair, index) => ({ pair, index, rank: rank(pair) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  const right = order.filter(({ rank }) => rank === 2).slice(0, CONTROLS);
  const others = order.filter((one) => !right.includes(one));
  return others.toSpliced(MINIMUM_WAVE - right.length, 0, ...right).map(({ pair }) => pair);
}

export function costOf({ tokens, milliseconds = null, usd = null }: Scored): AnswerCost {
  return { tokens, milliseconds, usd };
}

/** The totals of one side of a verdict. */
class Tally {
  /** A right sample counts as 1: at a threshold above 0, a perfect score and a good enough one are the same. */
  readonly scores: number[] = [];
  right = 0;
  #loss = 0;
  #tokens = 0;
  readonly #costs: AnswerCost[] = [];

  constructor(private readonly threshold: number) {}

  /** @returns whether it is right */
  add(scored: Scored): boolean {
    const { loss } = scored;
    const isRight = loss <= this.threshold;
    this.scores.push(isRight ? 1 : 1 - loss);
    if (isRight) this.right++;
    this.#loss += loss;
    this.#tokens += scored.tokens;
    this.#costs.push(costOf(scored));
    return isRight;
  }

  /** Means of the other measures that are known for every sample. */
  further<S extends "Before" | "After">(side: S) {
    const all = (name: "milliseconds" | "usd") => this.#costs.flatMap((cost) => cost[name] ?? []);
    const meanOf = (name: "milliseconds" | "usd") => {
      const known = all(name);
      return known.length === 0 || known.length < this.#costs.length ? {} : { [`${name}${side}`]: mean(known) };
    };
    return { ...meanOf("milliseconds"), ...meanOf("usd") };
  }

  /** Mean; 0 without samples. */
  get loss(): number {
    return this.#loss / Math.max(1, this.scores.length);
  }

  get tokens(): number {
    return Math.round(this.#tokens / Math.max(1, this.scores.length));
  }
}
