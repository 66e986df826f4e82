/** A row as it stands in a data file. */
export type Row = Readonly<Record<string, unknown>>;

export interface ExampleRows {
  readonly train: readonly Row[];
  readonly validation: readonly Row[];
  readonly test: readonly Row[];
}

/** The user's own copy of a data set: rows never come with the product. */
export interface DataFolder {
  /**
   * All rows of the first of these files that is there.
   * @param names of files under the folder: as the project's own copies have them, or as upstream does
   * @throws DataMissing
   */
  rows(...names: string[]): Promise<readonly Row[]>;
  /** The same of a table without a header, its cells from the left. @throws DataMissing */
  cells(...names: string[]): Promise<readonly (readonly string[])[]>;
}

/** A ready graph with its rows. */
export interface Example {
  /** As the command line names it. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly describes: string;
  /** Where its rows come from; null: they are made here. */
  readonly source: string | null;
  /** What its figures may be compared with, and what differs. */
  readonly comparable: string;
  /** The graph file without `version` and `data`. */
  readonly graph: Readonly<Record<string, unknown>>;
  /** Files that the graph names, by their paths beside it. Absent: none. */
  readonly files?: Readonly<Record<string, string>>;
  /** `data.fields`, `data.target` and the like. */
  readonly data: Readonly<Record<string, unknown>>;
  rows(folder: DataFolder): Promise<ExampleRows>;
}

export class DataMissing extends Error {
  override readonly name = "DataMissing";
  constructor(readonly wanted: readonly string[]) {
    super(`None of these files is there: ${wanted.join(", ")}.`);
  }
}
