import pMap from "p-map";
import type { Sample, Split } from "../data/sample.ts";
import { type CHAIN_OF_THOUGHT, stepByStep } from "./baseline.ts";
import type { Evaluated, Finished, RunEvent } from "./events.ts";
import { causeOf } from "./forward/llm.ts";
import { NodeSums } from "./gate/node-figures.ts";
import { scoreInterval } from "./gate/statistics.ts";
import { DONE, endOf, type RunEnd, type Runner, streamEvents, unchanged } from "./runner.ts";
import { ENGINE_VERSION, type EngineDeps, openSession } from "./session.ts";
import type { Emit } from "./stream.ts";
import type { Task } from "./task.ts";
import { textsOf, thetaOf } from "./theta.ts";

/** The graph as it is, scored on one set. */
export interface Evaluation {
  readonly split: Split;
  readonly n: number;
  /** Mean of 1 − loss over the samples that could be scored; null if none could. */
  readonly score: number | null;
  /** Answers that did not match the output node's `output`. */
  readonly formatErrors: number;
  /** By node, where nodes have targets of their own. */
  readonly nodes?: Evaluated["nodes"];
  /** In the order of the data. `score` is null if a call failed. */
  readonly samples: readonly { readonly id: string; readonly score: number | null }[];
}

/**
 * Scores the graph's own texts on one set, all samples at once.
 * @throws what ends a run: a refused key, an unknown model, the budget, the signal's reason; the first error if no
 *   sample could be scored
 */
export async function* evaluate(
  task: Task,
  split: Split,
  deps: EngineDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, Evaluation> {
  try {
    return yield* streamEvents(signal, (stop, emit) => scoreAll(task, split, deps, stop, emit));
  } catch (error) {
    throw causeOf(error);
  }
}

/** The same as a run that proposes nothing. @param baseline scored instead of the graph's own texts */
export function evaluation(split: Split, baseline?: typeof CHAIN_OF_THOUGHT): Runner {
  return async function* (given, deps, signal) {
    const task = baseline ? { ...given, graph: stepByStep(given.graph) } : given;
    const texts = textsOf(task.graph);
    yield {
      type: "started",
      engine: ENGINE_VERSION,
      method: baseline ?? "evaluate",
      theta: thetaOf(texts),
      texts,
      parameters: [],
      samples: { train: 0, validation: 0, test: 0, [split]: task.data[split].length },
      iterations: 0,
    };
    let end: RunEnd = DONE;
    let evaluated: Finished["evaluated"];
    try {
      const { n, score, formatErrors, samples, nodes } = yield* evaluate(task, split, deps, signal);
      const known = samples.flatMap((sample) => sample.score ?? []);
      evaluated = {
        split,
        n,
        scored: known.length,
        score,
        interval: scoreInterval(known),
        formatErrors,
        ...(nodes && { nodes }),
      };
    } catch (error) {
      end = endOf(error, signal);
    }
    const finished: Finished = {
      type: "finished",
      ...end,
      ...unchanged(texts),
      ...(evaluated && { evaluated }),
    };
    yield finished;
    return finished;
  };
}

async function scoreAll(
  task: Task,
  split: Split,
  deps: EngineDeps,
  stop: AbortController,
  emit: Emit,
): Promise<Evaluation> {
  const { data, options } = task;
  const { start: texts, ask, forward, nothingScored } = openSession(task, deps, stop, emit);
  const scoreOne = async (sample: Sample) => {
    const pass = forward(texts, sample, { split });
    const scored = await pass.score;
    const { formatError = false, nodes } = scored ?? {};
    return { id: sample.id, score: scored && 1 - scored.loss, formatError, nodes };
  };
  try {
    const scored = await pMap(data[split], scoreOne, forward.atOnce);
    const lost = nothingScored();
    if (lost !== null) throw lost;
    const sums = new NodeSums(options.threshold);
    const samples: { readonly id: string; readonly score: number | null }[] = [];
    let [sum, known, formatErrors] = [0, 0, 0];
    for (const one of scored) {
      await ask.yieldNow();
      const { id, score } = one;
      samples.push({ id, score });
      sums.add(one, one);
      if (one.formatError) formatErrors += 1;
      if (score === null) continue;
      sum += score;
      known += 1;
    }
    const { figures: nodes } = sums;
    return {
      split,
      n: scored.length,
      score: known > 0 ? sum / known : null,
      formatErrors,
      ...(nodes && { nodes }),
      samples,
    };
  } finally {
    // Every reply that was paid for has arrived and is on record.
    await ask.settled();
  }
}
