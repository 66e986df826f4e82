import type { Sample } from "../../data/sample.ts";
import type { BatchGradients } from "../../engine/backward/batch-gradients.ts";
import { type ForwardPass, PRIORITY, start } from "../../engine/forward/forward.ts";
import { inGateOrder, MINIMUM_WAVE } from "../../engine/gate/validation.ts";
import type { Engine } from "../../engine/method.ts";
import { callsOf } from "../../engine/nodes/behaviors.ts";
import type { Parameter } from "../../engine/parameters.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import { callsOfLosses, type Task } from "../../engine/task.ts";
import { thetaOf } from "../../engine/theta.ts";
import type { Texts } from "../../graph/graph.ts";
import { CONTROLS } from "./batch.ts";
import type { SemanticOptions } from "./options.ts";
import { createProbe, PROBED } from "./probe.ts";
import { createPropose } from "./propose.ts";
import type { GateSchedule } from "./schedule.ts";
import { successiveHalving } from "./successive-halving.ts";

/** Maximum number of requests to ϕ for one text per iteration. */
const TRIES = 3;

/** Maximum number of validation samples to score while ϕ writes: a small budget still has to reach the gate. */
const SCORED_IN_IDLE_SLOTS = 4 * MINIMUM_WAVE;

/** Minimum budget of calls for an early start of what comes next, in multiples of the calls that score the validation set. */
const AMPLE = 8;

/** Maximum share of harmful joint proposals for the next step to start before they are screened. */
const SELDOM = 0.25;

/**
 * The Θ and the pending proposals that new ones build on or replace, whether the gate has accepted anything, and whether the
 * run ends unless it accepts these.
 */
type Ground = Pick<GateSchedule, "incumbent" | "pending" | "hasGained" | "isLastTry">;

/**
 * @param isDue whether the gate sees the result at once, so that a probe on its first samples costs nothing
 * @returns new proposals and the pending ones that none of them replaces; nothing if all would be as judged before
 */
export type Proposals = (
  batch: BatchGradients,
  parameters: readonly Parameter[],
  ground: Ground,
  isDue: boolean,
) => Promise<readonly Candidate[]>;

/**
 * Makes proposals that are worth a look of the gate: ϕ writes drafts, successive halving keeps one draft per
 * parameter, and two screens drop harmful ones, for which ϕ is asked again.
 * @param firstOfTraining the passes with which the next batch under these texts starts
 */
export function createProposals(
  task: Task,
  options: SemanticOptions,
  engine: Engine,
  firstOfTraining: (texts: Texts, priority?: number) => readonly ForwardPass[],
): Proposals {
  const { graph, data } = task;
  const { threshold, gate, budget } = task.options;
  const propose = createPropose({ graph, options, engine });
  /** Number of joint proposals that were screened for harm, and of those with a harmful text. */
  let [joints, harmfulJoints] = [0, 0];
  const callsPerSample = callsOf(graph.nodes) + callsOfLosses(task);
  const isAmple = (budget.calls ?? Infinity) >= AMPLE * data.validation.length * callsPerSample;
  const loss = async (texts: Texts, sample: Sample) =>
    (await engine.forward(texts, sample, { split: "train" }).score)?.loss ?? null;

  return async (batch, parameters, { incumbent, pending, hasGained, isLastTry }, isDue) => {
    const [failing = [], right = []] = [batch.failing, batch.rightOnes].map((ids) =>
      data.train.filter(({ id }) => ids.includes(id)),
    );
    /** Nodes whose new text fixed nothing: ϕ is not asked again about this batch. */
    const withoutGain = new Set<string>();
    const isScreenedByGain = isDue && batch.few;
    const [reference, next] = isScreenedByGain
      ? [batch.texts, firstOfFailing]
      : [engine.start, isDue ? firstOfGate : firstOfBatch];
    const probe = createProbe({
      graph,
      reference,
      forward: (texts) => next(texts).slice(0, PROBED),
      ...(isScreenedByGain && { anyway: failing.length }),
    });
    if (isAmple && gate.policy !== "off") scoreInIdleSlots();
    const kept = await untilKept({ draft: bestDrafts, screen: screened }, parameters, pending);
    // The gate judges next; the batch that follows runs in its idle slots, if one is likely to follow. The first gain comes first.
    if (isDue && hasGained && !isLastTry && kept.length > 0 && isTrusted())
      start(firstOfTraining(withTexts(incumbent, kept), PRIORITY.start));
    return kept;

    /** The best draft for each parameter with a gradient. */
    async function bestDrafts(asked: readonly Parameter[]): Promise<readonly Candidate[]> {
      const open = asked.filter(({ id }) => !withoutGain.has(id));
      const drafts = await propose(batch, open, incumbent);
      const { winners, losers } = await successiveHalving(drafts, batch.texts, failing, loss);
      await engine.screen(losers, "eliminated");
      return winners;
    }

    /** The candidates that are not worth a look of the gate. */
    async function screened(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
      const joint = withTexts(incumbent, candidates);
      // Otherwise only the values that the probe looks at are computed: a degenerate text costs no call of later nodes.
      if (!isScreenedByGain && isTrusted()) start(next(joint));
      const [constant, mends] = await Promise.all([
        probe(joint, candidates),
        isScreenedByGain && mendsTraining(candidates),
      ]);
      await engine.screen(constant, "constant output");
      const left = candidates.filter((one) => !constant.includes(one));
      const fresh = left.filter((one) => !pending.includes(one));
      if (isScreenedByGain && fresh.length > 0 && !(constant.length > 0 ? await mendsTraining(left) : mends)) {
        await engine.screen(fresh, "no gain on training samples");
        for (const { node } of fresh) withoutGain.add(node);
        return [...constant, ...fresh];
      }
      // As long as nothing has done harm, checking right samples is not worth its calls.
      const isChecked = engine.history.hasBroken() && right.length >= CONTROLS;
      const harmful = isChecked ? await harmfulAmong(fresh, breaksTraining) : [];
      await engine.screen(harmful, "breaks training samples");
      joints++;
      if (constant.length + harmful.length > 0) harmfulJoints++;
      return [...constant, ...harmful];
    }

    /** Whether any of the samples that the texts were written for improves with all of them together. */
    async function mendsTraining(candidates: readonly Candidate[]): Promise<boolean> {
      const texts = withTexts(batch.texts, candidates);
      const gains = await Promise.all(
        failing.map(async (sample) => {
          const [before, after] = await Promise.all([loss(batch.texts, sample), loss(texts, sample)]);
          return before === null || after === null || after < before;
        }),
      );
      return gains.some(Boolean);
    }

    async function breaksTraining(candidates: readonly Candidate[]): Promise<boolean> {
      const texts = withTexts(batch.texts, candidates);
      const losses = await Promise.all(right.map((sample) => loss(texts, sample)));
      return losses.every((one) => one !== null && one > threshold);
    }

    // Unless a screen drops a text, all of these passes are needed next anyway.

    function firstOfFailing(texts: Texts): readonly ForwardPass[] {
      return [...failing, ...right].map((sample) => engine.forward(texts, sample, { split: "train" }));
    }

    function firstOfBatch(texts: Texts): readonly ForwardPass[] {
      return firstOfTraining(texts).slice(0, options.batch);
    }

    function firstOfGate(texts: Texts): readonly ForwardPass[] {
      return validationPasses(texts, MINIMUM_WAVE);
    }

    /** Whether proposals of this run have seldom done harm, so that calls for the next step are seldom in vain. */
    function isTrusted(): boolean {
      return isAmple && joints > 0 && harmfulJoints <= SELDOM * joints;
    }

    /** While ϕ writes: the scores that the gate compares with, and those of the report, which come at the end otherwise. */
    function scoreInIdleSlots(): void {
      const isReported = isLastTry || thetaOf(incumbent) === thetaOf(engine.start);
      start(validationPasses(incumbent, isReported ? SCORED_IN_IDLE_SLOTS : MINIMUM_WAVE, PRIORITY.start));
    }

    function validationPasses(texts: Texts, count: number, priority: number = PRIORITY.validation): ForwardPass[] {
      const first = inGateOrder(engine.pairs(incumbent, incumbent), threshold).slice(0, count);
      return first.map(({ sample }) => engine.forward(texts, sample, { split: "validation", priority }));
    }
  };
}

export interface Steps {
  readonly draft: (parameters: readonly Parameter[]) => Promise<readonly Candidate[]>;
  /** Screens the candidates that are not worth a look of the gate, and returns them. */
  readonly screen: (candidates: readonly Candidate[]) => Promise<readonly Candidate[]>;
}

/** Drafts again, up to a few times, for each parameter whose text was dropped. */
export async function untilKept(
  { draft, screen }: Steps,
  parameters: readonly Parameter[],
  pending: readonly Candidate[],
): Promise<readonly Candidate[]> {
  let kept = pending;
  let asked = parameters;
  for (let tries = 0; tries < TRIES && asked.length > 0; tries++) {
    const fresh = await draft(asked);
    const all = [...kept.filter(({ node }) => !fresh.some((one) => one.node === node)), ...fresh];
    const dropped = fresh.length > 0 ? await screen(all) : [];
    kept = all.filter((one) => !dropped.includes(one));
    asked = parameters.filter(({ id }) => dropped.some(({ node }) => node === id));
  }
  return kept.every((one) => pending.includes(one)) ? [] : kept;
}

/**
 * Finds texts that break samples that were right: tries all of them together first, then each alone.
 * @param breaks whether all the samples that were right fail with these texts
 */
export async function harmfulAmong(
  candidates: readonly Candidate[],
  breaks: (candidates: readonly Candidate[]) => Promise<boolean>,
): Promise<readonly Candidate[]> {
  if (candidates.length === 0 || !(await breaks(candidates))) return [];
  const harms = await Promise.all(candidates.map((one) => candidates.length === 1 || breaks([one])));
  return candidates.filter((_, index) => harms[index]);
}
