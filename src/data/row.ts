/** One object of a data file. */
export interface Row {
  /** From 1: the line of a JSON Lines file, else the position among the rows (a CSV header is none). */
  readonly number: number;
  /** A JSON number that JavaScript would write otherwise is a `LosslessNumber`, which keeps its digits. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface BrokenRow {
  readonly number: number;
  /** What is wrong with it, to follow a colon. */
  readonly reason: string;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly broken: readonly BrokenRow[];
  /** Names that the header of a table has more than once: which column is meant is unknown. */
  readonly repeated?: readonly string[];
  /** What is missing from the file as a whole, as a sentence. */
  readonly note?: string;
}

/** A file that holds no data that can be read, whatever its rows. */
export class DataUnreadable extends Error {
  override readonly name = "DataUnreadable";
  constructor(
    /** To follow the name of the file: "is a Git LFS pointer". */
    readonly problem: string,
    /** What to do: a sentence. */
    readonly remedy: string,
  ) {
    super(problem);
  }
}

/** Lets others have a turn when there was much to do: a large file is read in many. */
export type Breathe = () => Promise<void>;

/** What a graph file says of a data file. */
export interface ReadOptions {
  /** Path of the list of rows in a JSON file, with dots. */
  readonly list?: string | undefined;
  /** Names that a list in a JSON file may have to be chosen: those of the set that it is read for. */
  readonly names?: readonly string[];
}

/** Rows that cannot be read, after which the rest is not looked at: each takes as long as a hundred that can. */
export const MOST_BROKEN = 1_000;
