import pMap from "p-map";
import { edgeChanges, openInputs, withoutEdgeChange } from "../graph/edges.ts";
import type { Texts } from "../graph/graph.ts";
import { BudgetReached } from "../models/errors.ts";
import type { Budget } from "../models/model.ts";
import { scoreBaseline } from "./baseline.ts";
import { createEngine, type RunEngine, runMethod } from "./engine.ts";
import type { Finished, FrontPoint, Measured, RunStatus, Verdict } from "./events.ts";
import { PRIORITY, type Scored } from "./forward/forward.ts";
import { causeOf, endsRun } from "./forward/llm.ts";
import { contributes, neededTogether, netProposals, netVerdict } from "./gate/net-changes.ts";
import { nodeFigures } from "./gate/node-figures.ts";
import { paretoFront } from "./gate/objectives.ts";
import { UNCHANGED, UNDECIDED } from "./gate/rules.ts";
import { meanScore } from "./gate/statistics.ts";
import { createValidation, type Validation } from "./gate/validation.ts";
import type { Method, Methods } from "./method.ts";
import { callsOf } from "./nodes/behaviors.ts";
import { allParametersOf } from "./parameters.ts";
import { History } from "./propose/history.ts";
import { failureOf, type Runner, streamEvents } from "./runner.ts";
import { ENGINE_VERSION, type EngineDeps, openSession, type Session } from "./session.ts";
import type { Emit } from "./stream.ts";
import { callsOfLosses, type Task } from "./task.ts";
import { thetaOf } from "./theta.ts";

/**
 * Optimizes one graph: scores validation and test set, runs the method's loop, scores both sets again and reports
 * net changes. The engine's only public entry point: all its results are events, and the last one is `finished`,
 * even if the run was cancelled, failed or reached its budget. A consumer that stops reading cancels the run.
 * @param methods `optimize.method` names one of them
 */
export function optimize(methods: Methods): Runner {
  return (task, deps, signal) => {
    const method = methods[task.options.method];
    return streamEvents(signal, (stop, emit) => new Run(method, taskFor(method, task), deps, stop, emit).toEnd(signal));
  };
}

/** Without the inputs in Θ, for a method that changes only texts. */
function taskFor(method: Method | undefined, task: Task): Task {
  return method?.tunesEdges ? task : { ...task, graph: openInputs(task.graph, () => false) };
}

/** One run: the method's loop between the first and the last scoring. */
class Run {
  readonly #start: Texts;
  /** The Θ that the method returned, or the engine's incumbent if the run ended earlier. */
  #result: Texts;
  readonly #history: History;
  readonly #contributions = { contributes: new Map<string, boolean>(), edges: new Map<string, Map<string, boolean>>() };
  readonly #session: Session;
  readonly #validation: Validation;
  readonly #engine: RunEngine;
  readonly #reservesTest: boolean;

  constructor(
    readonly method: Method | undefined,
    readonly task: Task,
    readonly deps: EngineDeps,
    readonly stop: AbortController,
    readonly emit: Emit,
  ) {
    const { data, options } = task;
    const session = openSession(task, deps, stop, emit);
    this.#history = new History(task.earlier);
    this.#session = session;
    this.#start = session.start;
    this.#result = session.start;
    this.#validation = createValidation({
      samples: data.validation,
      owed: session.start,
      options,
      score: (texts, sample, priority = PRIORITY.validation) =>
        session.forward(texts, sample, { split: "validation", priority }).score,
      atOnce: session.forward.atOnce,
    });
    this.#engine = createEngine({
      task,
      session,
      validation: this.#validation,
      history: this.#history,
      control: deps.control,
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
      parameters: allParametersOf(graph).map(({ id }) => id),
      samples: { train: data.train.length, validation: data.validation.length, test: data.test.length },
      iterations: this.#iterations(),
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
      await this.#loop().catch((thrown: unknown) => {
        this.#result = this.#engine.incumbent;
        orBudget(thrown);
      });
      const measured = this.#measureNetChange().catch(orBudget);
      const [before, after] = await Promise.all([testBefore, this.#scoreTest(this.#result), measured]);
      if (options.baseline && status === "done") await this.#scoreBaseline();
      test = before && after && measuredOn(before, after, options.threshold);
      if (status === "done") {
        // What was begun and not needed ends too: which of its requests are sent must not depend on how fast replies are.
        await this.#session.begun.settled();
        error = this.#session.nothingScored();
        if (error !== null) status = "failed";
      }
    } catch (thrown) {
      error = causeOf(thrown);
      status = signal.aborted ? "cancelled" : "failed";
      if (!endsRun(thrown)) this.stop.abort(thrown);
    }
    await this.#session.ask.settled();
    await this.#judgeWhatIsLeft(status);
    const finished = this.#finished(status, error, test);
    await emit(finished);
    return finished;
  }

  async #scoreBaseline(): Promise<void> {
    const { graph, data } = this.task;
    const splits = ["validation", ...(this.#reservesTest ? (["test"] as const) : [])] as const;
    this.deps.budget.release("test");
    await this.emit(await scoreBaseline(graph, data, splits, this.#session.forward, PRIORITY.test));
  }

  async #measureNetChange(): Promise<void> {
    await Promise.all([this.#start, this.#result].map((texts) => this.#validation.complete(texts)));
    if (this.task.options.objectives === "pareto") {
      await Promise.all(this.#engine.accepted.map((texts) => this.#validation.complete(texts)));
    }
    await this.#leaveOneOut();
  }

  /** The Pareto front of the Θs with the most scored samples, from which the user chooses. */
  #front(): FrontPoint[] {
    const byTheta = new Map([this.#start, ...this.#engine.accepted, this.#result].map((one) => [thetaOf(one), one]));
    const points = [...byTheta].map(([theta, texts]): FrontPoint => {
      const {
        scored: n,
        lossAfter,
        tokensAfter,
        millisecondsAfter,
        usdAfter,
      } = this.#validation.verdict(texts, texts, UNCHANGED);
      const costs = { tokens: tokensAfter, milliseconds: millisecondsAfter ?? null, usd: usdAfter ?? null };
      return { theta, texts, n, score: 1 - lossAfter, ...costs, isResult: theta === thetaOf(this.#result) };
    });
    const most = Math.max(...points.map(({ n }) => n));
    return most === 0 ? [] : paretoFront(points.filter(({ n }) => n === most));
  }

  /** Runs once, on the net change of several nodes. What the budget doesn't cover stays unmeasured. */
  async #leaveOneOut(): Promise<void> {
    const changed = allParametersOf(this.task.graph).filter(({ id }) => this.#result[id] !== this.#start[id]);
    if (this.task.options.gate.policy === "off") return;
    if (changed.length > 1) {
      await Promise.all(
        changed.map(async ({ id }) => {
          // A part that lowered the loss by itself is needed.
          const isProven = this.#engine.acceptedAlone.get(id) === this.#result[id];
          const isNeeded = isProven || (await this.#isNeeded({ [id]: this.#start[id] ?? "" }));
          if (isNeeded !== null) this.#contributions.contributes.set(id, isNeeded);
        }),
      );
      await this.#leaveOutTogether(changed.map(({ id }) => id));
    }
    await Promise.all(changed.filter(({ kind }) => kind === "inputs").map(({ id }) => this.#leaveOutEdges(id)));
  }

  /** Parts that are each unneeded are left out together, since one may do what another does. */
  async #leaveOutTogether(changed: readonly string[]): Promise<void> {
    const { contributes: found } = this.#contributions;
    const unneeded = changed.filter((id) => found.get(id) === false);
    const needed = await neededTogether(unneeded, (ids) =>
      this.#isNeeded(Object.fromEntries(ids.map((id) => [id, this.#start[id] ?? ""]))),
    );
    for (const id of needed ?? []) found.set(id, true);
    if (needed === null) for (const id of unneeded) found.delete(id);
  }

  /** The same for each edge, if several edges of a node changed. */
  async #leaveOutEdges(id: string): Promise<void> {
    const [base, text] = [this.#start[id] ?? "", this.#result[id] ?? ""];
    const { added, dropped } = edgeChanges(base, text);
    if (added.length + dropped.length < 2) return;
    const edges = new Map<string, boolean>();
    this.#contributions.edges.set(id, edges);
    await Promise.all(
      [...added, ...dropped].map(async (name) => {
        const isNeeded = await this.#isNeeded({ [id]: withoutEdgeChange(base, text, name) });
        if (isNeeded !== null) edges.set(name, isNeeded);
      }),
    );
  }

  /** Whether the net change needs some elements of Θ: they are replaced with `texts`. null: not measured. */
  #isNeeded(texts: Texts): Promise<boolean | null> {
    const without = { ...this.#result, ...texts };
    const { objectives } = this.task.options;
    return contributes(this.#validation, this.#start, this.#result, without, objectives).catch((error: unknown) => {
      if (error instanceof BudgetReached) return null;
      throw error;
    });
  }

  #iterations(): number {
    const { method, task } = this;
    const parsed = method?.options.safeParse(task.options.methodOptions);
    return parsed?.success && method ? method.iterations(parsed.data, this.task) : 0;
  }

  async #loop(): Promise<void> {
    const { method, task, emit } = this;
    if (!method) throw new Error(`There is no method named ${task.options.method}.`);
    const loop = runMethod(method, task, this.#engine);
    // The first batch has priority; the start score fills idle slots.
    let next = loop.next();
    const options = { split: "validation", priority: PRIORITY.start } as const;
    const scoreStart = pMap(
      method.scoresLazily ? [] : task.data.validation,
      (sample) => this.#session.forward(this.#start, sample, options).score,
      this.#session.forward.atOnce,
    );
    // A later request for these scores throws the error.
    scoreStart.catch(() => {});
    let step = await next;
    for (; !step.done; step = await next) {
      if (step.value.type === "iteration") this.#engine.advance(step.value);
      await emit(step.value);
      next = loop.next();
    }
    this.#result = step.value;
    await this.#reportDecisions();
  }

  /** Reports the user's decisions during the run, which are part of its result. */
  async #reportDecisions(): Promise<void> {
    const { control } = this.deps;
    if (control?.isStopping && control.stopAfter !== null) {
      const of = this.#iterations();
      await this.emit({ type: "warning", code: "stopped early", count: control.stopAfter, of });
    }
    for (const node of control?.pinned ?? []) await this.emit({ type: "warning", code: "node pinned", node });
  }

  /** null without a test set, or if the budget can't cover it. It never decides anything, so it fills idle slots. */
  async #scoreTest(texts: Texts): Promise<(Scored | null)[] | null> {
    const { test } = this.task.data;
    if (test.length === 0 || !this.#reservesTest) return null;
    const options = { split: "test", priority: PRIORITY.test } as const;
    const scores = pMap(
      test,
      (sample) => this.#session.forward(texts, sample, options).score,
      this.#session.forward.atOnce,
    );
    return scores.catch((error: unknown) => {
      if (!(error instanceof BudgetReached)) throw error;
      void this.emit({ type: "warning", code: "test not scored", detail: error.message });
      return null;
    });
  }

  /**
   * Gives every proposal a verdict: those that the gate could not judge before the end are undecided. If the method
   * judges none of its proposals, those in the result share the verdict on the net change.
   */
  async #judgeWhatIsLeft(status: RunStatus): Promise<void> {
    for (const { attempt } of this.#history.unjudged()) {
      if (status === "done" && this.#result[attempt.node] !== attempt.text) {
        await this.#engine.screen([attempt], "superseded");
        continue;
      }
      const candidate = { ...this.#result, [attempt.node]: attempt.text };
      const reason = status === "budget" ? "budget reached" : "the run ended first";
      const verdict =
        status === "done"
          ? this.#netVerdict()
          : this.#validation.verdict(this.#result, candidate, { decision: "undecided", reason });
      this.#history.judge(attempt.id, attempt.node, verdict, true);
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

  #netVerdict(): Verdict {
    const isGated = this.#engine.isGated && thetaOf(this.#result) === thetaOf(this.#engine.incumbent);
    return netVerdict(this.task.options, this.#validation, this.#start, this.#result, isGated);
  }

  #finished(status: RunStatus, error: unknown, test: Measured | null): Finished {
    const { task } = this;
    const net = this.#netVerdict();
    const nothing = this.#validation.verdict(this.#start, this.#start, UNDECIDED);
    const measured = net.scored > 0;
    return {
      type: "finished",
      status,
      ...(status === "failed" ? failureOf(error) : { error: null, detail: null }),
      theta: thetaOf(this.#result),
      texts: this.#result,
      proposals: netProposals(task.graph, {
        start: this.#start,
        end: this.#result,
        net,
        nothing,
        measured: this.#contributions,
        history: this.#history,
      }),
      validation: {
        n: net.scored,
        before: measured ? 1 - net.lossBefore : null,
        after: measured ? 1 - net.lossAfter : null,
        ...(net.nodes && { nodes: net.nodes }),
      },
      test,
      formatErrors: this.#validation.formatErrors(this.#start, this.#result),
      ...(task.options.objectives === "pareto" && { front: this.#front() }),
    };
  }
}

/** Means over the samples that were scored both times. */
function measuredOn(
  before: readonly (Scored | null)[],
  after: readonly (Scored | null)[],
  threshold: number,
): Measured {
  const pairs = before.flatMap((was, at) => {
    const is = after[at];
    return was && is ? [{ before: was, after: is }] : [];
  });
  const nodes = nodeFigures(pairs, threshold);
  return {
    n: pairs.length,
    before: meanScore(pairs.map((pair) => pair.before)),
    after: meanScore(pairs.map((pair) => pair.after)),
    ...(nodes && { nodes }),
  };
}

/**
 * Reserves the calls of both test scorings, so that a run that reaches its budget still has test scores. A budget
 * that would then not even cover the validation set and one proposal is left to the loop.
 */
function reserveTest(task: Task, budget: Budget): boolean {
  const { graph, data } = task;
  const calls = callsOf(graph.nodes) + callsOfLosses(task);
  const cost = 2 * data.test.length * calls;
  const enough = budget.limits.calls === null || budget.limits.calls >= cost + 2 * data.validation.length * calls;
  if (enough && cost > 0) budget.reserve("test", cost);
  return enough;
}
