import type { Decision, VerdictReason } from "../events.ts";
import type { OptimizeOptions } from "../task.ts";
import { type Objectives, weightOfCost, weightsOf } from "./objectives.ts";
import { differenceBounds, type Pair, signTest } from "./statistics.ts";

export interface GateDecision {
  readonly decision: Decision;
  readonly reason: VerdictReason;
}

/** Decides exactly, from complete or partial pairs; null: more samples could still change the decision. */
export type Rule = (pairs: readonly Pair[]) => GateDecision | null;

export const LOWER: GateDecision = { decision: "accepted", reason: "lower loss" };
/** The loss may be higher if lower costs outweigh it. */
const CHEAPER: GateDecision = { decision: "accepted", reason: "better by all objectives together" };
const SHORTER: GateDecision = { decision: "accepted", reason: "not higher, and shorter" };
const COSTLY: GateDecision = { decision: "rejected", reason: "costs more than it gains" };
export const NO_GATE: GateDecision = { decision: "accepted", reason: "no gate" };
export const UNCHANGED: GateDecision = { decision: "rejected", reason: "unchanged" };
export const BROKE: GateDecision = { decision: "rejected", reason: "broke some" };
export const HARMED: GateDecision = { decision: "rejected", reason: "fixed none, broke some" };
export const UNDECIDED: GateDecision = { decision: "undecided", reason: "samples could not be scored" };

/**
 * `strict`: the mean loss is strictly lower; a tie is rejected. `significant`: in addition, the exact sign test
 * gives p ≤ α. `off`: everything is accepted (docs/method.md, "Gate policies"). With objectives beside the loss, the
 * weighted sum has to be lower: the bounds of the loss are exact, costs are those of the samples scored so far.
 */
export function policyRule({ policy, alpha }: OptimizeOptions["gate"], objectives?: Objectives): Rule {
  if (policy === "off") return () => NO_GATE;
  const { loss } = weightsOf(objectives);
  return (pairs) => {
    const difference = differenceBounds(pairs);
    const cost =
      pairs.length *
      weightOfCost(
        objectives,
        pairs.map(({ costs }) => costs),
      );
    const [low, high] = [loss * difference.low + cost, loss * difference.high + cost];
    if (low >= 0) {
      if (difference.high < 0) return COSTLY;
      const measured = difference.low > 0 ? "higher loss" : "tie";
      const isMeasured = difference.low === difference.high;
      return { decision: "rejected", reason: isMeasured ? measured : "cannot pass any more" };
    }
    if (policy === "strict" && high < 0) return difference.high < 0 ? LOWER : CHEAPER;
    if (policy === "strict") return null;
    const { better, worse, canImprove, canWorsen } = signs(pairs);
    if (!isBetter(better + canImprove, worse, alpha)) return { decision: "rejected", reason: "not significant" };
    return high < 0 && isBetter(better, worse + canWorsen, alpha) ? LOWER : null;
  };
}

/**
 * Accepts what the policy accepts, and an equal loss: for texts that only leave out sentences that the run had added, so
 * that the result still lowers the loss of the file's texts.
 */
export function noWorseRule(policy: Rule): Rule {
  return (pairs) => {
    const { low, high } = differenceBounds(pairs);
    if (low > 0) return policy(pairs);
    if (high > 0) return null;
    const ruling = policy(pairs);
    return ruling?.decision === "accepted" ? ruling : SHORTER;
  };
}

/**
 * A part passes if and only if it fixed at least one sample and broke none, or passes the sign test at α divided by
 * the number of parts.
 */
export function partRule(level: number): Rule {
  return (pairs) => {
    const { better, worse, canImprove, canWorsen } = signs(pairs);
    if (isBetter(better, worse + canWorsen, level)) return LOWER;
    if (worse > 0 && !isBetter(better + canImprove, worse, level))
      return { decision: "rejected", reason: "broke some" };
    if (better + canImprove === 0) return { decision: "rejected", reason: "fixed none" };
    if (canImprove + canWorsen > 0) return null;
    return worse === 0 && better > 0
      ? { decision: "accepted", reason: "fixed some, broke none" }
      : { decision: "rejected", reason: better > 0 ? "broke some" : "fixed none" };
  };
}

/**
 * Rejects early if none of the first samples is fixed and all right ones are broken. It never accepts.
 * @param enough samples to score, or all there are
 * @param threshold τ
 */
export function harmRule(enough: number, threshold: number): Rule {
  return (pairs) => {
    const seen = pairs.flatMap(({ before, after }) =>
      before === undefined || after === undefined ? [] : [{ before, after }],
    );
    if (seen.length < Math.min(enough, pairs.length) || seen.some(({ before, after }) => after < before)) return null;
    const right = seen.filter(({ before }) => before <= threshold);
    return right.length > 0 && right.every(({ after }) => after > threshold) ? HARMED : null;
  };
}

/** The decision of the first rule, or else of the second. */
export function firstDecided(first: Rule, second: Rule): Rule {
  return (pairs) => first(pairs) ?? second(pairs);
}

/** Accepts what both rules accept. */
export function bothPass(first: Rule, second: Rule): Rule {
  return (pairs) => {
    const rulings = [first(pairs), second(pairs)];
    const rejection = rulings.find((ruling) => ruling?.decision === "rejected");
    return rejection ?? (rulings.includes(null) ? null : (rulings[0] ?? null));
  };
}

/** Whether significantly more samples are better than worse. */
function isBetter(better: number, worse: number, level: number): boolean {
  return better > worse && signTest(better, worse) <= level;
}

interface Signs {
  better: number;
  worse: number;
  /** Number of unscored pairs that could still be better. */
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
