import { randomLcg, shuffler } from "d3";
import type { Sample } from "../data/sample.ts";
import type { GraphNode, Texts } from "../graph/graph.ts";
import { answerSpaceOf, describeAnswers } from "./answer-space.ts";
import { createBackward, type GradientContext } from "./backward.ts";
import { Batches } from "./batches.ts";
import { createDifferentiate } from "./differentiate.ts";
import type { RunEvent } from "./events.ts";
import { type Forward, PRIORITY } from "./forward.ts";
import { type Gate, type GateResult, withTexts } from "./gate.ts";
import type { History } from "./history.ts";
import { leaksOf } from "./leaks.ts";
import type { Llm } from "./llm.ts";
import { createProbe, harmfulAmong, PROBED, proposeSound } from "./probe.ts";
import { type Candidate, createPropose } from "./propose.ts";
import { BROKE_TRAINING, CONSTANT_OUTPUT, CONTROLS, ELIMINATED } from "./rules.ts";
import { successiveHalving } from "./successive-halving.ts";
import type { Task } from "./task.ts";
import { parametersOf } from "./theta.ts";
import type { Validation } from "./validation.ts";

/**
 * What a method is given. All calls behind it go through the same reply store, budget and log; a method only decides
 * what to ask for, in which order.
 */
export interface Services {
  /** Θ of the file. */
  readonly start: Texts;
  /** Parameters in the order of the file. */
  readonly parameters: readonly GraphNode[];
  /** 0 ≤ x < 1, from the run's seed. */
  readonly random: () => number;
  /**
   * Forward, loss and backward for one iteration's batch, each sample on its own (steps 1–4): resolves as soon as it is
   * known which samples fail; their gradients may still be on the way.
   */
  readonly differentiate: (texts: Texts, iteration: number) => Promise<BatchGradients>;
  /**
   * ϕ for every given parameter that has a gradient (step 5), from the batch's Θ; what comes is to replace the incumbent's
   * text. Texts that make a node answer everything alike are turned down and asked for again; so are those that break
   * training samples that were right, once the gate has found such a text.
   * @param pending proposals that the batch's Θ holds already: those that nothing replaces are among the result
   * @param gated whether the gate sees the result at once, so that a probe on its first samples costs nothing
   * @returns nothing where there is nothing new to judge
   */
  readonly propose: (
    batch: BatchGradients,
    parameters: readonly GraphNode[],
    incumbent: Texts,
    pending: readonly Candidate[],
    gated: boolean,
  ) => Promise<readonly Candidate[]>;
  /**
   * While the gate is at work: starts the forward passes that the next iteration needs if the candidates pass, where the
   * samples scored first leave little doubt that they will.
   */
  readonly ahead: (incumbent: Texts, candidates: readonly Candidate[]) => Promise<void>;
  /** The validation gate, its search for parts that do harm included (step 6). */
  readonly gate: (iteration: number, incumbent: Texts, candidates: readonly Candidate[]) => Promise<GateResult>;
  /** Bounds of the mean validation loss of Θ as far as it is known. */
  readonly validationLoss: (texts: Texts) => [number, number];
}

export interface BatchGradients {
  readonly iteration: number;
  /** Old Θ: all proposals of the batch start from the same one. */
  readonly texts: Texts;
  /** Training samples looked at. */
  readonly looked: number;
  /** Those of them that went right and were wrong under the Θ they were looked at with before, less those that went wrong. */
  readonly gain: number;
  /** Where nothing was gained, samples that were right were looked at, too: all of them are wrong now. */
  readonly broke: boolean;
  /** Those with l > τ. */
  readonly failing: readonly string[];
  /** Some of those with l ≤ τ. */
  readonly rightOnes: readonly string[];
  /** Failing are at most a quarter of the samples looked at. */
  readonly few: boolean;
  /** G_θ: of one parameter, over the failing samples whose gradient is not empty. */
  readonly contexts: (parameter: string) => Promise<readonly GradientContext[]>;
  /** The same parameter in samples that went right. */
  readonly right: (parameter: string) => Promise<readonly GradientContext[]>;
}

/** Owns its loop. Yields what it alone knows (iterations); returns the Θ that it ended with. */
export type Method = (task: Task, services: Services) => AsyncGenerator<RunEvent, Texts>;

export interface ServicesDeps {
  readonly task: Task;
  readonly start: Texts;
  readonly ask: Llm;
  readonly forward: Forward;
  readonly validation: Validation;
  readonly gate: Gate;
  readonly history: History;
  readonly emit: (event: RunEvent) => Promise<void>;
  /** Called with what the gate has let pass. */
  readonly accept: (outcome: GateResult) => void;
}

/** The steps of the method over one run's model, budget and history. */
export function createServices(deps: ServicesDeps): Services {
  const { task, start, ask: askModel, forward, validation, gate, history, emit, accept } = deps;
  const { graph, data, models, options } = task;
  const without = new Set(options.without);
  const random = seededRandom(options.seed);
  const parameters = parametersOf(graph);
  const answers = describeAnswers(answerSpaceOf(data.train));
  const train = (texts: Texts, sample: Sample) => forward(texts, sample, { split: "train", priority: PRIORITY.train });
  const differentiate = createDifferentiate({
    batches: new Batches(shuffler(random)([...data.train])),
    parameters: parameters.map(({ id }) => id),
    size: options.batch,
    threshold: options.threshold,
    gradients: options.gradients,
    forward: train,
    backward: createBackward({
      graph,
      choice: models.backward,
      neighbors: options.neighbors,
      everywhere: without.has("R8"),
      answers,
      ask: askModel,
      emit,
    }),
  });
  const propose = createPropose({
    graph,
    choice: models.optimizer,
    gradients: options.gradients,
    proposals: options.proposals,
    withoutGradient: without.has("R9"),
    history,
    answers,
    leaks: leaksOf(data.train),
    ask: askModel,
    emit,
  });
  const firstOfGate = (texts: Texts, incumbent: Texts) =>
    validation
      .first(incumbent, PROBED)
      .map((sample) => forward(texts, sample, { split: "validation", priority: PRIORITY.validation }));

  /** What the gate has not decided on yet: afterwards nothing is begun ahead of its decision. */
  let atTheGate: readonly Candidate[] | null = null;

  return {
    start,
    parameters,
    random,
    differentiate,
    propose: (batch, chosen, incumbent, pending, gated) => {
      // Either way the probe looks at passes that are needed next in any case.
      const first = (texts: Texts) => (gated ? firstOfGate(texts, incumbent) : differentiate.first(texts, PROBED));
      const probe = createProbe({ graph, start, forward: first });
      const [failing = [], right = []] = [batch.failing, batch.rightOnes].map((ids) =>
        data.train.filter(({ id }) => ids.includes(id)),
      );
      const loss = async (texts: Texts, sample: Sample) => (await train(texts, sample).score)?.loss ?? null;
      const breaks = async (candidates: readonly Candidate[]) => {
        const texts = withTexts(batch.texts, candidates);
        const losses = await Promise.all(right.map((sample) => loss(texts, sample)));
        return losses.every((loss) => loss !== null && loss > options.threshold);
      };
      const turnDown = async (candidates: readonly Candidate[]) => {
        // The first probe does not wait for the start score: which samples it looks at never depends on what came first.
        if (gated && (incumbent !== start || batch.iteration > 1)) await validation.complete(start);
        const ruined = await probe(withTexts(incumbent, candidates), candidates);
        await gate.turnDown(batch.iteration, incumbent, ruined, CONSTANT_OUTPUT);
        // Where nothing has done harm so far, the samples that were right are not worth their calls.
        if (!history.hasBroken() || right.length < CONTROLS) return ruined;
        const fresh = candidates.filter((one) => !ruined.includes(one) && !pending.includes(one));
        const harmful = await harmfulAmong(fresh, breaks);
        await gate.turnDown(batch.iteration, incumbent, harmful, BROKE_TRAINING);
        return [...ruined, ...harmful];
      };
      const ask = async (asked: readonly GraphNode[]) => {
        const { winners, losers } = await successiveHalving(
          await propose(batch, asked, incumbent),
          batch.texts,
          failing,
          loss,
        );
        await gate.turnDown(batch.iteration, incumbent, losers, ELIMINATED);
        return winners;
      };
      return proposeSound({ ask, turnDown }, chosen, pending);
    },
    ahead: async (incumbent, candidates) => {
      atTheGate = candidates;
      await validation.complete(start);
      const joint = withTexts(incumbent, candidates);
      const failing = firstOfGate(joint, incumbent).filter(({ sample }) => validation.fails(incumbent, sample));
      const scores = await Promise.all(failing.map((pass) => pass.score));
      const fixed = scores.filter((score) => score && score.loss <= options.threshold).length;
      if (fixed >= 2 && atTheGate === candidates) differentiate.ahead(joint);
    },
    gate: async (iteration, incumbent, candidates) => {
      await validation.complete(start);
      const outcome = await gate.judge(iteration, incumbent, candidates);
      atTheGate = null;
      accept(outcome);
      return outcome;
    },
    validationLoss: (texts) => validation.lossBounds(texts),
  };
}

/** d3's generator starts alike for neighbouring seeds: its first numbers are left out. */
function seededRandom(seed: number): () => number {
  const random = randomLcg(seed);
  for (let skipped = 0; skipped < 8; skipped++) random();
  return random;
}
