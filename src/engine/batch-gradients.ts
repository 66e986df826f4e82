import type { Texts } from "../graph/graph.ts";

/** One element of G_θ: what a parameter worked on for one sample, what came out, and the gradient of its text. */
export interface GradientContext {
  readonly sample: string;
  readonly inputs: readonly { readonly name: string; readonly value: string }[];
  readonly output: string;
  /** Right answers to the sample. */
  readonly expected: readonly string[];
  /** Empty: this sample asks for no change of this text. */
  readonly gradient: string;
}

/** Parameter id → its element of G_θ; null when the sample was dropped because a call failed. */
export type BackwardPass = ReadonlyMap<string, Promise<GradientContext | null>>;

/** What one iteration's training samples say under one Θ. */
export interface BatchGradients {
  /** Old Θ: all proposals of the batch start from the same one. */
  readonly texts: Texts;
  /** Training samples looked at. */
  readonly looked: number;
  /** Samples that went right and were wrong under the Θ they were looked at with before, less those that went wrong. */
  readonly gain: number;
  /** Nothing was gained, and the samples that were right before and were looked at too are all wrong now. */
  readonly broke: boolean;
  /** Ids of the samples with l > τ. */
  readonly failing: readonly string[];
  /** Ids of some of the samples with l ≤ τ. */
  readonly rightOnes: readonly string[];
  /** At most a quarter of the samples looked at fail. */
  readonly few: boolean;
  /** G_θ of one parameter, over the failing samples whose gradient is not empty. */
  readonly contexts: (parameter: string) => Promise<readonly GradientContext[]>;
  /** The same parameter in samples that went right. */
  readonly right: (parameter: string) => Promise<readonly GradientContext[]>;
}
