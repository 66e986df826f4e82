import { resolve } from "node:path";
import type { Split } from "../data/sample.ts";
import { CHAIN_OF_THOUGHT, stepByStep } from "../engine/baseline.ts";
import { evaluate } from "../engine/evaluate.ts";
import { askWithoutRun } from "../run/ask.ts";
import { modelsOf } from "../run/models.ts";
import { placeOf } from "../run/place.ts";
import { RunReducer } from "../run/reduce.ts";
import { callsWords, count, groupedWarnings, money, seconds } from "../run/words.ts";
import type { Cli } from "./cli.ts";
import { EXIT } from "./exit.ts";
import type { Failure } from "./json.ts";
import { loadOrRefuse } from "./load.ts";
import type { OptimizeOptions } from "./optimize.ts";
import { overridesOf, pricesFor } from "./options.ts";
import { createProgress } from "./progress.ts";
import { connect } from "./provider.ts";

export interface EvaluateOptions extends OptimizeOptions {
  readonly split: Split;
}

/** Scores the graph as it is, or a baseline of it, on one set. Keeps replies, but no run. */
export async function evaluateCommand(cli: Cli, path: string, options: EvaluateOptions): Promise<number> {
  const { deps, output, env, signal } = cli;
  const { files, clock } = deps;
  const graphFile = resolve(path);
  const { method, ...others } = options;
  const { subject, root } = await loadOrRefuse(graphFile, files, overridesOf(others), output);
  const isBaseline = method === CHAIN_OF_THOUGHT;
  const task = isBaseline ? { ...subject.task, graph: stepByStep(subject.task.graph) } : subject.task;
  const models = modelsOf(task);
  const price = pricesFor(models, task.options.budget, options);
  const provider = await connect(models, { ...options, env, clock });
  const place = placeOf(root.folder, options.runsDir && resolve(options.runsDir));
  const { concurrency } = options;
  const reducer = new RunReducer();
  const progress = createProgress(output);
  const asked = { ...deps, provider, price, concurrency };
  const { score, n, formatErrors, samples } = await askWithoutRun(task, place, root.folder, asked, async (engine) => {
    const steps = evaluate(task, options.split, engine, signal);
    try {
      for (;;) {
        const step = await steps.next();
        if (step.done) return step.value;
        const event = { ...step.value, at: clock.now() };
        reducer.apply(event);
        progress.show(event, reducer.state);
      }
    } finally {
      progress.stop();
    }
  });
  const { calls, usd, elapsed, warnings } = reducer.state;
  const unscored = samples.filter((sample) => sample.score === null).length;
  if (output.json) {
    const figures = { n, unscored, score, formatErrors, calls: calls.total };
    output.object({ ...evaluationReport(options.split), ...figures, samples, warnings: groupedWarnings(warnings) });
  }
  const what = isBaseline ? `${options.split} score with a step-by-step suffix` : `${options.split} score`;
  output.say(
    `${what} ${score === null ? "?" : score.toFixed(3)} (n = ${n}${unscored > 0 ? `, ${unscored} not scored` : ""})`,
  );
  const parts = [callsWords(calls), money(usd), seconds(elapsed)];
  if (formatErrors > 0) parts.push(count(formatErrors, "format error"));
  output.say(output.colors.dim(parts.join(" · ")));
  for (const warning of groupedWarnings(warnings)) output.warn(warning);
  return EXIT.done;
}

/** What `--json` prints of an evaluation, before anything is known. */
export function evaluationReport(split: string, error: Failure | null = null) {
  return {
    version: 1,
    split,
    error,
    n: 0,
    score: null,
    formatErrors: 0,
    calls: 0,
    unscored: 0,
    samples: [],
    warnings: [],
  };
}
