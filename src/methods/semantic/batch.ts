import type { Sample } from "../../data/sample.ts";
import type { BackwardPass, BatchGradients, GradientContext } from "../../engine/backward/batch-gradients.ts";
import type { Theta } from "../../engine/events.ts";
import { type ForwardPass, PRIORITY, start } from "../../engine/forward/forward.ts";
import type { BackwardStyle, Engine } from "../../engine/method.ts";
import { thetaOf } from "../../engine/theta.ts";
import type { Texts } from "../../graph/graph.ts";
import { isGrown } from "../../graph/text/sentences.ts";
import type { Seen } from "./parsimony.ts";

/** Number of right samples in a batch, which show whether a text does harm: random errors rarely affect all of them. */
export const CONTROLS = 2;

/**
 * The training samples of an iteration: those that failed before come first, then those that were never run, in a
 * seeded order (docs/method.md, "The batch"). Results that are known under the current Θ are not computed again, so
 * an iteration without a proposal is followed by one with more samples.
 */
export class Batches {
  readonly #samples: readonly Sample[];
  readonly #last = new Map<string, { readonly theta: Theta; readonly texts: Texts; readonly right: boolean }>();
  #brokenByGrowth = 0;
  #hasBroken = false;
  /** Sample → the Θ under which it could not be scored. */
  readonly #lost = new Map<string, Theta>();

  /** @param samples the training set, already in the run's seeded order. */
  constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  /**
   * Samples that may fail, and a few that were right, which show harm. If none may fail, samples that were right.
   * @param isSteady whether these are likely to be right still: then only a few of them, once under each Θ. Default: false.
   */
  next(theta: Theta, size: number, isSteady = false): Sample[] {
    const open = this.open(theta, size);
    if (open.length > 0) return [...open, ...this.right(theta, Math.min(CONTROLS, size - open.length))];
    if (!isSteady) return this.right(theta, size);
    return this.#isKnown(theta) ? [] : this.right(theta, CONTROLS);
  }

  /** Samples that failed under another Θ when they were last run, then samples that were never run. */
  open(theta: Theta, size: number): Sample[] {
    const isOpen = ({ id }: Sample) => this.#last.get(id)?.theta !== theta && this.#lost.get(id) !== theta;
    const failed = this.#samples.filter((one) => isOpen(one) && this.#last.get(one.id)?.right === false);
    return [...failed, ...this.#samples.filter((one) => isOpen(one) && !this.#last.has(one.id))].slice(0, size);
  }

  /** Samples that were right under another Θ when they were last run. */
  right(theta: Theta, count = this.#samples.length): Sample[] {
    const isRight = ({ id }: Sample) => this.#last.get(id)?.right && this.#last.get(id)?.theta !== theta;
    return this.#samples.filter((one) => isRight(one) && this.#lost.get(one.id) !== theta).slice(0, count);
  }

  /** Whether a sample that was right has failed under a later Θ. */
  get hasBroken(): boolean {
    return this.#hasBroken;
  }

  /** Number of times that a sample failed under texts that were only longer than before. */
  get brokenByGrowth(): number {
    return this.#brokenByGrowth;
  }

  /** Samples that were run: up to half of `count` wrong, the rest right. @param count maximum */
  seen(count: number): Sample[] {
    const of = (right: boolean) => this.#samples.filter(({ id }) => this.#last.get(id)?.right === right);
    const [right, wrong] = [of(true), of(false)];
    const least = Math.min(right.length, count / 2);
    return [...right.slice(0, count - Math.min(wrong.length, count - least)), ...wrong.slice(0, count - least)];
  }

  /** Notes that the sample could not be scored: it is not run again under this Θ. */
  lose(theta: Theta, sample: Sample): void {
    this.#lost.set(sample.id, theta);
  }

  /** @returns 1 if the sample failed under the Θ of its last run and is right now, −1 for the reverse, else 0 */
  record(texts: Texts, sample: Sample, right: boolean): number {
    const theta = thetaOf(texts);
    const last = this.#last.get(sample.id);
    this.#last.set(sample.id, { theta, texts, right });
    if (last === undefined || last.theta === theta) return 0;
    if (last.right && !right) {
      this.#hasBroken = true;
      if (isOnlyLonger(last.texts, texts)) this.#brokenByGrowth++;
    }
    return Number(right) - Number(last.right);
  }

  #isKnown(theta: Theta): boolean {
    return [...this.#last.values()].some((last) => last.theta === theta);
  }
}

export interface BatchDeps {
  readonly batches: Batches;
  /** Ids of the parameters. */
  readonly parameters: readonly string[];
  /** Training samples per iteration. */
  readonly size: number;
  /** τ */
  readonly threshold: number;
  /** With `none` every failing sample is a context without a gradient (ablation). */
  readonly style: BackwardStyle;
  /** Whether the validation set gives no reason to doubt that samples that were right under an earlier Θ still are. */
  readonly isSteady: (texts: Texts) => boolean;
  /** @param priority default: that of training samples */
  readonly forward: (texts: Texts, sample: Sample, priority?: number) => ForwardPass;
  readonly backward: Engine["backward"];
  /** Number of texts that were tried for a sample. Default: 0. */
  readonly triesFor?: (sample: string) => number;
}

interface Looked {
  readonly pass: ForwardPass;
  /** null: right. */
  readonly gradients: Promise<BackwardPass> | null;
}

/** Maximum share of failing samples for which a batch is too small: it then grows to twice the size, repeatedly. */
export const FEW = 0.25;
/** Size of a batch that follows one with few failing samples, in multiples: it would grow to this anyway. */
const AFTER_FEW = 3;
/** A Θ without any results. */
const NEW: Theta = "";
const WITHOUT_GRADIENTS: BackwardStyle = { per: "none" };

/** Number of samples that represent those seen so far. */
const STAND_FOR = 16;

export interface RunBatch extends Seen {
  (texts: Texts): Promise<BatchGradients>;
  /**
   * Runs only the first samples, to tell whether waiting texts are worth a look of the gate. The batch continues
   * from there.
   * @param isAhead whether the samples by which a batch grows start at once, before the gate has judged these texts
   */
  glance(texts: Texts, isAhead: boolean): Promise<Pick<BatchGradients, "gain" | "few">>;
  /**
   * The forward passes that an iteration from new texts starts with.
   * @param priority default: that of training samples
   */
  first(texts: Texts, priority?: number): ForwardPass[];
}

/**
 * The batch of an iteration, each sample on its own: its backward pass starts the moment its answer is known. A sample
 * with l ≤ τ gives no gradient, nor does one that could not be scored. What an earlier iteration found out under the
 * same Θ still counts. A batch with few failing samples, or without any gradient, is followed at once by more of the
 * training set, one that gained nothing by samples that were right before: harm shows there.
 *
 * Resolves as soon as it is known which samples fail and that one of them has a gradient; the other gradients may still
 * be on the way, so that ϕ starts for each parameter when its own are there.
 */
export function createBatch(deps: BatchDeps): RunBatch {
  const { batches, size, parameters, threshold, style, forward, backward, triesFor = () => 0 } = deps;
  let theta = NEW;
  let gain = 0;
  let looked = 0;
  let broke = false;
  let glancedAt: Theta | null = null;
  let known: Looked[] = [];
  let wasFew = false;

  return Object.assign(runBatch, {
    glance: async (texts: Texts, isAhead: boolean) => {
      await begin(texts);
      glancedAt = theta;
      const few = failsFew();
      // The gate judges first; the batch grows in its idle slots.
      if (few && isAhead) start(batches.open(theta, 2 * size).map((sample) => forward(texts, sample, PRIORITY.start)));
      return { gain, few };
    },
    first: (texts: Texts, priority?: number) =>
      batches.next(NEW, nextSize(), isSteady(texts)).map((sample) => forward(texts, sample, priority)),
    seen: () => batches.seen(STAND_FOR),
    brokenByGrowth: () => batches.brokenByGrowth,
  });

  async function runBatch(texts: Texts): Promise<BatchGradients> {
    if (thetaOf(texts) !== glancedAt) await begin(texts);
    glancedAt = null;
    for (let more = 2 * size; failsFew() || !(await hasGradient()); more *= 2) {
      // Samples that were right are run again only if no other sample is informative.
      const further = (await hasGradient()) ? batches.open(theta, more) : batches.next(theta, more, isSteady(texts));
      if (further.length === 0) break;
      looked += await addToBatch(texts, further);
    }
    const failing = known.flatMap(({ pass, gradients }) => (gradients ? [{ pass, gradients }] : []));
    const right = known.filter(({ gradients }) => !gradients).slice(0, CONTROLS);
    wasFew = failsFew();
    return {
      texts,
      looked,
      gain,
      broke,
      failing: failing.map(({ pass }) => pass.sample.id),
      few: wasFew,
      rightOnes: right.map(({ pass }) => pass.sample.id),
      contexts: async (parameter) => {
        const all = await Promise.all(failing.map(({ gradients }) => contextOf(gradients, parameter)));
        return all.filter(isUseful);
      },
      right: async (parameter) => {
        const passes = right.map(({ pass }) => backward(pass, WITHOUT_GRADIENTS));
        const all = await Promise.all(passes.map((gradients) => contextOf(gradients, parameter)));
        return all.filter((context) => context !== null);
      },
    };
  }

  async function begin(texts: Texts): Promise<void> {
    const isKnown = thetaOf(texts) === theta;
    if (!isKnown) known = [];
    theta = thetaOf(texts);
    gain = 0;
    looked = await addToBatch(texts, batches.next(theta, nextSize(), isSteady(texts)));
    const isChecked = gain <= 0 && !(isKnown && isSteady(texts));
    broke = isChecked && (await breaksWhatWasRight(texts));
  }

  function isSteady(texts: Texts): boolean {
    return !batches.hasBroken && deps.isSteady(texts);
  }

  function nextSize(): number {
    return wasFew ? AFTER_FEW * size : size;
  }

  async function breaksWhatWasRight(texts: Texts): Promise<boolean> {
    const before = gain;
    looked += await addToBatch(texts, batches.right(theta, CONTROLS));
    const isBroken = gain === before - CONTROLS;
    gain = before;
    return isBroken;
  }

  async function addToBatch(texts: Texts, samples: readonly Sample[]): Promise<number> {
    const looked = await Promise.all(samples.map((sample) => look(texts, sample)));
    known.push(...looked.filter((one) => one !== null));
    return samples.length;
  }

  async function look(texts: Texts, sample: Sample): Promise<Looked | null> {
    const pass = forward(texts, sample);
    const score = await pass.score;
    if (!score) {
      batches.lose(thetaOf(texts), sample);
      return null;
    }
    const right = score.loss <= threshold;
    gain += batches.record(texts, sample, right);
    return { pass, gradients: right ? null : backward(pass, { ...style, tries: triesFor(sample.id) }) };
  }

  function failsFew(): boolean {
    const all = known.length + batches.right(theta).length;
    return known.filter(({ gradients }) => gradients).length / Math.max(1, all) <= FEW;
  }

  /** Resolves with the first gradient, without waiting for the others. */
  async function hasGradient(): Promise<boolean> {
    const failing = known.flatMap(({ gradients }) => gradients ?? []);
    const contexts = failing.flatMap((gradients) => parameters.map((parameter) => contextOf(gradients, parameter)));
    return firstTrue(contexts.map(async (context) => isUseful(await context)));
  }

  function isUseful(context: GradientContext | null): context is GradientContext {
    return context !== null && (context.gradient !== "" || style.per === "none");
  }
}

function isOnlyLonger(before: Texts, after: Texts): boolean {
  return Object.entries(before).every(([id, text]) => isGrown(text, after[id] ?? ""));
}

async function contextOf(gradients: Promise<BackwardPass>, parameter: string): Promise<GradientContext | null> {
  return (await (await gradients).get(parameter)) ?? null;
}

/** Resolves as soon as any condition is true. Rejects if one rejects before that. */
function firstTrue(conditions: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve, reject) => {
    for (const condition of conditions) condition.then((holds) => holds && resolve(true), reject);
    Promise.all(conditions).then(() => resolve(false), reject);
  });
}
