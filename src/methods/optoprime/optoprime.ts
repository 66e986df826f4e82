import type { Sample } from "../../data/sample.ts";
import type { RunEvent } from "../../engine/events.ts";
import { fill } from "../../engine/forward/prompt.ts";
import type { Engine, Method } from "../../engine/method.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import { parametersOf } from "../../engine/theta.ts";
import type { Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { minibatches } from "../minibatches.ts";
import { StepGate } from "../step-gate.ts";
import optimizerTemplate from "./optimizer.md";
import { type OptoprimeOptions, optoprimeOptions } from "./options.ts";
import { jsonForm, type Suggestions, taggedForm } from "./reply.ts";
import { type Attempt, createTraces, type Trace } from "./trace.ts";

/**
 * OptoPrime (Trace, arXiv 2406.16218): no backward calls. One call to the optimizer's model shows the whole graph as
 * a program, with its values on a few samples and the feedback on its answers. The model suggests new values for any
 * of the texts, or no change. Previous attempts are shown, too.
 */
export const optoprime: Method<OptoprimeOptions> = {
  name: "optoprime",
  describes: translatable("Trace's optimizer: one call sees the trace of the whole graph and suggests new texts."),
  options: optoprimeOptions,
  iterations: ({ iterations }) => iterations,
  run,
};

async function* run(task: Task, options: OptoprimeOptions, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const { graph, data } = task;
  const gate = new StepGate(task, engine, options.revert);
  const batches = minibatches(data.train, options.batch, engine.random);
  const parameters = parametersOf(graph);
  const { traceOf, promptOf } = createTraces(graph);
  const attempts: Attempt[] = [];

  for (let iteration = 1; iteration <= options.iterations && !engine.isStopping; iteration++) {
    const batch = batches.next().value;
    const { texts } = gate;
    const traces = await tracesOf(batch);
    const candidates = traces.length === 0 ? [] : await propose(traces, batch);
    const isTaken = await gate.take(candidates);
    remember({ texts, feedback: traces.map(({ feedback }) => feedback).join("\n") });
    if (candidates.length > 0 && !isTaken) {
      remember({ texts: withTexts(texts, candidates), feedback: "These texts scored no better, and were taken back." });
    }
    yield gate.iteration(iteration, batch, candidates, isTaken);
  }
  return gate.end();

  /** Traces of the failing samples; none if no sample of the batch fails. */
  async function tracesOf(batch: readonly Sample[]): Promise<Trace[]> {
    const passes = batch.map((sample) => engine.forward(gate.texts, sample, { split: "train" }));
    const traces = await Promise.all(passes.map(traceOf));
    const scores = await Promise.all(passes.map(({ score }) => score));
    const fails = scores.some((score) => score !== null && score.loss > task.options.threshold);
    return fails ? traces.filter((trace) => trace !== null) : [];
  }

  async function propose(traces: readonly Trace[], batch: readonly Sample[]): Promise<Candidate[]> {
    const suggestions = await askOptimizer(traces);
    const samples = batch.map(({ id }) => id);
    const candidates = await Promise.all(
      parameters.map(async ({ id }) => {
        const draft = suggestions?.get(id);
        if (suggestions && !draft) return null;
        return engine.candidate(id, gate.texts, draft ? { ...draft, samples, mayRepeat: true } : null);
      }),
    );
    return candidates.filter((one) => one !== null);
  }

  function askOptimizer(traces: readonly Trace[]): Promise<Suggestions | null> {
    const { texts } = gate;
    const user = promptOf(texts, traces, options.memory > 0 ? attempts.slice(-options.memory) : []);
    const callOf = (asked: string) => ({
      parameter: null,
      messages: [
        { role: "system", content: fill(optimizerTemplate, { form: asked }) },
        { role: "user", content: user },
      ] as const,
    });
    if (options.form === "json") {
      const { asked, form } = jsonForm(parameters, texts);
      return engine.ask({ ...callOf(asked), form, unreadable });
    }
    const { asked, form } = taggedForm(parameters, texts);
    return engine.ask({ ...callOf(asked), form, unreadable });
  }

  /** An unreadable reply: no texts, but not a lost call. */
  function unreadable(doubts: readonly string[]): Suggestions {
    return new Map(parameters.map(({ id }) => [id, { text: "", hypothesis: "", doubts }]));
  }

  /** Remembers an attempt, without repeats. */
  function remember(attempt: Attempt): void {
    const isEqual = ({ texts, feedback }: Attempt) =>
      feedback === attempt.feedback && parameters.every(({ id }) => texts[id] === attempt.texts[id]);
    if (!attempts.some(isEqual)) attempts.push(attempt);
  }
}
