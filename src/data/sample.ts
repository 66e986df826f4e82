/** One item of the data: query Q and what is accepted as its answer. */
export interface Sample {
  /** The row's id field, else a hash of its inputs; never a row number. Unique in the graph's data. */
  readonly id: string;
  /** Graph input name → value. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Accepted answers; empty when the loss is a judge. */
  readonly targets: readonly string[];
  /** A person's criticism of the answer, which joins ∇_A. */
  readonly feedback: string | null;
}

export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];
export type Data = Readonly<Record<Split, readonly Sample[]>>;
