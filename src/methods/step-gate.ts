import type { Sample } from "../data/sample.ts";
import type { Iterated } from "../engine/events.ts";
import { lossBounds } from "../engine/gate/statistics.ts";
import type { Engine } from "../engine/method.ts";
import { type Candidate, withTexts } from "../engine/propose/candidate.ts";
import type { Task } from "../engine/task.ts";
import { thetaOf } from "../engine/theta.ts";
import type { Texts } from "../graph/graph.ts";

const VALIDATION = { split: "validation" } as const;

/**
 * The gate of methods that take one step after another: either each step is judged on the whole validation set and
 * reverted if it is rejected, or every step is kept and the gate judges once at the end. With the gate off,
 * everything is kept.
 */
export class StepGate {
  #texts: Texts;
  /** The last change of each text that the gate has not judged. */
  readonly #waiting = new Map<string, Candidate>();
  readonly #judgesEachStep: boolean;

  /** @param revert whether each step is judged */
  constructor(
    readonly task: Pick<Task, "data" | "options">,
    readonly engine: Engine,
    revert: boolean,
  ) {
    this.#texts = engine.start;
    // Without a gate, nothing waits: a run that ends early keeps its last step.
    this.#judgesEachStep = revert || task.options.gate.policy === "off";
  }

  /** The Θ from which the next step starts. */
  get texts(): Texts {
    return this.#texts;
  }

  /** @returns whether the next step starts from these texts */
  async take(candidates: readonly Candidate[]): Promise<boolean> {
    if (candidates.length === 0) return false;
    const after = withTexts(this.#texts, candidates);
    if (this.#judgesEachStep) {
      if (!(await this.#passes(candidates, this.#texts, after))) return false;
    } else for (const one of candidates) this.#waiting.set(one.node, one);
    this.#texts = after;
    return true;
  }

  /** The event that ends a step. @param batch its training samples */
  iteration(iteration: number, batch: readonly Sample[], candidates: readonly Candidate[], isTaken: boolean): Iterated {
    const isAccepted = isTaken && this.#judgesEachStep;
    return {
      type: "iteration",
      iteration,
      theta: thetaOf(this.#texts),
      accepted: isAccepted ? candidates.map(({ id }) => id) : [],
      ...(this.#waiting.size > 0 && { waiting: this.#waiting.size }),
      batch: batch.map(({ id }) => id),
      looked: batch.length,
      validationLoss: lossBounds(this.engine.pairs(this.#texts, this.#texts)),
    };
  }

  /** @returns the result, which includes waiting changes only if the gate accepts them */
  async end(): Promise<Texts> {
    const { start } = this.engine;
    const waiting = [...this.#waiting.values()];
    return waiting.length === 0 || (await this.#passes(waiting, start, this.#texts)) ? this.#texts : start;
  }

  async #passes(candidates: readonly Candidate[], before: Texts, after: Texts): Promise<boolean> {
    const { engine, task } = this;
    if (task.options.gate.policy !== "off") {
      await Promise.all([before, after].map((texts) => engine.score(texts, task.data.validation, VALIDATION)));
    }
    const comparison = await engine.compare(before, after);
    await engine.judge(candidates, comparison);
    return comparison.verdict.decision === "accepted";
  }
}
