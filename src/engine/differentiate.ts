import type { Sample } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import type { Backward, BackwardPass, Context } from "./backward.ts";
import type { Batches } from "./batches.ts";
import type { Pass } from "./forward.ts";
import type { Services } from "./services.ts";
import { thetaOf } from "./texts.ts";

export interface DifferentiateDeps {
  readonly batches: Batches;
  /** Training samples looked at per iteration. */
  readonly size: number;
  /** τ */
  readonly threshold: number;
  readonly forward: (texts: Texts, sample: Sample) => Pass;
  readonly backward: Backward;
}

interface Looked { pass: Pass; gradients: Promise<BackwardPass> | null }
/** Samples that went right, shown to ϕ beside the failing ones. */
const RIGHT_SHOWN = 2;

/**
 * Steps 1–4 of an iteration, each sample on its own: its backward pass starts the moment its answer is known. A sample
 * with l ≤ τ gives no gradient, nor does one that could not be scored.
 */
export function createDifferentiate({
  batches,
  size,
  threshold,
  forward,
  backward,
}: DifferentiateDeps): Services["differentiate"] {
  return async (texts, iteration) => {
    const theta = thetaOf(texts);
    const looked: (Looked | null)[] = [];
    const limit = Number(process.env.CAP ?? size);
    const enough = Number(process.env.ENOUGH ?? size);
    while (looked.length < limit) {
      const found = looked.filter((one) => one?.gradients).length;
      if (found >= enough) break;
      const wave = batches.next(theta, limit).filter((s) => !looked.some((l) => l?.pass.sample.id === s.id)).slice(0, Math.min(limit - looked.length, enough - found));
      if (wave.length === 0) break;
      looked.push(...(await Promise.all(wave.map(look))));
    }
    async function look(sample: Sample): Promise<Looked | null> {
        const pass = forward(texts, sample);
        const score = await pass.score;
        if (!score) return null;
        const right = score.loss <= threshold;
        batches.record(theta, sample, right);
        return { pass, gradients: right ? null : backward(pass, iteration) };
    }
    const scored = looked.filter((one) => one !== null);
    const failing = scored.flatMap(({ pass, gradients }) => (gradients ? [{ pass, gradients }] : []));
    const right = scored.filter(({ gradients }) => !gradients).slice(0, RIGHT_SHOWN);
    return {
      iteration,
      texts,
      looked: looked.length,
      failing: failing.map(({ pass }) => pass.sample.id),
      contexts: async (parameter) => {
        const all = await Promise.all(failing.map(({ gradients }) => contextOf(gradients, parameter)));
        return all.filter((context) => context !== null).filter(({ gradient }) => gradient !== "");
      },
      right: (parameter) => Promise.all(right.map(({ pass }) => backward.context(pass, parameter))),
    };
  };
}

async function contextOf(gradients: Promise<BackwardPass>, parameter: string): Promise<Context | null> {
  return (await (await gradients).get(parameter)) ?? null;
}
