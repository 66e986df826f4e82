import type { Graph } from "../graph.ts";

/** The result of an exporter, and the parts of the graph that it leaves out. */
export interface Exported {
  /** Name → text: one file or several. */
  readonly files: Readonly<Record<string, string>>;
  /** Sentences about what the format can't represent. */
  readonly left: readonly string[];
}

export interface ExportSource {
  readonly graph: Graph;
  /** The model of the role `forward`; null: none is named. */
  readonly model: string | null;
  /** Name of the files without an extension. */
  readonly name: string;
}

export interface Exporter {
  readonly describes: string;
  export(source: ExportSource): Exported;
}
