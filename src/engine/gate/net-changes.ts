import type { Graph, Texts } from "../../graph/graph.ts";
import type { Proposal, Verdict } from "../events.ts";
import { allParametersOf } from "../parameters.ts";
import type { Entry, History } from "../propose/history.ts";
import type { Task } from "../task.ts";
import { proposalId, thetaOf } from "../theta.ts";
import type { Objectives } from "./objectives.ts";
import { LOWER, NO_GATE, policyRule, UNCHANGED, UNDECIDED } from "./rules.ts";
import type { Pair } from "./statistics.ts";
import type { Validation } from "./validation.ts";

/**
 * The verdict on the net change, from the scores that are known when the run ends: it makes no call.
 * @param isGated whether the gate accepted each step on the way
 */
export function netVerdict(
  { gate, objectives }: Task["options"],
  validation: Validation,
  before: Texts,
  after: Texts,
  isGated: boolean,
): Verdict {
  if (thetaOf(before) === thetaOf(after)) return validation.verdict(before, after, UNCHANGED);
  if (gate.policy === "off") return validation.verdict(before, after, NO_GATE);
  // Exact bounds showed each step to be strictly better on the whole set, so their sum is better, too, even if scores are missing.
  const inherited = gate.policy === "strict" && isGated ? LOWER : UNDECIDED;
  return validation.verdict(before, after, policyRule(gate, objectives)(validation.pairs(before, after)) ?? inherited);
}

/**
 * Leave-one-out on the net change: whether a part of it is needed. It is if a sample that the run fixed fails
 * without it, or if the loss is higher without it. Fixed samples come first, so that a part that matters shows
 * early. It doesn't affect the result, so it isn't a look at the validation set.
 * @param without Θ at the end without this part
 * @returns null: samples could not be scored
 */
export async function contributes(
  validation: Validation,
  start: Texts,
  end: Texts,
  without: Texts,
  objectives?: Objectives,
): Promise<boolean | null> {
  const gain = ({ before = 0, after = 0 }: Pair) => before - after;
  const byGain = validation
    .pairs(start, end)
    .map((pair, index) => ({ ...pair, index, gain: gain(pair) }))
    .sort((a, b) => b.gain - a.gain || a.index - b.index);
  const fixed = byGain.filter(({ gain }) => gain > 0).map(({ sample }) => sample);
  for (let [from, to] = [0, 1]; from < fixed.length; [from, to] = [to, 2 * to]) {
    const samples = fixed.slice(from, to);
    await validation.ensure(without, samples);
    if (samples.some((sample) => validation.fails(without, sample))) return true;
  }
  const order = byGain.map(({ index }) => index);
  const strict = policyRule({ policy: "strict", alpha: 1 }, objectives);
  const { decision } = await validation.compare(without, end, strict, { order, counts: false });
  return decision === "undecided" ? null : decision === "accepted";
}

/**
 * Finds which of several parts are needed although the result is the same without each of them: two parts can do the same,
 * and then one of them has to stay. Takes one measurement if all can go, else about log₂ n for each part that stays.
 * @param parts each unneeded by itself; of parts that do the same, the last stays
 * @param isNeeded whether the net change needs any of these parts; null: not measured
 * @returns the needed parts; null: not measured
 */
export async function neededTogether<P>(
  parts: readonly P[],
  isNeeded: (left: readonly P[]) => Promise<boolean | null>,
): Promise<P[] | null> {
  const needed: P[] = [];
  let gone: P[] = [];
  for (let rest = [...parts]; rest.length > 0; ) {
    let [low, high] = [gone.length === 0 ? 1 : 0, rest.length];
    if (low === high) break;
    const isSome = await isNeeded([...gone, ...rest]);
    if (isSome === null) return null;
    if (!isSome) break;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      const isHere = await isNeeded([...gone, ...rest.slice(0, middle)]);
      if (isHere === null) return null;
      if (isHere) high = middle;
      else low = middle;
    }
    needed.push(...rest.slice(low, high));
    gone = [...gone, ...rest.slice(0, low)];
    rest = rest.slice(high);
  }
  return needed;
}

/** What leave-one-out measured of the net change. */
export interface Contributions {
  /** Changed element of Θ → whether its part is needed. */
  readonly contributes: ReadonlyMap<string, boolean>;
  /** Changed inputs → input that was added or dropped → whether that change is needed. */
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, boolean>>;
}

/** What a run changed, from the file's Θ to the final one. */
export interface NetChange {
  readonly start: Texts;
  readonly end: Texts;
  /** Verdict on all changes together. */
  readonly net: Verdict;
  /** Verdict of an attempt that was dropped before the gate: nothing is scored. */
  readonly nothing: Verdict;
  readonly measured: Contributions;
  readonly history: History;
}

/**
 * What the user reviews (docs/method.md, "What a proposal is"): for each changed node, the change from the file's
 * text to the final text, with one verdict. A node that ends with the file's text shows its best rejected attempt: what
 * was accepted and taken back later is no proposal.
 */
export function netProposals(
  graph: Graph,
  { start, end, net, nothing, measured: { contributes, edges }, history }: NetChange,
): Proposal[] {
  return allParametersOf(graph).flatMap(({ id: node, value: text }) => {
    const entries = history.of(node);
    const attempts = entries.map(({ attempt }) => attempt.id);
    const base = start[node] ?? text;
    const final = end[node] ?? text;
    if (final !== base) {
      const hypothesis =
        entries.findLast(({ attempt }) => attempt.text === final && !attempt.invalid)?.attempt.hypothesis ?? "";
      const id = proposalId(node, base, final);
      const isNeeded = contributes.get(node);
      const left = isNeeded === undefined ? {} : { contributes: isNeeded };
      const each = edges.get(node);
      const ofEdges = each && { edges: Object.fromEntries(each) };
      return [{ id, node, base, text: final, hypothesis, verdict: net, ...left, ...ofEdges, attempts }];
    }
    const failed = entries.filter(({ verdict }) => verdict?.decision !== "accepted");
    const best = bestOf(failed) ?? screenedOf(failed, nothing);
    if (!best) return [];
    const { attempt, verdict } = best;
    const { id, hypothesis } = attempt;
    return [{ id, node, base: attempt.base, text: attempt.text, hypothesis, verdict, attempts }];
  });
}

interface Reviewed {
  readonly attempt: Entry["attempt"];
  readonly verdict: Verdict;
}

/** The attempt with the largest decrease of the loss, preferably among those that were scored; of equals the last. */
function bestOf(entries: readonly Entry[]): Reviewed | null {
  const gain = ({ verdict }: Reviewed) => (verdict.lossBefore - verdict.lossAfter) * verdict.scored;
  const judged = entries.flatMap(({ attempt, verdict }) => (verdict ? [{ attempt, verdict }] : []));
  const scored = judged.filter(({ verdict }) => verdict.scored > 0);
  return (scored.length > 0 ? scored : judged).reduce<Reviewed | null>(
    (best, entry) => (best === null || gain(entry) >= gain(best) ? entry : best),
    null,
  );
}

/** The last attempt that was dropped before the gate. @param nothing a verdict on no sample */
function screenedOf(entries: readonly Entry[], nothing: Verdict): Reviewed | null {
  const last = entries.findLast(({ screened }) => screened !== null);
  if (!last?.screened) return null;
  return { attempt: last.attempt, verdict: { ...nothing, decision: "screened", reason: last.screened } };
}
