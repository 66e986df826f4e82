import type { BatchGradients } from "../../engine/backward/batch-gradients.ts";
import type { GateResult } from "../../engine/gate/joint-gate.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import type { Texts } from "../../graph/graph.ts";
import type { SemanticOptions } from "./options.ts";

/** The incumbent, what waits for the gate beside it, and for how long. */
export class GateSchedule {
  #incumbent: Texts;
  #pending: readonly Candidate[] = [];
  #waited = 0;
  #fruitless = 0;

  constructor(
    start: Texts,
    readonly options: Pick<SemanticOptions, "gateEvery" | "iterations" | "patience">,
  ) {
    this.#incumbent = start;
  }

  get incumbent(): Texts {
    return this.#incumbent;
  }

  /**
   * Proposals that the next ones build on: those that the gate has not seen, and those that it rejected though they did
   * no harm, since what they lack to show a gain may be in another text.
   */
  get pending(): readonly Candidate[] {
    return this.#pending;
  }

  /** Θ that the next batch is looked at with. */
  get texts(): Texts {
    return withTexts(this.#incumbent, this.#pending);
  }

  /** Whether there are proposals that the gate has not seen. */
  get isWaiting(): boolean {
    return this.#waited > 0;
  }

  /** Too many settled iterations in a row brought no improvement. */
  get isExhausted(): boolean {
    return this.#fruitless >= this.options.patience;
  }

  /** What the gate called harmless does harm in training: nothing is to be built on it. */
  isRefuted({ broke }: BatchGradients): boolean {
    return broke && this.#pending.length > 0 && !this.isWaiting;
  }

  /** Whether this iteration's proposals go to the gate at once. */
  isDue({ gain, few }: BatchGradients, iteration: number): boolean {
    const { gateEvery, iterations } = this.options;
    const isStalled = this.isWaiting && gain <= 0;
    return isStalled || few || this.#waited + 1 >= gateEvery || iteration === iterations;
  }

  /** The proposals wait for a later iteration. */
  defer(proposals: readonly Candidate[]): void {
    this.#pending = proposals;
    this.#waited++;
  }

  /** The gate has looked. */
  settle({ texts, harmless }: GateResult): void {
    this.#incumbent = texts;
    this.#pending = harmless;
    this.#waited = 0;
  }

  /** Nothing is built on what is pending any more. */
  drop(): void {
    this.#pending = [];
    this.#waited = 0;
  }

  /** An iteration ended that did not only wait. */
  count(accepted: number): void {
    this.#fruitless = accepted > 0 ? 0 : this.#fruitless + 1;
  }
}
