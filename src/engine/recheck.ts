import { nodeOfInputs, openInputs } from "../graph/edges.ts";
import type { Graph, Texts } from "../graph/graph.ts";
import type { Attempted, Finished, Judged, Proposal, Theta, Verdict } from "./events.ts";
import { causeOf } from "./forward/llm.ts";
import { type GateDecision, policyRule, UNDECIDED } from "./gate/rules.ts";
import type { Pair } from "./gate/statistics.ts";
import { createValidation, type Validation } from "./gate/validation.ts";
import { allParametersOf } from "./parameters.ts";
import { type Candidate, withTexts } from "./propose/candidate.ts";
import { inputsViolation } from "./propose/inputs-prompt.ts";
import { leaksOf } from "./propose/leaks.ts";
import { violation } from "./propose/proposal-constraints.ts";
import { DONE, endOf, type RunEnd, type Runner, streamEvents } from "./runner.ts";
import { ENGINE_VERSION, type EngineDeps, openSession, type Session } from "./session.ts";
import type { Emit } from "./stream.ts";
import type { Task } from "./task.ts";
import { proposalId, thetaOf } from "./theta.ts";

/** A new text for one node that another run reports as better. */
export interface ClaimedChange {
  readonly node: string;
  readonly text: string;
  readonly hypothesis: string;
}

const ITERATION = 1;

/**
 * Judges texts from another machine here: each must lower the loss beside the others that pass, and those that pass
 * together must pass the graph's own gate. Graph, data and loss are those of the task, and every sample is scored
 * under every text. A gate that is off is on here.
 */
export function recheck(changes: readonly ClaimedChange[]): Runner {
  return (task, deps, signal) =>
    streamEvents(signal, (stop, emit) => {
      const graph = withOpenInputs(task.graph, changes);
      return new Recheck({ ...task, graph }, deps, stop, emit).toEnd(changes, signal);
    });
}

/** Opens the inputs that are reported as better, even if the file no longer does. */
export function withOpenInputs(graph: Graph, changes: readonly Pick<ClaimedChange, "node">[]): Graph {
  const open = new Set(changes.map(({ node }) => nodeOfInputs(node)));
  return openInputs(graph, (node) => node.tunesInputs === true || open.has(node.id));
}

interface Tried {
  /** By sample, without a text and with it. */
  readonly pairs: readonly Pair[];
}

/** Indices of the samples that are scored in each of these: others say nothing about which text is better. */
function scoredInAll(tried: readonly Tried[]): number[] {
  const isScored = ({ before, after }: Partial<Pair> = {}) => before !== undefined && after !== undefined;
  const [first] = tried;
  return [...(first?.pairs ?? []).keys()].filter((index) => tried.every(({ pairs }) => isScored(pairs[index])));
}

/** What a text lowers the loss by, on these samples. */
function gainOn(samples: readonly number[]): (tried: Tried) => number {
  return ({ pairs }) =>
    samples.reduce((sum, index) => sum + (pairs[index]?.before ?? 0) - (pairs[index]?.after ?? 0), 0);
}

class Recheck {
  readonly #start: Texts;
  readonly #session: Session;
  readonly #validation: Validation;
  readonly #gate: Task["options"]["gate"];
  /** Proposal id → its verdict. */
  readonly #judged = new Map<string, Verdict>();
  /** Every Θ under which the validation set was scored. */
  readonly #looked = new Set<Theta>();

  constructor(
    readonly task: Task,
    deps: EngineDeps,
    stop: AbortController,
    readonly emit: Emit,
  ) {
    const { data, options } = task;
    this.#session = openSession(task, deps, stop, emit);
    this.#start = this.#session.start;
    this.#gate = options.gate.policy === "off" ? { ...options.gate, policy: "strict" } : options.gate;
    this.#validation = createValidation({
      samples: data.validation,
      options: { gate: this.#gate, threshold: options.threshold },
      score: (texts, sample) => this.#session.forward(texts, sample, { split: "validation" }).score,
      atOnce: this.#session.forward.atOnce,
    });
  }

  async toEnd(claimed: readonly ClaimedChange[], signal: AbortSignal): Promise<Finished> {
    const { data } = this.task;
    // A manipulated log can name a node twice: each text gets its own verdict.
    const changes = claimed.filter(({ node }, index) => claimed.findIndex((one) => one.node === node) === index);
    await this.emit({
      type: "started",
      engine: ENGINE_VERSION,
      method: "recheck",
      theta: thetaOf(this.#start),
      texts: this.#start,
      parameters: changes.map(({ node }) => node),
      samples: { train: 0, validation: data.validation.length, test: 0 },
      iterations: ITERATION,
    });
    const attempts = changes.flatMap((change) => this.#attempt(change));
    for (const attempt of attempts) await this.emit(attempt);
    await this.#screen(attempts.filter(({ invalid }) => invalid !== null));
    const candidates = attempts.flatMap((one) => (one.invalid === null ? [{ ...one, invalid: null }] : []));
    let passed: readonly Candidate[] = [];
    let end: RunEnd = DONE;
    try {
      passed = await this.#judge(candidates);
      const lost = this.#session.nothingScored();
      if (lost !== null) throw lost;
    } catch (thrown) {
      end = endOf(causeOf(thrown), signal);
    }
    await this.#session.ask.settled();
    const open = candidates.filter(({ id }) => !this.#judged.has(id));
    const reason = end.status === "budget" ? "budget reached" : "samples could not be scored";
    for (const one of open) await this.#record("part", [one], this.#start, { decision: "undecided", reason });
    const finished = this.#finished(end, attempts, passed);
    await this.emit(finished);
    return finished;
  }

  /** Checks the rules for all proposals; the text must contain no target of any set. */
  #attempt({ node: id, text, hypothesis }: ClaimedChange): Attempted[] {
    const { graph, data } = this.task;
    const parameter = allParametersOf(graph).find((one) => one.id === id);
    if (!parameter) return [];
    const { node, kind, value: base } = parameter;
    const leaks = leaksOf(Object.values(data).flat());
    const about = { type: "attempt", iteration: ITERATION, node: id, base, text, hypothesis } as const;
    const unfit = () => (kind === "inputs" ? inputsViolation(graph, node, text) : violation(node, base, text, leaks));
    return [{ ...about, id: proposalId(id, base, text), samples: [], invalid: text === base ? "no change" : unfit() }];
  }

  /**
   * Removes texts one at a time, each time the one without which the rest scores best, until each that is left
   * lowers the loss beside the others: texts that help only together stay together, and a harmful one does not hide
   * the others. Then tries each removed text again beside those that are left, which also gives it a score of its
   * own.
   * @returns those that pass
   */
  async #judge(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
    let left = await this.#withoutWorst(candidates);
    for (const one of candidates.filter((candidate) => !left.includes(candidate))) {
      const more = candidates.filter((candidate) => candidate === one || left.includes(candidate));
      const [before, after] = [left, more].map((texts) => withTexts(this.#start, texts));
      if (!before || !after) continue;
      const ruling = await this.#strictly(before, after);
      if (ruling.decision === "accepted") left = more;
      else await this.#record("part", [one], before, ruling, after);
    }
    if (left.length === 0) return [];
    const texts = withTexts(this.#start, left);
    await this.#complete(this.#start, texts);
    const ruling =
      policyRule(this.#gate, this.task.options.objectives)(this.#validation.pairs(this.#start, texts)) ?? UNDECIDED;
    await this.#record(left.length === 1 ? "part" : "joint", left, this.#start, ruling, texts);
    return ruling.decision === "accepted" ? left : [];
  }

  async #withoutWorst(candidates: readonly Candidate[]): Promise<readonly Candidate[]> {
    let left = candidates;
    while (left.length > 0) {
      const all = withTexts(this.#start, left);
      const parts = left.map((one) => {
        const rest = left.filter((other) => other !== one);
        return { one, without: withTexts(this.#start, rest) };
      });
      await this.#complete(all, ...parts.map(({ without }) => without));
      const tried = await Promise.all(
        parts.map(async ({ one, without }) => {
          const { decision } = await this.#strictly(without, all);
          return { one, decision, pairs: this.#validation.pairs(without, all) };
        }),
      );
      const gain = gainOn(scoredInAll(tried));
      const failing = tried.filter(({ decision }) => decision !== "accepted");
      const [worst] = failing.sort((a, b) => gain(a) - gain(b));
      if (!worst) break;
      left = left.filter((one) => one !== worst.one);
    }
    return left;
  }

  /** Whether the loss is strictly lower, with every sample scored under both. */
  async #strictly(before: Texts, after: Texts): Promise<GateDecision> {
    await this.#complete(before, after);
    const rule = policyRule({ ...this.#gate, policy: "strict" });
    return rule(this.#validation.pairs(before, after)) ?? UNDECIDED;
  }

  async #complete(...all: readonly Texts[]): Promise<void> {
    await Promise.all(all.map((texts) => this.#validation.complete(texts)));
    for (const texts of all) this.#looked.add(thetaOf(texts));
  }

  async #screen(attempts: readonly Attempted[]): Promise<void> {
    if (attempts.length === 0) return;
    const nothing = this.#validation.verdict(this.#start, this.#start, UNDECIDED);
    const proposals = attempts.map(({ id }) => id);
    for (const id of proposals) this.#judged.set(id, { ...nothing, decision: "screened", reason: "violation" });
    await this.emit({ type: "screened", iteration: ITERATION, proposals, reason: "violation" });
  }

  async #record(
    scope: Judged["scope"],
    candidates: readonly Attempted[],
    before: Texts,
    ruling: GateDecision,
    after: Texts = before,
  ): Promise<void> {
    const verdict = { ...this.#validation.verdict(before, after, ruling), looks: Math.max(0, this.#looked.size - 1) };
    const proposals = candidates.map(({ id }) => id);
    for (const id of proposals) this.#judged.set(id, verdict);
    await this.emit({ type: "verdict", iteration: ITERATION, scope, proposals, theta: thetaOf(after), verdict });
  }

  #finished(
    end: Pick<Finished, "status" | "error" | "detail">,
    attempts: readonly Attempted[],
    passed: readonly Candidate[],
  ): Finished {
    const texts = withTexts(this.#start, passed);
    const net = this.#validation.verdict(this.#start, texts, UNDECIDED);
    const proposals = allParametersOf(this.task.graph).flatMap(({ id: node }): Proposal[] => {
      const one = attempts.find((attempt) => attempt.node === node);
      const verdict = one && this.#judged.get(one.id);
      if (!one || !verdict) return [];
      const { id, base, text, hypothesis } = one;
      const contributes = passed.length > 1 && passed.some((other) => other.id === one.id) ? { contributes: true } : {};
      return [{ id, node, base, text, hypothesis, verdict, ...contributes, attempts: [id] }];
    });
    return {
      type: "finished",
      ...end,
      theta: thetaOf(texts),
      texts,
      proposals,
      validation: {
        n: net.scored,
        before: net.scored > 0 ? 1 - net.lossBefore : null,
        after: net.scored > 0 ? 1 - net.lossAfter : null,
        ...(net.nodes && { nodes: net.nodes }),
      },
      test: null,
      formatErrors: this.#validation.formatErrors(this.#start, texts),
    };
  }
}
