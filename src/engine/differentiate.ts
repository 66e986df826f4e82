import type { Sample } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Backward, BackwardPass, GradientContext } from "./backward.ts";
import type { Batches } from "./batches.ts";
import type { Theta } from "./events.ts";
import type { ForwardPass } from "./forward.ts";
import { CONTROLS } from "./rules.ts";
import type { BatchGradients } from "./services.ts";
import { thetaOf } from "./theta.ts";

export interface DifferentiateDeps {
  readonly batches: Batches;
  /** Ids of the parameters. */
  readonly parameters: readonly string[];
  /** Training samples looked at per iteration. */
  readonly size: number;
  /** τ */
  readonly threshold: number;
  /** Off: no backward pass, every failing sample is a context without a gradient (ablation). */
  readonly gradients: boolean;
  readonly forward: (texts: Texts, sample: Sample) => ForwardPass;
  readonly backward: Backward;
}

interface Looked {
  pass: ForwardPass;
  gradients: Promise<BackwardPass> | null;
}
/** Share of failing samples up to which a batch says too little: twice as many are looked at, and so on. */
const FEW = 0.25;
/** A Θ that nothing is known of. */
const NEW: Theta = "";

export interface Differentiate {
  (texts: Texts, iteration: number): Promise<BatchGradients>;
  /** Starts the forward passes that the next iteration will need if these texts are the incumbent then. */
  ahead(texts: Texts): void;
  /** The forward passes that an iteration from new texts begins with. */
  first(texts: Texts, count: number): ForwardPass[];
}

/**
 * Steps 1–4 of an iteration, each sample on its own: its backward pass starts the moment its answer is known. A sample
 * with l ≤ τ gives no gradient, nor does one that could not be scored. What an earlier iteration found out under the
 * same Θ still counts; a batch with few failing samples, or without any gradient, is followed at once by more of the
 * training set (rule R6), one that gained nothing by samples that were right before: what did harm shows it there.
 */
export function createDifferentiate(deps: DifferentiateDeps): Differentiate {
  const { batches, size, parameters, threshold, gradients: wanted, forward, backward } = deps;
  let theta = NEW;
  let gain = 0;
  let known: Looked[] = [];

  return Object.assign(differentiate, {
    ahead: (texts: Texts) => {
      for (const sample of batches.next(thetaOf(texts), size)) void forward(texts, sample).score;
    },
    first: (texts: Texts, count: number) => batches.next(NEW, count).map((sample) => forward(texts, sample)),
  });

  async function differentiate(texts: Texts, iteration: number): Promise<BatchGradients> {
    if (thetaOf(texts) !== theta) known = [];
    theta = thetaOf(texts);
    gain = 0;
    let looked = await lookAt(batches.next(theta, size));
    const broke = gain <= 0 && (await breaksWhatWasRight());
    for (let more = 2 * size; failingShare() <= FEW || !(await hasGradient()); more *= 2) {
      const found = await lookAt(batches.next(theta, more));
      if (found === 0) break;
      looked += found;
    }
    const failing = known.flatMap(({ pass, gradients }) => (gradients ? [{ pass, gradients }] : []));
    const right = known.filter(({ gradients }) => !gradients).slice(0, CONTROLS);
    return {
      iteration,
      texts,
      looked,
      gain,
      broke,
      failing: failing.map(({ pass }) => pass.sample.id),
      few: failingShare() <= FEW,
      rightOnes: right.map(({ pass }) => pass.sample.id),
      contexts: async (parameter) => {
        const all = await Promise.all(failing.map(({ gradients }) => contextOf(gradients, parameter)));
        return all.filter(saysSomething);
      },
      right: (parameter) => Promise.all(right.map(({ pass }) => backward.context(pass, parameter))),
    };

    async function breaksWhatWasRight(): Promise<boolean> {
      const before = gain;
      looked += await lookAt(batches.right(theta, CONTROLS));
      const broke = gain === before - CONTROLS;
      gain = before;
      return broke;
    }

    async function lookAt(samples: readonly Sample[]): Promise<number> {
      const looked = await Promise.all(samples.map((sample) => look(texts, sample, iteration)));
      known.push(...looked.filter((one) => one !== null));
      return samples.length;
    }
  }

  function failingShare(): number {
    return known.filter(({ gradients }) => gradients).length / Math.max(1, known.length);
  }

  async function hasGradient(): Promise<boolean> {
    const failing = known.flatMap(({ gradients }) => gradients ?? []);
    const contexts = failing.flatMap((gradients) => parameters.map((parameter) => contextOf(gradients, parameter)));
    return (await Promise.all(contexts)).some(saysSomething);
  }

  function saysSomething(context: GradientContext | null): context is GradientContext {
    return context !== null && (context.gradient !== "" || !wanted);
  }

  /** What went wrong, without a word on why. */
  async function withoutGradients(pass: ForwardPass): Promise<BackwardPass> {
    return new Map(parameters.map((parameter) => [parameter, backward.context(pass, parameter)]));
  }

  async function look(texts: Texts, sample: Sample, iteration: number): Promise<Looked | null> {
    const pass = forward(texts, sample);
    const score = await pass.score;
    if (!score) {
      batches.lose(thetaOf(texts), sample);
      return null;
    }
    const right = score.loss <= threshold;
    gain += batches.record(thetaOf(texts), sample, right);
    return { pass, gradients: right ? null : wanted ? backward(pass, iteration) : withoutGradients(pass) };
  }
}

async function contextOf(gradients: Promise<BackwardPass>, parameter: string): Promise<GradientContext | null> {
  return (await (await gradients).get(parameter)) ?? null;
}
