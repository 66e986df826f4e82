/** A difference, sample by sample. */
export interface Gain {
  readonly mean: number;
  /** 0 … 0: no sample differs, as between the same texts. */
  readonly interval: readonly [number, number];
  /** Samples whose mean over the repeats is higher, and lower. */
  readonly better: number;
  readonly worse: number;
  /** Of the sign-flip permutation test, as it is. */
  readonly p: number;
  /** The same, corrected for the number of comparisons. */
  readonly adjusted: number;
  /** The adjusted p is at most 0.05, and the interval is on one side of 0. */
  readonly isSignificant: boolean;
}
