/** A difference between two sides, sample by sample. */
export interface Gain {
  readonly mean: number;
  /** 0 … 0: no sample differs, for example between identical texts. */
  readonly interval: readonly [number, number];
  /** Number of samples whose mean over the repeats is higher, and lower. */
  readonly better: number;
  readonly worse: number;
  /** The same on both sides. */
  readonly equal: number;
  /** p over samples and searches, uncorrected. */
  readonly p: number;
  /** The same, corrected for the number of comparisons. */
  readonly adjusted: number;
  /** p over the samples alone, corrected: of the texts that were found, whatever other searches would find. */
  readonly overSamples: number;
  /** Whether the adjusted p is at most 0.05 and the interval excludes 0. */
  readonly isSignificant: boolean;
}
