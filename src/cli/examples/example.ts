/** A row of a data file. */
export type Row = Readonly<Record<string, unknown>>;

export interface ExampleRows {
  readonly train: readonly Row[];
  readonly validation: readonly Row[];
  readonly test: readonly Row[];
}

/** The user's own copy of a data set: rows never come with the product. */
export interface DataFolder {
  /**
   * Reads all rows of the first file that exists.
   * @param names paths in the folder, first as in the project's own copies, then as in the original data
   * @throws DataMissing
   */
  rows(...names: string[]): Promise<readonly Row[]>;
  /** Reads all rows of a table without a header, each as a list of cells. @throws DataMissing */
  cells(...names: string[]): Promise<readonly (readonly string[])[]>;
}

/** A ready graph with its rows. */
export interface Example {
  /** Name on the command line. */
  readonly name: string;
  /** What the graph does, as a sentence. */
  readonly describes: string;
  /** Source of its rows. null if this project wrote them. */
  readonly source: string | null;
  /** Published figures that its scores may be compared with, and the differences. */
  readonly comparable: string;
  /** Number of rows that these figures are about, where it is known. */
  readonly published?: { readonly [set in keyof ExampleRows]?: number };
  /** The graph file without `version` and `data`. */
  readonly graph: Readonly<Record<string, unknown>>;
  /** Files that the graph names, by path relative to the graph file. Default: none. */
  readonly files?: Readonly<Record<string, string>>;
  /** Properties of `data`, such as `fields` and `target`. */
  readonly data: Readonly<Record<string, unknown>>;
  rows(folder: DataFolder): Promise<ExampleRows>;
}

/** What its scores may be compared with, given the rows of the user's own copy. @param rows numbers of rows */
export function comparableWith(
  { comparable, published = {} }: Example,
  rows: { readonly [set in keyof ExampleRows]: number },
): string {
  const named = { train: "training", validation: "validation", test: "test" } as const;
  const fewer = (["train", "validation", "test"] as const).flatMap((set) => {
    const whole = published[set] ?? 0;
    return rows[set] < whole ? [`${rows[set]} of ${whole} ${named[set]} rows`] : [];
  });
  return fewer.length === 0 ? comparable : `${comparable} Your copy has only ${fewer.join(", ")}.`;
}

export class DataMissing extends Error {
  override readonly name = "DataMissing";
  constructor(readonly wanted: readonly string[]) {
    super(`None of these files is there: ${wanted.join(", ")}.`);
  }
}
