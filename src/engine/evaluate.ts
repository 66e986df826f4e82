import type { Sample, Split } from "../data/sample.ts";
import { createAsk, RunStopped } from "./ask.ts";
import type { RunEvent } from "./events.ts";
import { createForward } from "./forward.ts";
import { createJudge } from "./judge.ts";
import type { EngineDeps } from "./optimize.ts";
import { EventStream } from "./stream.ts";
import type { Task } from "./task.ts";
import { textsOf } from "./texts.ts";

/** The graph as it is, scored on one set. */
export interface Evaluation {
  readonly split: Split;
  readonly n: number;
  /** Mean of 1 − loss over the samples that could be scored; null where none could. */
  readonly score: number | null;
  /** Answers that did not match the output node's `output`. */
  readonly formatErrors: number;
  /** In the order of the data. `score` is null where a call failed. */
  readonly samples: readonly { readonly id: string; readonly score: number | null; readonly output: string }[];
}

/**
 * Scores the graph's own texts on one set, all samples at once.
 * @throws what ends a run: a refused key, an unknown model, the budget, the signal's reason.
 */
export async function* evaluate(
  task: Task,
  split: Split,
  deps: EngineDeps,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, Evaluation> {
  const stop = new AbortController();
  const cancel = () => stop.abort(signal.reason);
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel);
  const stream = new EventStream();
  try {
    const work = scoreAll(task, split, deps, stop, (event) => stream.push(event));
    return yield* stream.during(work, () => stop.abort(new Error("nobody reads this evaluation any more")));
  } catch (error) {
    throw error instanceof RunStopped ? error.cause : error;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

async function scoreAll(
  { graph, data, loss, models, options }: Task,
  split: Split,
  { model, price }: EngineDeps,
  stop: AbortController,
  emit: (event: RunEvent) => Promise<void>,
): Promise<Evaluation> {
  const ask = createAsk({ model, price, seed: options.seed, stop, emit });
  const judge = createJudge({ graph, choice: models.judge, ask });
  const forward = createForward({ graph, loss, choice: models.forward, judge, ask, emit });
  const texts = textsOf(graph);
  const scoreOne = async (sample: Sample) => {
    const pass = forward(texts, sample, { split });
    const scored = await pass.score;
    const output = scored ? (await pass.value(graph.output)).text : "";
    return { id: sample.id, score: scored && 1 - scored.loss, output, formatError: scored?.formatError ?? false };
  };
  const scored = await Promise.all(data[split].map(scoreOne));
  const known = scored.flatMap(({ score }) => (score === null ? [] : [score]));
  return {
    split,
    n: scored.length,
    score: known.length > 0 ? known.reduce((sum, score) => sum + score, 0) / known.length : null,
    formatErrors: scored.filter(({ formatError }) => formatError).length,
    samples: scored.map(({ id, score, output }) => ({ id, score, output })),
  };
}
