import type { Sample } from "../data/sample.ts";
import type { Texts } from "../graph/graph.ts";
import { methods } from "../methods/registry.ts";
import { BudgetReached } from "../models/errors.ts";
import type { Budget, Model, Usage } from "../models/model.ts";
import { askWithout, forwardWithout, validationWithout } from "./ablation.ts";
import { scoreBaseline } from "./baseline.ts";
import type { Finished, Measured, RunEvent, RunStatus } from "./events.ts";
import { type Forward, forwardOf, PRIORITY, type Scored } from "./forward.ts";
import { createGate, type Gate } from "./gate.ts";
import { History } from "./history.ts";
import { inTurns } from "./in-turns.ts";
import { causeOf, createLlm, endsRun, type Llm } from "./llm.ts";
import { netProposals } from "./net-changes.ts";
import { callsOf } from "./nodes/behaviors.ts";
import { type Runner, streamed } from "./runner.ts";
import { createServices, type Services } from "./services.ts";
import type { Task } from "./task.ts";
import { parametersOf, textsOf, thetaOf } from "./theta.ts";
import type { Validation } from "./validation.ts";
import { meanScore } from "./verdict.ts";

/** Rises when a change can alter results or prompts: a resume across it may cost calls again. */
export const ENGINE_VERSION = "4";

export interface EngineDeps {
  /** The whole wrapper stack. */
  readonly model: Model;
  readonly budget: Budget;
  /** US dollars; null where no price is known. */
  readonly price: (model: string, usage: Usage) => number | null;
}

/**
 * Optimizes one graph: validation and test before, the method's loop, validation and test after, net changes.
 * The engine's one public door: everything a caller may know is in the events; the last one is `finished`, also of a run
 * that was cancelled, failed or reached its budget. Stopping to read the generator cancels the run.
 */
export const optimize: Runner = (task, deps, signal) =>
  streamed(signal, (stop, emit) => new Run(task, deps, stop, emit).toEnd(signal));

/** One run: the method's loop between the scores at its start and at its end. */
class Run {
  readonly #start: Texts;
  #incumbent: Texts;
  readonly #history = new History();
  /** Node → text of it that lowered the loss by itself. */
  readonly #earned = new Map<string, string>();
  /** Changed node → whether its part of the net change is needed. */
  readonly #contributes = new Map<string, boolean>();
  readonly #ask: Llm;
  readonly #forward: Forward;
  readonly #validation: Validation;
  readonly #gate: Gate;
  readonly #services: Services;
  readonly #reservesTest: boolean;

  constructor(
    readonly task: Task,
    readonly deps: EngineDeps,
    readonly stop: AbortController,
    readonly emit: (event: RunEvent) => Promise<void>,
  ) {
    const { graph, data, options } = task;
    this.#start = textsOf(graph);
    this.#incumbent = this.#start;
    const without = new Set(options.without);
    const ask = createLlm({ model: deps.model, price: deps.price, seed: options.seed, stop, emit });
    this.#ask = askWithout(without, graph, ask);
    this.#forward = forwardWithout(without, forwardOf(task, this.#ask, emit));
    const score = (texts: Texts, sample: Sample, occasion = {}) =>
      this.#forward(texts, sample, { split: "validation", priority: PRIORITY.validation, ...occasion }).score;
    this.#validation = validationWithout(
      without,
      { samples: data.validation, options, score },
      (texts, sample, occasion) => score(texts, sample, { occasion }),
    );
    this.#gate = createGate({ validation: this.#validation, options, history: this.#history, emit });
    this.#services = createServices({
      task,
      start: this.#start,
      ask: this.#ask,
      forward: this.#forward,
      validation: this.#validation,
      gate: this.#gate,
      history: this.#history,
      emit,
      accept: ({ texts, accepted }) => {
        this.#incumbent = texts;
        // A part that lowered the loss by itself has shown what it contributes.
        const [only, ...others] = accepted;
        if (only && others.length === 0) this.#earned.set(only.node, only.text);
      },
    });
    this.#reservesTest = reserveTest(task, deps.budget);
  }

  async toEnd(signal: AbortSignal): Promise<Finished> {
    const { task, emit } = this;
    const { graph, data, options } = task;
    await emit({
      type: "started",
      engine: ENGINE_VERSION,
      method: options.method,
      theta: thetaOf(this.#start),
      texts: this.#start,
      parameters: parametersOf(graph).map(({ id }) => id),
      samples: { train: data.train.length, validation: data.validation.length, test: data.test.length },
      iterations: options.iterations,
    });
    if (!this.#reservesTest) await emit({ type: "warning", code: "budget too small", count: data.test.length });
    let [status, error]: [RunStatus, unknown] = ["done", null];
    let test: Measured | null = null;
    const orBudget = (thrown: unknown) => {
      if (!(thrown instanceof BudgetReached)) throw thrown;
      status = "budget";
    };
    try {
      const testBefore = this.#scoreTest(this.#start);
      testBefore.catch(() => {});
      await this.#loop().catch(orBudget);
      const measured = this.#measureNetChange().catch(orBudget);
      const [before, after] = await Promise.all([testBefore, this.#scoreTest(this.#incumbent), measured]);
      if (options.baseline && status === "done") await this.#scoreBaseline();
      test = before && after && { n: data.test.length, before: meanScore(before), after: meanScore(after) };
    } catch (thrown) {
      error = causeOf(thrown);
      status = signal.aborted ? "cancelled" : "failed";
      if (!endsRun(thrown)) this.stop.abort(thrown);
    }
    await this.#ask.settled();
    await this.#judgeWhatIsLeft(status);
    const finished = this.#finished(status, error, test);
    await emit(finished);
    return finished;
  }

  async #scoreBaseline(): Promise<void> {
    const { graph, data } = this.task;
    const splits = ["validation", ...(this.#reservesTest ? (["test"] as const) : [])] as const;
    this.deps.budget.release("test");
    await this.emit(await scoreBaseline(graph, data, splits, this.#forward, PRIORITY.test));
  }

  async #measureNetChange(): Promise<void> {
    await Promise.all([this.#start, this.#incumbent].map((texts) => this.#validation.complete(texts)));
    await this.#leaveOneOut();
  }

  /** Once, on the net change of several nodes. What the budget leaves unmeasured stays so. */
  async #leaveOneOut(): Promise<void> {
    const changed = parametersOf(this.task.graph).filter(({ id }) => this.#incumbent[id] !== this.#start[id]);
    if (changed.length < 2 || this.task.options.gate.policy === "off") return;
    await Promise.all(
      changed.map(async ({ id }) => {
        if (this.#earned.get(id) === this.#incumbent[id]) return this.#contributes.set(id, true);
        const contributes = await this.#gate.contributes(this.#start, this.#incumbent, id).catch((error: unknown) => {
          if (error instanceof BudgetReached) return null;
          throw error;
        });
        if (contributes !== null) this.#contributes.set(id, contributes);
      }),
    );
  }

  async #loop(): Promise<void> {
    const { task, emit } = this;
    const method = methods[task.options.method];
    if (!method) throw new Error(`There is no method named ${task.options.method}.`);
    const loop = method(task, this.#services);
    // The first batch goes first; the start score fills the slots that it leaves idle.
    let next = loop.next();
    const options = { split: "validation", priority: PRIORITY.start } as const;
    // Who needs these scores asks for them again, and is told what went wrong.
    inTurns(task.data.validation, (sample) => this.#forward(this.#start, sample, options).score).catch(() => {});
    for (let step = await next; !step.done; step = await next) {
      await emit(step.value);
      next = loop.next();
    }
  }

  /** null without a test set, or when the budget cannot hold it: never gated on, it fills idle slots. */
  async #scoreTest(texts: Texts): Promise<(Scored | null)[] | null> {
    const { test } = this.task.data;
    if (test.length === 0 || !this.#reservesTest) return null;
    const options = { split: "test", priority: PRIORITY.test } as const;
    const scores = inTurns(test, (sample) => this.#forward(texts, sample, options).score);
    return scores.catch((error: unknown) => {
      if (!(error instanceof BudgetReached)) throw error;
      void this.emit({ type: "warning", code: "test not scored", detail: error.message });
      return null;
    });
  }

  /** Every proposal gets a word: those that the end of the run overtook are undecided. */
  async #judgeWhatIsLeft(status: RunStatus): Promise<void> {
    for (const { attempt } of this.#history.unjudged()) {
      const candidate = { ...this.#incumbent, [attempt.node]: attempt.text };
      const reason = status === "budget" ? "budget reached" : "the run ended first";
      const verdict = this.#validation.verdict(this.#incumbent, candidate, { decision: "undecided", reason });
      this.#history.judge(attempt.id, attempt.node, verdict);
      const { iteration, id } = attempt;
      await this.emit({
        type: "verdict",
        iteration,
        scope: "part",
        proposals: [id],
        theta: thetaOf(candidate),
        verdict,
      });
    }
  }

  #finished(status: RunStatus, error: unknown, test: Measured | null): Finished {
    const net = this.#gate.netVerdict(this.#start, this.#incumbent);
    const measured = net.scored > 0;
    return {
      type: "finished",
      status,
      error: status === "failed" && error instanceof Error ? error.name : null,
      detail: status === "failed" ? (error instanceof Error ? error.message : String(error)) : null,
      theta: thetaOf(this.#incumbent),
      texts: this.#incumbent,
      proposals: netProposals(this.task.graph, this.#start, this.#incumbent, net, this.#contributes, this.#history),
      validation: {
        n: net.scored,
        before: measured ? 1 - net.lossBefore : null,
        after: measured ? 1 - net.lossAfter : null,
      },
      test,
      formatErrors: this.#validation.formatErrors(this.#start, this.#incumbent),
    };
  }
}

/**
 * Sets the calls of both test scorings aside, so that the loop cannot use them up: a run that reaches its budget still
 * has its figures. A budget that could then not even score the validation set and try something goes to the loop alone.
 */
function reserveTest({ graph, data, loss }: Task, budget: Budget): boolean {
  const calls = callsOf(graph.nodes) + (loss.calls ?? 0);
  const cost = 2 * data.test.length * calls;
  const enough = budget.limits.calls === null || budget.limits.calls >= cost + 2 * data.validation.length * calls;
  if (enough && cost > 0) budget.reserve("test", cost);
  return enough;
}
