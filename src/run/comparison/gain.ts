/** A difference between two sides, sample by sample. */
export interface Gain {
  readonly mean: number;
  /** 0 … 0: no sample differs, for example between identical texts. */
  readonly interval: readonly [number, number];
  /** Number of samples whose mean over the repeats is higher, and lower. */
  readonly better: number;
  readonly worse: number;
  /** p of the sign-flip permutation test, uncorrected. */
  readonly p: number;
  /** The same, corrected for the number of comparisons. */
  readonly adjusted: number;
  /** Whether the adjusted p is at most 0.05 and the interval excludes 0. */
  readonly isSignificant: boolean;
}
