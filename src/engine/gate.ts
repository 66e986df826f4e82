import type { Sample } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Judged, RunEvent, Verdict } from "./events.ts";
import type { History } from "./history.ts";
import type { Candidate } from "./propose.ts";
import {
  BROKE,
  both,
  either,
  type GateDecision,
  harmRule,
  LOWER,
  NO_GATE,
  partRule,
  policyRule,
  REPLACED,
  type Rule,
  UNCHANGED,
  UNDECIDED,
} from "./rules.ts";
import type { OptimizeOptions } from "./task.ts";
import { thetaOf } from "./theta.ts";
import { MINIMUM_WAVE, type Validation } from "./validation.ts";
import type { Pair } from "./verdict.ts";

export interface GateDeps {
  readonly validation: Validation;
  readonly options: Pick<OptimizeOptions, "gate" | "threshold">;
  readonly history: History;
  readonly emit: (event: RunEvent) => Promise<void>;
}

type Judgeable = Pick<Candidate, "id" | "node" | "text">;

export interface GateResult {
  /** The incumbent from here on. */
  readonly texts: Texts;
  readonly accepted: readonly Candidate[];
  /** Rejected together, and none did harm: what they lack to show a gain may stand in another text. */
  readonly harmless: readonly Candidate[];
}

export interface Gate {
  /** Puts on record that candidates were turned down before they were scored. */
  turnDown(iteration: number, incumbent: Texts, candidates: readonly Judgeable[], why: GateDecision): Promise<void>;
  /** Puts an iteration's proposals before the validation set: jointly first, without what does harm when that fails. */
  judge(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<GateResult>;
  /** The verdict on the net change, without any call; as much of it is measured as the end of the run allowed. */
  netVerdict(before: Texts, after: Texts): Verdict;
  /**
   * Leave-one-out on the net change: whether a changed node's part of it is needed: a sample that the run fixed fails
   * without it, or else the loss is higher without it. The samples fixed come first, so a part that matters shows it at
   * once. null: samples could not be scored.
   */
  contributes(start: Texts, end: Texts, node: string): Promise<boolean | null>;
}

/** Broken samples on which the parts of a rejected update are tried alone. */
const BLAMED = 2;

/** Right samples that are looked at in search of such. */
const LOOKED = 4;

/** The validation gate (method.md §2.6 and "Gate policies"). */
export function createGate({ validation, options, history, emit }: GateDeps): Gate {
  const { threshold } = options;
  const { policy, alpha } = options.gate;
  const policyDecides = policyRule(options.gate);
  const doesHarm = harmRule(MINIMUM_WAVE, threshold);

  return { turnDown, judge, netVerdict, contributes };

  async function judge(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<GateResult> {
    const nothing = { texts: incumbent, accepted: [], harmless: [] };
    await setAside(iteration, incumbent, candidates);
    if (candidates.length === 0) return nothing;
    const level = alpha / candidates.length;
    let rule: Rule = policyDecides;
    for (let rest = candidates; ; rule = both(partRule(level), policyDecides)) {
      const texts = withTexts(incumbent, rest);
      const verdict = await validation.compare(incumbent, texts, either(rule, doesHarm));
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
        await validation.ensure(texts, broken);
        return broken.some((sample) => validation.fails(texts, sample));
      }),
    );
    const culprits = candidates.filter((_, index) => harms[index]);
    for (const candidate of culprits) {
      const texts = withTexts(incumbent, [candidate]);
      await record(iteration, "part", [candidate], texts, validation.verdict(incumbent, texts, BROKE));
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
      const pairs = validation.pairs(incumbent, candidate);
      const samples = (wanted: (pair: Pair) => boolean) => pairs.filter(wanted).map(({ sample }) => sample);
      const broken = samples(({ before, after }) => right(before) && after !== undefined && !right(after));
      const open = samples(({ before, after }) => right(before) && after === undefined);
      if (broken.length >= BLAMED || open.length === 0 || looked >= LOOKED) return broken.slice(0, BLAMED);
      await validation.ensure(candidate, open.slice(0, BLAMED));
    }
  }

  async function record(
    iteration: number,
    scope: Judged["scope"],
    judged: readonly Judgeable[],
    texts: Texts,
    verdict: Verdict,
  ): Promise<void> {
    for (const { id, node } of judged) history.judge(id, node, verdict);
    const proposals = judged.map(({ id }) => id);
    await emit({ type: "verdict", iteration, scope, proposals, theta: thetaOf(texts), verdict });
  }

  /** Proposals that later ones took the place of before the gate looked. */
  async function setAside(iteration: number, incumbent: Texts, candidates: readonly Candidate[]): Promise<void> {
    const open = history.unjudged().map(({ attempt }) => attempt);
    const replaced = open.filter((attempt) => !candidates.some(({ id }) => id === attempt.id));
    await turnDown(iteration, incumbent, replaced, REPLACED);
  }

  async function turnDown(
    iteration: number,
    incumbent: Texts,
    candidates: readonly Judgeable[],
    why: GateDecision,
  ): Promise<void> {
    for (const candidate of candidates) {
      const texts = withTexts(incumbent, [candidate]);
      await record(iteration, "part", [candidate], texts, validation.verdict(incumbent, texts, why));
    }
  }

  function netVerdict(before: Texts, after: Texts): Verdict {
    if (thetaOf(before) === thetaOf(after)) return validation.verdict(before, after, UNCHANGED);
    if (policy === "off") return validation.verdict(before, after, NO_GATE);
    // Each step was strictly lower on the whole set by exact bounds, so their sum is, even where figures are missing.
    const inherited = policy === "strict" ? LOWER : UNDECIDED;
    return validation.verdict(before, after, policyDecides(validation.pairs(before, after)) ?? inherited);
  }

  async function contributes(start: Texts, end: Texts, node: string): Promise<boolean | null> {
    const without = { ...end, [node]: start[node] ?? "" };
    const gain = ({ before = 0, after = 0 }: Pair) => before - after;
    const order = validation
      .pairs(start, end)
      .map((pair, index) => ({ ...pair, index, gain: gain(pair) }))
      .sort((a, b) => b.gain - a.gain || a.index - b.index);
    const fixed = order.filter(({ gain }) => gain > 0).map(({ sample }) => sample);
    for (let [from, to] = [0, 1]; from < fixed.length; [from, to] = [to, 2 * to]) {
      const samples = fixed.slice(from, to);
      await validation.ensure(without, samples);
      if (samples.some((sample) => validation.fails(without, sample))) return true;
    }
    const indices = order.map(({ index }) => index);
    const { decision } = await validation.compare(without, end, policyRule({ policy: "strict", alpha }), indices);
    return decision === "undecided" ? null : decision === "accepted";
  }
}

export function withTexts(texts: Texts, candidates: readonly Pick<Candidate, "node" | "text">[]): Texts {
  return { ...texts, ...Object.fromEntries(candidates.map(({ node, text }) => [node, text])) };
}
