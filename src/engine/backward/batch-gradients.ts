import type { Texts } from "../../graph/graph.ts";

/** One element of G_θ: a parameter's inputs and output for one sample, and the gradient of its text. */
export interface GradientContext {
  readonly sample: string;
  readonly inputs: readonly { readonly name: string; readonly value: string }[];
  readonly output: string;
  /** Correct answers to the sample. */
  readonly expected: readonly string[];
  /** Empty: this sample asks for no change of this text. */
  readonly gradient: string;
}

/** Parameter id → its element of G_θ; null when the sample was dropped because a call failed. */
export type BackwardPass = ReadonlyMap<string, Promise<GradientContext | null>>;

/** The gradients of one iteration's training samples under one Θ. */
export interface BatchGradients {
  /** Old Θ: all proposals of the batch start from the same one. */
  readonly texts: Texts;
  /** Number of training samples that were run. */
  readonly looked: number;
  /** Samples that were wrong under the Θ of their last run and are right now, minus those that went the other way. */
  readonly gain: number;
  /** Nothing was gained, and all samples of the batch that were right before are wrong now. */
  readonly broke: boolean;
  /** Ids of the samples with l > τ. */
  readonly failing: readonly string[];
  /** Ids of some of the samples with l ≤ τ. */
  readonly rightOnes: readonly string[];
  /** At most a quarter of the samples fail. */
  readonly few: boolean;
  /** G_θ of one parameter, over the failing samples whose gradient is not empty. */
  readonly contexts: (parameter: string) => Promise<readonly GradientContext[]>;
  /** The same parameter in samples that were right. */
  readonly right: (parameter: string) => Promise<readonly GradientContext[]>;
}
