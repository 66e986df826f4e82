import { shuffler } from "d3";
import type { BatchGradients } from "../../engine/backward/batch-gradients.ts";
import type { RunEvent } from "../../engine/events.ts";
import { createJointGate, type JointGate } from "../../engine/gate/joint-gate.ts";
import { lossBounds } from "../../engine/gate/statistics.ts";
import type { BackwardStyle, Engine, Method } from "../../engine/method.ts";
import type { Parameter } from "../../engine/parameters.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Task } from "../../engine/task.ts";
import { thetaOf } from "../../engine/theta.ts";
import type { Texts } from "../../graph/graph.ts";
import { translatable } from "../../i18n/locale.ts";
import { Batches, createBatch, FEW, type RunBatch } from "./batch.ts";
import { gateEveryOf, type SemanticOptions, semanticOptions } from "./options.ts";
import { createParsimony, type Parsimony } from "./parsimony.ts";
import { createProposals, type Proposals } from "./proposal.ts";
import { triesFor } from "./propose.ts";
import { GateSchedule } from "./schedule.ts";

/**
 * Semantic gradient descent (arXiv 2412.03624, algorithm 2; docs/method.md). Each iteration: forward and loss on a batch
 * of training samples, semantic backpropagation of those that fail, one proposal per parameter from the same old Θ, and
 * the gate on samples that none of this has seen. While most training samples fail and get better, the gate waits for a
 * few iterations and judges their result together.
 *
 * Stops after `iterations`, or `patience` iterations without improvement, or when no training sample is above τ, or when
 * the loss on the validation set is 0, which no proposal could lower.
 */
export const semantic: Method<SemanticOptions> = {
  name: "semantic",
  describes: translatable("Semantic gradients: feedback flows backward through the graph, and a gate decides."),
  options: semanticOptions,
  scoresLazily: true,
  tunesEdges: true,
  iterations: ({ iterations }) => iterations,
  run,
};

function run(task: Task, options: SemanticOptions, engine: Engine): AsyncGenerator<RunEvent, Texts> {
  const runBatch = createBatch({
    batches: new Batches(shuffler(engine.random)([...task.data.train])),
    parameters: engine.parameters.map(({ id }) => id),
    size: options.batch,
    threshold: task.options.threshold,
    style: styleOf(options),
    isSteady: (texts) => !hasBroken(engine) && failsFew(engine, texts),
    forward: (texts, sample, priority) => engine.forward(texts, sample, { split: "train", priority }),
    backward: engine.backward,
    triesFor: (sample) => triesFor(engine, sample),
  });
  const resolved = { ...options, gateEvery: gateEveryOf(options, engine.parameters.length) };
  return descend(resolved, {
    engine,
    runBatch,
    glance: runBatch.glance,
    propose: createProposals(task, options, engine, runBatch.first),
    shorten: createParsimony(task, engine, runBatch),
    judge: createJointGate(task, engine),
  });
}

/** The steps of an iteration. */
export interface Steps {
  readonly engine: Pick<Engine, "start" | "parameters" | "random" | "pairs" | "isStopping">;
  /** Forward, loss and backward of a batch. */
  readonly runBatch: (texts: Texts) => Promise<BatchGradients>;
  /** The first samples of the batch. */
  readonly glance: RunBatch["glance"];
  readonly propose: Proposals;
  readonly shorten: Parsimony;
  readonly judge: JointGate;
}

/** The loop. */
export async function* descend(
  options: Pick<SemanticOptions, "iterations" | "patience" | "gateEvery" | "update">,
  { engine, runBatch, glance, propose, shorten, judge }: Steps,
): AsyncGenerator<RunEvent, Texts> {
  const schedule = new GateSchedule(engine.start, options);
  for (let iteration = 1; iteration <= options.iterations && !schedule.isExhausted; iteration++) {
    const accepted: Candidate[] = [];
    const settle = async (proposals: readonly Candidate[], areShorter = false) => {
      const outcome = await judge(schedule.incumbent, proposals, areShorter);
      schedule.settle(outcome);
      accepted.push(...outcome.accepted);
    };

    /** The few training samples that fail do not speak for a validation set where many more do. */
    const isFew = ({ few }: Pick<BatchGradients, "few">) => few && failsFew(engine, schedule.incumbent);
    const look = async () => {
      const batch = await runBatch(schedule.texts);
      schedule.note(batch);
      return batch;
    };

    if (schedule.isWaiting) {
      const first = await glance(schedule.texts, schedule.hasGained);
      if (first.gain > 0 && isFew(first)) await settle(await shorten(schedule.incumbent, schedule.pending));
    }
    let batch = await look();
    if (schedule.isRefuted(batch)) {
      schedule.drop();
      batch = await look();
    }
    if (!schedule.isWaiting && accepted.length === 0 && batch.looked + batch.failing.length === 0) {
      // With texts that the gate rejected all training samples may be right: that says nothing of the result.
      if (schedule.pending.length === 0)
        yield { type: "warning", code: batch.rightOnes.length > 0 ? "nothing to learn" : "nothing scored" };
      break;
    }

    const isDue = schedule.isDue({ gain: batch.gain, few: isFew(batch) }, iteration);
    const isLastTry = schedule.isLastTry || iteration === options.iterations;
    const { hasGained } = schedule;
    const ground = { incumbent: schedule.incumbent, pending: schedule.pending, hasGained, isLastTry };
    const fresh = await propose(batch, choose(engine, options.update, iteration), ground, isDue);

    if (!isDue && fresh.length > 0) schedule.defer(fresh);
    else {
      // Texts that put none of the few failing training samples right are not worth a look: they wait for one that does.
      const isWorthALook = schedule.isWaiting && (schedule.hasMended || !batch.few);
      const due = fresh.length === 0 && isWorthALook ? schedule.pending : fresh;
      const proposals = await shorten(schedule.incumbent, due);
      if (proposals.length > 0) await settle(proposals);
      else if (due.length > 0) schedule.drop();
      if ((schedule.isLastTry && accepted.length === 0) || iteration === options.iterations) {
        const shorter = await shorten(schedule.incumbent, []);
        if (shorter.length > 0) await settle(shorter, true);
      }
      schedule.count(accepted.length);
    }

    const { incumbent, isWaiting, pending } = schedule;
    const validationLoss = lossBounds(engine.pairs(incumbent, incumbent));
    yield {
      type: "iteration",
      iteration,
      theta: thetaOf(incumbent),
      accepted: accepted.map(({ id }) => id),
      ...(isWaiting && { waiting: pending.length }),
      batch: batch.failing,
      looked: batch.looked,
      validationLoss,
    };
    if (validationLoss[1] === 0) break;
    if (engine.isStopping) {
      if (schedule.isWaiting) await settlePending(schedule, judge);
      break;
    }
  }
  return schedule.incumbent;
}

/** Whether at most a few of the validation samples that were scored fail. */
function failsFew({ pairs }: Pick<Engine, "pairs">, texts: Texts): boolean {
  const known = pairs(texts, texts).filter(({ before }) => before !== undefined);
  return known.length === 0 || lossBounds(known)[0] <= FEW;
}

/** Whether an update that the gate accepted broke a validation sample. */
function hasBroken({ history, parameters }: Pick<Engine, "history" | "parameters">): boolean {
  const entries = parameters.flatMap(({ id }) => history.of(id));
  return entries.some(({ verdict }) => verdict?.decision === "accepted" && verdict.broken.length > 0);
}

/** The gate still sees what waits for it when the user ends the run. */
async function settlePending(schedule: GateSchedule, judge: JointGate): Promise<void> {
  schedule.settle(await judge(schedule.incumbent, schedule.pending));
}

function styleOf({ gradients, neighbors }: SemanticOptions): BackwardStyle {
  if (!gradients) return { per: "none" };
  return { per: neighbors ? "node" : "edge" };
}

/** How much of Θ an iteration changes. */
function choose(
  { parameters, random }: Steps["engine"],
  update: SemanticOptions["update"],
  iteration: number,
): Parameter[] {
  if (update === "all") return [...parameters];
  if (update === "one") return parameters.filter((_, index) => index === (iteration - 1) % parameters.length);
  const drawn = parameters.map((parameter) => ({ parameter, at: random() })).sort((a, b) => a.at - b.at);
  return drawn.slice(0, Math.ceil(parameters.length / 2)).map(({ parameter }) => parameter);
}
