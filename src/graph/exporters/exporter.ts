import { DEFAULT_PARAMS } from "../build-graph.ts";
import { type Graph, type GraphNode, type ModelChoice, ownModel } from "../graph.ts";

/** The result of an exporter, and the parts of the graph that it leaves out. */
export interface Exported {
  /** Name → text: one file or several. */
  readonly files: Readonly<Record<string, string>>;
  /** Sentences about what the format can't represent. */
  readonly left: readonly string[];
}

export interface ExportSource {
  readonly graph: Graph;
  /** The model of the role `forward`, and its parameters; null: none is named. */
  readonly model: ModelChoice | null;
  /** Name of the files without an extension. */
  readonly name: string;
}

export interface Exporter {
  readonly describes: string;
  export(source: ExportSource): Exported;
}

/** The model that a node is asked with, and its parameters. `model: null`: none is named. */
export function modelOf(
  node: GraphNode,
  forward: ModelChoice | null,
): { readonly model: string | null; readonly params: ModelChoice["params"] } {
  return ownModel(node) ?? forward ?? { model: null, params: DEFAULT_PARAMS };
}
