import type { GraphNode, Texts } from "../graph/graph.ts";
import type { Context } from "./backward.ts";
import type { RunEvent } from "./events.ts";
import type { Outcome } from "./gate.ts";
import type { Candidate } from "./propose.ts";
import type { Task } from "./task.ts";

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
  readonly differentiate: (texts: Texts, iteration: number) => Promise<Differentiated>;
  /**
   * ϕ for every given parameter that has a gradient (step 5), from the batch's Θ; what comes is to replace the incumbent's
   * text. Texts that make a node answer everything alike are turned down and asked for again.
   * @param pending harmless proposals that the batch's Θ holds already: those that nothing replaces are among the result
   * @returns nothing where there is nothing new to judge
   */
  readonly propose: (
    batch: Differentiated,
    parameters: readonly GraphNode[],
    incumbent: Texts,
    pending: readonly Candidate[],
  ) => Promise<readonly Candidate[]>;
  /**
   * While the gate is at work: starts the forward passes that the next iteration needs if the candidates pass, where the
   * samples scored first leave little doubt that they will.
   */
  readonly ahead: (incumbent: Texts, candidates: readonly Candidate[]) => Promise<void>;
  /** The validation gate, its search for parts that do harm included (step 6). */
  readonly gate: (iteration: number, incumbent: Texts, candidates: readonly Candidate[]) => Promise<Outcome>;
  /** Bounds of the mean validation loss of Θ as far as it is known. */
  readonly validationLoss: (texts: Texts) => [number, number];
}

export interface Differentiated {
  readonly iteration: number;
  /** Old Θ: all proposals of the batch start from the same one. */
  readonly texts: Texts;
  /** Training samples looked at. */
  readonly looked: number;
  /** Those with l > τ. */
  readonly failing: readonly string[];
  /** G_θ: of one parameter, over the failing samples whose gradient is not empty. */
  readonly contexts: (parameter: string) => Promise<readonly Context[]>;
  /** The same parameter in samples that went right. */
  readonly right: (parameter: string) => Promise<readonly Context[]>;
}

/** Owns its loop. Yields what it alone knows (iterations); returns the Θ that it ended with. */
export type Method = (task: Task, services: Services) => AsyncGenerator<RunEvent, Texts>;
