import pMap from "p-map";
import type { Sample, Split } from "../../data/sample.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";
import { Patterns } from "../../graph/pattern.ts";
import { extract } from "../../graph/replies/extract.ts";
import { roundedLoss } from "../../loss/loss.ts";
import type { Finished } from "../events.ts";
import { createForward } from "../forward/forward.ts";
import { causeOf, endsRun } from "../forward/llm.ts";
import { fill } from "../forward/prompt.ts";
import { createJudge } from "../judge.ts";
import { callsOf } from "../nodes/behaviors.ts";
import againTemplate from "../prompts/solve-again.md";
import defaultInstruction from "../prompts/solve-instruction.md";
import { DONE, endOf, type RunEnd, type Runner, streamEvents, unchanged } from "../runner.ts";
import { ENGINE_VERSION, openSession, type Session } from "../session.ts";
import type { Solution, Solved } from "../solution-schema.ts";
import type { Task } from "../task.ts";
import { textsOf, thetaOf } from "../theta.ts";
import { answerKey, choose } from "./choose.ts";
import type { Problem, Reply } from "./solver.ts";
import { SOLVERS, type SolverName } from "./solvers.ts";

export interface SolveOptions {
  readonly split: Split;
  /** Ids of the rows. Default: all of the set. */
  readonly rows?: readonly string[];
  readonly solver: SolverName;
  /** Maximum number of attempts after the first. */
  readonly steps: number;
  /**
   * What a good answer is: a model scores each attempt by it. Default: the graph's own loss if it needs no target,
   * else an instruction to check the answer critically.
   */
  readonly instruction?: string;
}

/** Name in the log for the method of a run that solves rows. */
export const SOLVE = "solve";

/** Defaults of `agentgraph solve`. TextGrad's paper takes three steps. */
export const SOLVE_DEFAULTS = { solver: "textgrad", steps: 3, split: "test" } as const;

/** Maximum model calls per row, not counting retries. */
export function mostCallsPerRow({ graph, loss }: Task, { solver, steps, instruction }: SolveOptions): number {
  const criticism = instruction === undefined && loss.targetless ? (loss.calls ?? 0) : 1;
  return callsOf(graph.nodes) + criticism + steps * (SOLVERS[solver].calls(graph) + criticism);
}

/**
 * Improves single answers at test time, without a training set. No attempt sees a target: targets only score the
 * first and the chosen attempt, for the report.
 */
export function solve(options: SolveOptions): Runner {
  return (task, deps, signal) =>
    streamEvents(signal, async (stop, emit): Promise<Finished> => {
      const session = openSession(task, deps, stop, emit);
      const texts = textsOf(task.graph);
      const samples = task.data[options.split].filter(({ id }) => options.rows?.includes(id) ?? true);
      await emit({
        type: "started",
        engine: ENGINE_VERSION,
        method: SOLVE,
        theta: thetaOf(texts),
        texts,
        parameters: [],
        samples: { train: 0, validation: 0, test: 0, [options.split]: samples.length },
        iterations: 0,
      });
      let end: RunEnd = DONE;
      try {
        const solver = new RowSolver(task, session, options);
        await pMap(samples, (sample) => solver.toEnd(sample), session.forward.atOnce);
      } catch (thrown) {
        end = endOf(causeOf(thrown), signal);
      }
      await session.ask.settled();
      const finished: Finished = {
        type: "finished",
        ...end,
        ...unchanged(texts),
      };
      await emit(finished);
      return finished;
    });
}

const MISSING_FORM = "The reply is not in the form that is asked for, so no answer could be read from it.";

/** What to check if an answer has come again: the same criticism would lead to the same answer once more. */
function againInstruction(instruction: string, same: readonly Solution[]): string {
  const criticisms = [...new Set(same.map(({ criticism }) => criticism).filter(Boolean))];
  if (criticisms.length === 0) return instruction;
  return fill(againTemplate, { instruction, feedback: criticisms.map((one) => `- ${one}`).join("\n") });
}

class RowSolver {
  readonly #patterns = new Patterns();
  readonly #output: GraphNode | undefined;
  /** The graph with the whole reply of its output node as the value: its requests are the same. */
  readonly #open: Graph;

  constructor(
    readonly task: Task,
    readonly session: Session,
    readonly options: SolveOptions,
  ) {
    const { graph } = task;
    this.#output = graph.nodes.find(({ id }) => id === graph.output);
    const nodes = graph.nodes.map((node) =>
      node.id === graph.output && "output" in node ? { ...node, output: null } : node,
    );
    this.#open = { ...graph, nodes };
  }

  async toEnd(row: Sample): Promise<void> {
    const { split } = this.options;
    try {
      await this.session.emit(await this.#solve(row));
    } catch (error) {
      if (endsRun(error)) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      await this.session.emit({ type: "warning", code: "not scored", sample: row.id, detail });
      await this.session.emit({
        type: "scored",
        theta: thetaOf(this.session.start),
        split,
        sample: row.id,
        loss: null,
        lenient: null,
        formatError: false,
      });
    }
  }

  async #solve(row: Sample): Promise<Solved> {
    const { models, options } = this.task;
    const { ask, emit, start, local } = this.session;
    const sample = { ...row, targets: [], feedback: null };
    const { steps, split } = this.options;
    const problem: Problem = { graph: this.#open, sample, models, ask, local, instruction: this.#instruction };
    const asking = { ask, emit, ...(local && { local }) };
    const forward = createForward({ graph: this.#open, loss: this.task.loss, choice: models.forward, ...asking });
    const first = await forward(start, sample, { split }).value(this.task.graph.output);
    const attempts = [await this.#criticized(sample, { text: first.text, note: "" }, [])];
    const passes = (attempt: Solution | undefined) => (attempt?.score ?? 0) >= 1 - options.threshold;
    while (attempts.length <= steps && !passes(attempts.at(-1))) {
      const reply = await this.#next(problem, attempts);
      if (!reply) break;
      attempts.push(await this.#criticized(sample, reply, attempts));
    }
    const { chosen, reason } = choose(attempts, options.threshold);
    const [before, after] = await Promise.all([0, chosen].map((step) => this.#loss(row, attempts[step])));
    return {
      type: "solved",
      sample: row.id,
      split,
      attempts,
      chosen,
      reason,
      before: before ?? null,
      after: after ?? null,
    };
  }

  /** A lost call ends the attempts at this row, but keeps those that it has. */
  async #next(problem: Problem, attempts: readonly Solution[]): Promise<Reply | null> {
    try {
      return await SOLVERS[this.options.solver].next(problem, attempts);
    } catch (error) {
      if (endsRun(error)) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      await this.session.emit({ type: "warning", code: "sample dropped", sample: problem.sample.id, detail });
      return null;
    }
  }

  get #usesLoss(): boolean {
    return this.options.instruction === undefined && this.task.loss.targetless === true;
  }

  get #instruction(): string {
    return this.options.instruction ?? this.task.loss.criteria ?? defaultInstruction;
  }

  async #criticized(sample: Sample, reply: Reply, before: readonly Solution[]): Promise<Solution> {
    const output = this.#output && "output" in this.#output ? this.#output.output : null;
    const { value: answer, formatError } = await extract(reply.text, output, this.#patterns);
    const about = { step: before.length, reply: reply.text, answer, formatError, note: reply.note };
    const found = await this.#score(sample, reply.text, answer, before);
    if (!formatError || found.score === null) return { ...about, ...found };
    return { ...about, score: 0, criticism: `${MISSING_FORM} ${found.criticism}`.trim() };
  }

  async #score(
    sample: Sample,
    reply: string,
    answer: string,
    before: readonly Solution[],
  ): Promise<Pick<Solution, "score" | "criticism">> {
    const { graph, models, loss } = this.task;
    const { split } = this.options;
    const judge = createJudge({ graph, choice: models.judge, ask: this.session.ask });
    try {
      if (this.#usesLoss) {
        const askVote = judge({ sample, answer, split, priority: 0 });
        const score = await (loss.shown ?? loss).score(sample, answer, askVote, this.#code(answer));
        return { score: 1 - roundedLoss(score.loss), criticism: score.criticism };
      }
      const instruction = againInstruction(
        this.#instruction,
        before.filter((one) => answerKey(one) === answerKey({ answer })),
      );
      const { score, reason } = await judge({ sample, answer: reply, split, priority: 0 })(instruction, 0);
      return { score, criticism: score < 1 ? reason : "" };
    } catch (error) {
      if (endsRun(error)) throw error;
      const detail = error instanceof Error ? error.message : String(error);
      await this.session.emit({ type: "warning", code: "not scored", sample: sample.id, detail });
      return { score: null, criticism: "" };
    }
  }

  /** Loss against the row's own target, for the report; null if there is none or it would need a model. */
  async #loss(row: Sample, attempt: Solution | undefined): Promise<number | null> {
    const { loss } = this.task;
    if (!attempt || (row.targets.length === 0 && !loss.shown) || loss.calls) return null;
    if (attempt.formatError) return 1;
    return roundedLoss((await loss.score(row, attempt.answer, undefined, this.#code(attempt.answer))).loss);
  }

  /** The answer is the only known value of this row. */
  #code(answer: string) {
    return this.session.code(async () => ({ [this.task.graph.output]: answer }));
  }
}
