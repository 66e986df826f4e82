import type { BatchGradients } from "../../engine/backward/batch-gradients.ts";
import type { GateResult } from "../../engine/gate/joint-gate.ts";
import { type Candidate, withTexts } from "../../engine/propose/candidate.ts";
import type { Texts } from "../../graph/graph.ts";
import type { SemanticOptions } from "./options.ts";

/** The incumbent, the proposals that wait for the gate, and how long they have waited. */
export class GateSchedule {
  #incumbent: Texts;
  #pending: readonly Candidate[] = [];
  #waited = 0;
  #fruitless = 0;
  #hasGained = false;
  /** Training samples that the pending proposals mended, minus those that they broke. */
  #mended = 0;

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
   * Proposals that the next ones build on: those that the gate has not judged, and those that it rejected although
   * they did no harm, since another text may complete them.
   */
  get pending(): readonly Candidate[] {
    return this.#pending;
  }

  /** The Θ of the next batch. */
  get texts(): Texts {
    return withTexts(this.#incumbent, this.#pending);
  }

  /** Whether the gate has accepted anything. */
  get hasGained(): boolean {
    return this.#hasGained;
  }

  /** Whether there are proposals that the gate has not judged. */
  get isWaiting(): boolean {
    return this.#waited > 0;
  }

  /** Whether too many iterations in a row brought no improvement. */
  get isExhausted(): boolean {
    return this.#fruitless >= this.options.patience;
  }

  /** Whether the run ends if this iteration brings no improvement. */
  get isLastTry(): boolean {
    return this.#fruitless + 1 >= this.options.patience;
  }

  /** Whether proposals that the gate found harmless do harm in training, so that nothing builds on them. */
  isRefuted({ broke }: BatchGradients): boolean {
    return broke && this.#pending.length > 0 && !this.isWaiting;
  }

  /** Whether the pending proposals put more training samples right than wrong. */
  get hasMended(): boolean {
    return this.#mended > 0;
  }

  /** Takes note of what the pending proposals did to the training samples of a batch. */
  note({ gain }: Pick<BatchGradients, "gain">): void {
    if (this.isWaiting) this.#mended += gain;
  }

  /** Whether the gate judges this iteration's proposals at once. */
  isDue({ gain, few }: Pick<BatchGradients, "gain" | "few">, iteration: number): boolean {
    const { gateEvery, iterations } = this.options;
    const isStalled = this.isWaiting && gain <= 0;
    return isStalled || few || this.#waited + 1 >= gateEvery || iteration === iterations;
  }

  /** Defers the proposals to a later iteration. */
  defer(proposals: readonly Candidate[]): void {
    this.#pending = proposals;
    this.#waited++;
  }

  /** Takes over the gate's result. */
  settle({ texts, accepted, harmless }: GateResult): void {
    this.#incumbent = texts;
    this.#hasGained ||= accepted.length > 0;
    this.#pending = harmless;
    this.#waited = 0;
    this.#mended = 0;
  }

  /** Drops the pending proposals. */
  drop(): void {
    this.#pending = [];
    this.#waited = 0;
    this.#mended = 0;
  }

  /** Counts an iteration that did more than wait. */
  count(accepted: number): void {
    this.#fruitless = accepted > 0 ? 0 : this.#fruitless + 1;
  }
}
