import type { Sample } from "../../data/sample.ts";
import type { Texts } from "../../graph/graph.ts";
import type { Engine } from "../method.ts";
import { type Candidate, withTexts } from "../propose/candidate.ts";
import type { Task } from "../task.ts";
import { weighsCosts } from "./objectives.ts";
import { BROKE, bothPass, firstDecided, harmRule, noWorseRule, partRule, policyRule, type Rule } from "./rules.ts";
import type { Pair } from "./statistics.ts";
import { MINIMUM_WAVE } from "./validation.ts";

export interface GateResult {
  /** The incumbent from here on. */
  readonly texts: Texts;
  readonly accepted: readonly Candidate[];
  /**
   * Proposals that were rejected together although none did harm: combined with another text they can still show a
   * gain.
   */
  readonly harmless: readonly Candidate[];
}

/**
 * Judges candidates against the incumbent.
 * @param isShorter whether the candidates only leave out what the run had added; `strict` then also accepts an equal loss.
 *   Default: false.
 */
export type JointGate = (
  incumbent: Texts,
  candidates: readonly Candidate[],
  isShorter?: boolean,
) => Promise<GateResult>;

/** Maximum number of broken samples on which the parts of a rejected update are tried alone. */
const BLAMED = 2;

/** Maximum number of right samples to score in search of broken ones. */
const LOOKED = 4;

const VALIDATION = { split: "validation" } as const;

/**
 * The validation gate with its culprit search (docs/method.md, "The gate"): the proposals of an iteration are judged
 * together, and if that fails, without those that do harm.
 */
export function createJointGate({ options }: Pick<Task, "options">, engine: Engine): JointGate {
  const { threshold } = options;
  const { alpha } = options.gate;
  const policy = policyRule(options.gate, options.objectives);
  const isStrict = options.gate.policy === "strict" && !weighsCosts(options.objectives);
  const noWorse = isStrict ? noWorseRule(policy) : policy;
  const doesHarm = harmRule(MINIMUM_WAVE, threshold);
  const isRight = (loss: number | undefined) => loss !== undefined && loss <= threshold;
  const isWrong = (loss: number | undefined) => loss !== undefined && loss > threshold;

  return async (incumbent, candidates, isShorter = false) => {
    const nothing = { texts: incumbent, accepted: [], harmless: [] };
    await screenSuperseded(candidates);
    if (candidates.length === 0) return nothing;
    const level = alpha / candidates.length;
    let rule: Rule = isShorter ? noWorse : policy;
    for (let rest = candidates; ; rule = isShorter ? noWorse : bothPass(partRule(level), policy)) {
      const comparison = await engine.compare(incumbent, withTexts(incumbent, rest), firstDecided(rule, doesHarm));
      const scope = rest === candidates ? "joint" : rest.length > 1 ? "combination" : "part";
      await engine.judge(rest, comparison, scope);
      const { decision } = comparison.verdict;
      if (decision === "accepted") return { texts: comparison.after, accepted: rest, harmless: [] };
      if (decision === "undecided") return nothing;
      const harmless = await withoutCulprits(incumbent, rest);
      if (harmless.length === rest.length) return { ...nothing, harmless };
      if (harmless.length === 0) return nothing;
      rest = harmless;
    }
  };

  /**
   * A rejected update hides a gain only if one of its parts does harm. So this first looks for samples that the
   * parts broke together, tries each part alone on those, and rejects the parts that break one.
   */
  async function withoutCulprits(incumbent: Texts, candidates: readonly Candidate[]): Promise<Candidate[]> {
    const broken = await brokenBy(incumbent, withTexts(incumbent, candidates));
    if (broken.length === 0 || candidates.length === 1) return broken.length === 0 ? [...candidates] : [];
    const harms = await Promise.all(
      candidates.map(async (candidate) => {
        const scores = await engine.score(withTexts(incumbent, [candidate]), broken, VALIDATION);
        return broken.some(({ id }) => isWrong(scores.get(id)?.loss));
      }),
    );
    for (const candidate of candidates.filter((_, index) => harms[index])) {
      const comparison = await engine.compare(incumbent, withTexts(incumbent, [candidate]), () => BROKE);
      await engine.judge([candidate], comparison, "part");
    }
    return candidates.filter((_, index) => !harms[index]);
  }

  /**
   * Some of the samples that are right under the incumbent and wrong under the candidate. Scores only a few: harm
   * shows soon.
   */
  async function brokenBy(incumbent: Texts, candidate: Texts): Promise<Sample[]> {
    for (let looked = 0; ; looked += BLAMED) {
      const pairs = engine.pairs(incumbent, candidate);
      const samples = (wanted: (pair: Pair) => boolean) => pairs.filter(wanted).map(({ sample }) => sample);
      const broken = samples(({ before, after }) => isRight(before) && isWrong(after));
      const open = samples(({ before, after }) => isRight(before) && after === undefined);
      if (broken.length >= BLAMED || open.length === 0 || looked >= LOOKED) return broken.slice(0, BLAMED);
      await engine.score(candidate, open.slice(0, BLAMED), VALIDATION);
    }
  }

  /** Screens proposals that later ones replaced before the gate judged them. */
  async function screenSuperseded(candidates: readonly Candidate[]): Promise<void> {
    const open = engine.history.unjudged().map(({ attempt }) => attempt);
    const superseded = open.filter((attempt) => !candidates.some(({ id }) => id === attempt.id));
    await engine.screen(superseded, "superseded");
  }
}
