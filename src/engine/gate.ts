import type { Sample } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Decision, Judged, RunEvent, Verdict, VerdictReason } from "./events.ts";
import type { Scored } from "./forward.ts";
import type { History } from "./history.ts";
import type { Candidate } from "./propose.ts";
import type { OptimizeOptions } from "./task.ts";
import { thetaOf } from "./texts.ts";
import { differenceBounds, type Pair, signTest, wilson } from "./verdict.ts";

export interface GateDeps {
  readonly validation: readonly Sample[];
  readonly options: Pick<OptimizeOptions, "gate" | "threshold">;
  readonly history: History;
  /** Scores a validation sample under Θ; the same one twice costs nothing. */
  readonly score: (texts: Texts, sample: Sample) => Promise<Scored | null>;
  readonly emit: (event: RunEvent) => Promise<void>;
}

export interface Outcome {
  /** The incumbent from here on. */
  readonly texts: Texts;
  readonly accepted: readonly Candidate[];
  /** Rejected together, and none did harm: what they lack to show a gain may stand in another text. */
  readonly harmless: readonly Candidate[];
}

export interface Gate {
  /** The samples that a candidate against this incumbent is scored on first. */
  first(incumbent: Texts, count: number): Sample[];
  /** Known to have l > τ. */
  fails(texts: Texts, sample: Sample): boolean;
  /** Puts on record that candidates were turned down before they were scored. */
  turnDown(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<void>;
  /** Puts an iteration's proposals before the validation set: jointly first, part by part when that fails. */
  judge(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<Outcome>;
  /** What is known of Θ's mean validation loss: equal bounds when every sample is scored. */
  lossBounds(texts: Texts): [number, number];
  /** Scores every validation sample under Θ that is not scored yet. */
  complete(texts: Texts): Promise<void>;
  /** A verdict over what is known, without any call. */
  compareKnown(before: Texts, after: Texts, ruling: Ruling): Verdict;
  /** The verdict on the net change, without any call; as much of it is measured as the end of the run allowed. */
  netVerdict(before: Texts, after: Texts): Verdict;
  /** Replies that did not match their node's `output`, on the validation samples scored. */
  formatErrors(before: Texts, after: Texts): { before: number; after: number };
}

/** Decides from complete or partial pairs; null: more samples could still change the decision. */
type Rule = (pairs: readonly Pair[]) => Ruling | null;
export interface Ruling {
  readonly decision: Decision;
  readonly reason: VerdictReason;
}

/**
 * The validation gate (method.md §2.6 and "Gate policies"). Samples are scored in waves no larger than what the decision
 * needs at least, so the stop is exact and nothing is asked for in vain (R3); those that failed before come first (R4);
 * of the incumbent only those samples are scored that the decision needs. A wave is waited for as a whole, so the
 * figures never depend on which reply came first.
 */
export function createGate({ validation, options, history, score, emit }: GateDeps): Gate {
  const { threshold } = options;
  const { policy, alpha } = options.gate;
  /** Θ → sample → score; null: unscored. */
  const known = new Map<string, Map<string, Scored | null>>();
  let looks = 0;

  return { first, fails, turnDown, judge, lossBounds, complete, compareKnown: verdictOf, netVerdict, formatErrors };

  async function judge(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<Outcome> {
    const nothing = { texts: incumbent, accepted: [], harmless: [] };
    if (candidates.length === 0) return nothing;
    const level = alpha / candidates.length;
    let rule: Rule = policyRule;
    for (let rest = candidates; ; rule = partRule(level)) {
      const texts = withTexts(incumbent, rest);
      const verdict = await compare(incumbent, texts, rule);
      const scope = rest === candidates ? "joint" : rest.length > 1 ? "combination" : "part";
      await record(iteration, scope, rest, texts, verdict);
      if (verdict.decision === "accepted") return { texts, accepted: rest, harmless: [] };
      if (verdict.decision === "undecided") return nothing;
      const harmless = await withoutCulprits(iteration, incumbent, rest);
      if (harmless.length === rest.length) return { ...nothing, harmless };
      if (harmless.length === 0) return nothing;
      rest = harmless;
    }
  }

  /**
   * A rejected update hides a gain only where one of its parts does harm. So it is first asked what the parts broke
   * together; each part is then tried alone on that, and those that break it are turned down.
   */
  async function withoutCulprits(
    iteration: number,
    incumbent: Texts,
    candidates: readonly Candidate[],
  ): Promise<Candidate[]> {
    const broken = await brokenBy(incumbent, withTexts(incumbent, candidates));
    if (broken.length === 0 || candidates.length === 1) return broken.length === 0 ? [...candidates] : [];
    const harms = await Promise.all(
      candidates.map(async (candidate) => {
        const texts = withTexts(incumbent, [candidate]);
        await ensure(texts, broken);
        const scores = broken.map(({ id }) => known.get(thetaOf(texts))?.get(id));
        return scores.some((scored) => scored && scored.loss > threshold);
      }),
    );
    const culprits = candidates.filter((_, index) => harms[index]);
    for (const candidate of culprits) {
      const texts = withTexts(incumbent, [candidate]);
      await record(iteration, "part", [candidate], texts, verdictOf(incumbent, texts, BROKE));
    }
    return candidates.filter((_, index) => !harms[index]);
  }

  /**
   * Some of the samples that are right under the incumbent and wrong under the candidate. Looks at few: what does harm
   * shows it soon.
   */
  async function brokenBy(incumbent: Texts, candidate: Texts): Promise<Sample[]> {
    const right = (loss: number | undefined) => loss !== undefined && loss <= threshold;
    for (let looked = 0; ; looked += BLAMED) {
      const pairs = pairsOf(incumbent, candidate);
      const samples = (wanted: (pair: Pair) => boolean) =>
        pairs.flatMap((pair, index) => (wanted(pair) ? (validation[index] ?? []) : []));
      const broken = samples(({ before, after }) => right(before) && after !== undefined && !right(after));
      const open = samples(({ before, after }) => right(before) && after === undefined);
      if (broken.length >= BLAMED || open.length === 0 || looked >= LOOKED) return broken.slice(0, BLAMED);
      await ensure(candidate, open.slice(0, BLAMED));
    }
  }

  async function record(
    iteration: number,
    scope: Judged["scope"],
    judged: readonly Candidate[],
    texts: Texts,
    verdict: Verdict,
  ): Promise<void> {
    for (const { id, node } of judged) history.judge(id, node, verdict);
    const proposals = judged.map(({ id }) => id);
    await emit({ type: "verdict", iteration, scope, proposals, theta: thetaOf(texts), verdict });
  }

  function first(incumbent: Texts, count: number): Sample[] {
    const order = inOrder(pairsOf(incumbent, incumbent)).slice(0, count);
    return order.flatMap((index) => validation[index] ?? []);
  }

  function fails(texts: Texts, { id }: Sample): boolean {
    return (known.get(thetaOf(texts))?.get(id)?.loss ?? 0) > threshold;
  }

  async function turnDown(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<void> {
    for (const candidate of candidates) {
      const texts = withTexts(incumbent, [candidate]);
      await record(iteration, "part", [candidate], texts, verdictOf(incumbent, texts, ALIKE));
    }
  }

  function lossBounds(texts: Texts): [number, number] {
    const scores = [...(known.get(thetaOf(texts))?.values() ?? [])].flatMap((scored) => (scored ? [scored.loss] : []));
    const sum = scores.reduce((total, loss) => total + loss, 0);
    const n = validation.length;
    return [sum / n, (sum + n - scores.length) / n];
  }

  function complete(texts: Texts): Promise<void> {
    return ensure(texts, validation);
  }

  function netVerdict(before: Texts, after: Texts): Verdict {
    if (thetaOf(before) === thetaOf(after)) return verdictOf(before, after, UNCHANGED);
    if (policy === "off") return verdictOf(before, after, NO_GATE);
    // Each step was strictly lower on the whole set by exact bounds, so their sum is, even where figures are missing.
    const inherited = policy === "strict" ? LOWER : UNDECIDED;
    return verdictOf(before, after, policyRule(pairsOf(before, after)) ?? inherited);
  }

  function formatErrors(before: Texts, after: Texts): { before: number; after: number } {
    const count = (texts: Texts) =>
      [...(known.get(thetaOf(texts))?.values() ?? [])].reduce((sum, scored) => sum + (scored?.formatErrors ?? 0), 0);
    return { before: count(before), after: count(after) };
  }

  async function compare(before: Texts, after: Texts, rule: Rule): Promise<Verdict> {
    if (policy === "off") return verdictOf(before, after, NO_GATE);
    looks++;
    for (;;) {
      const pairs = pairsOf(before, after);
      const ruling = rule(pairs);
      if (ruling) return verdictOf(before, after, ruling);
      const wave = nextWave(before, after, pairs, rule);
      if (wave.length === 0) return verdictOf(before, after, UNDECIDED);
      await Promise.all([ensure(after, wave), ensure(before, wave)]);
    }
  }

  /**
   * The samples to score next: as many, in order, as must be known before any outcome could decide. The two outcomes
   * looked ahead to are the best and the worst for the candidate.
   */
  function nextWave(before: Texts, after: Texts, pairs: readonly Pair[], rule: Rule): Sample[] {
    const open = inOrder(pairs).filter((index) => isOpen(before, after, validation[index]?.id ?? ""));
    const decides = (count: number) => {
      const [best, worst] = [[...pairs], [...pairs]];
      for (const index of open.slice(0, count)) {
        const pair = pairs[index];
        if (!pair) continue;
        best[index] = { ...pair, before: pair.before ?? 1, after: pair.after ?? 0 };
        worst[index] = { ...pair, before: pair.before ?? 0, after: pair.after ?? 1 };
      }
      return rule(best) !== null || rule(worst) !== null;
    };
    let [low, high] = [Math.min(MINIMUM_WAVE, open.length), open.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (decides(middle)) high = middle;
      else low = middle + 1;
    }
    return open.slice(0, low).flatMap((index) => validation[index] ?? []);
  }

  /** Indices of the validation samples: failed under the incumbent first, then not known, then right (R4). */
  function inOrder(pairs: readonly Pair[]): number[] {
    const rank = ({ before }: Pair) => (before === undefined ? 1 : before > threshold ? 0 : 2);
    return pairs
      .map((pair, index) => ({ index, rank: rank(pair) }))
      .sort((a, b) => a.rank - b.rank || a.index - b.index)
      .map(({ index }) => index);
  }

  function isOpen(before: Texts, after: Texts, id: string): boolean {
    return [before, after].some((texts) => known.get(thetaOf(texts))?.has(id) !== true);
  }

  async function ensure(texts: Texts, samples: readonly Sample[]): Promise<void> {
    const theta = thetaOf(texts);
    const scores = known.get(theta) ?? new Map<string, Scored | null>();
    known.set(theta, scores);
    await Promise.all(samples.map(async (sample) => scores.set(sample.id, await score(texts, sample))));
  }

  function pairsOf(before: Texts, after: Texts): Pair[] {
    const [base, changed] = [known.get(thetaOf(before)), known.get(thetaOf(after))];
    return validation.map(({ id }) => ({ sample: id, before: base?.get(id)?.loss, after: changed?.get(id)?.loss }));
  }

  function policyRule(pairs: readonly Pair[]): Ruling | null {
    const { low, high } = differenceBounds(pairs);
    if (low >= 0)
      return { decision: "rejected", reason: high > 0 ? "cannot pass any more" : low > 0 ? "higher loss" : "tie" };
    if (policy === "strict") return high < 0 ? LOWER : null;
    const { better, worse, canImprove, canWorsen } = signs(pairs);
    if (!isBetter(better + canImprove, worse, alpha)) return { decision: "rejected", reason: "not significant" };
    return high < 0 && isBetter(better, worse + canWorsen, alpha) ? LOWER : null;
  }

  /** A part passes iff it fixed at least one sample and broke none, or the sign test passes at α divided by the number of parts. */
  function partRule(level: number): Rule {
    return (pairs) => {
      const { better, worse, canImprove, canWorsen } = signs(pairs);
      if (differenceBounds(pairs).high < 0 && isBetter(better, worse + canWorsen, level)) return LOWER;
      if (worse > 0 && !isBetter(better + canImprove, worse, level))
        return { decision: "rejected", reason: "broke some" };
      if (better + canImprove === 0) return { decision: "rejected", reason: "fixed none" };
      if (canImprove + canWorsen > 0) return null;
      return worse === 0 && better > 0
        ? { decision: "accepted", reason: "fixed some, broke none" }
        : { decision: "rejected", reason: better > 0 ? "broke some" : "fixed none" };
    };
  }

  function verdictOf(before: Texts, after: Texts, { decision, reason }: Ruling): Verdict {
    const [base, changed] = [known.get(thetaOf(before)), known.get(thetaOf(after))];
    const both = validation.flatMap(({ id }) => {
      const [was, is] = [base?.get(id), changed?.get(id)];
      return was && is ? [{ id, was, is }] : [];
    });
    const right = (loss: number) => loss <= threshold;
    const rightBefore = both.filter(({ was }) => right(was.loss)).length;
    const rightAfter = both.filter(({ is }) => right(is.loss)).length;
    const better = both.filter(({ was, is }) => is.loss < was.loss).length;
    const worse = both.filter(({ was, is }) => is.loss > was.loss).length;
    return {
      decision,
      policy,
      reason,
      scored: both.length,
      of: validation.length,
      lossBefore: mean(both.map(({ was }) => was.loss)),
      lossAfter: mean(both.map(({ is }) => is.loss)),
      rightBefore,
      rightAfter,
      fixed: both.filter(({ was, is }) => !right(was.loss) && right(is.loss)).map(({ id }) => id),
      broken: both.filter(({ was, is }) => right(was.loss) && !right(is.loss)).map(({ id }) => id),
      p: better + worse > 0 ? signTest(better, worse) : null,
      intervalBefore: wilson(rightBefore, both.length),
      intervalAfter: wilson(rightAfter, both.length),
      tokensBefore: Math.round(mean(both.map(({ was }) => was.tokens))),
      tokensAfter: Math.round(mean(both.map(({ is }) => is.tokens))),
      looks,
      unscored: validation.flatMap(({ id }) => (base?.get(id) === null || changed?.get(id) === null ? [id] : [])),
    };
  }
}

/** Samples of the smallest wave: measured on many worlds, fewer at a time spares hardly a call and takes much longer. */
const MINIMUM_WAVE = 8;

const LOWER: Ruling = { decision: "accepted", reason: "lower loss" };
const NO_GATE: Ruling = { decision: "accepted", reason: "no gate" };
const UNCHANGED: Ruling = { decision: "rejected", reason: "unchanged" };
/** Broken samples on which the parts of a rejected update are tried alone. */
const BLAMED = 2;

/** Right samples that are looked at in search of such. */
const LOOKED = 4;

const BROKE: Ruling = { decision: "rejected", reason: "broke some" };
const ALIKE: Ruling = { decision: "rejected", reason: "every output alike" };
const UNDECIDED: Ruling = { decision: "undecided", reason: "samples could not be scored" };

/** Significantly more samples better than worse. */
function isBetter(better: number, worse: number, level: number): boolean {
  return better > worse && signTest(better, worse) <= level;
}

interface Signs {
  better: number;
  worse: number;
  /** Pairs not known yet that could still come out better, or worse. */
  canImprove: number;
  canWorsen: number;
}

function signs(pairs: readonly Pair[]): Signs {
  const count = { better: 0, worse: 0, canImprove: 0, canWorsen: 0 };
  for (const { before, after } of pairs) {
    if (before === undefined || after === undefined) {
      if (before !== 0 && after !== 1) count.canImprove++;
      if (before !== 1 && after !== 0) count.canWorsen++;
    } else if (after < before) count.better++;
    else if (after > before) count.worse++;
  }
  return count;
}

export function withTexts(texts: Texts, candidates: readonly Candidate[]): Texts {
  return { ...texts, ...Object.fromEntries(candidates.map(({ node, text }) => [node, text])) };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
