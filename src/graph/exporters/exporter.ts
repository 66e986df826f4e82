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

export type Params = ModelChoice["params"];

/** The model that a node is asked with, and its parameters. `model: null`: none is named. */
export function modelOf(
  node: GraphNode,
  forward: ModelChoice | null,
): { readonly model: string | null; readonly params: Params } {
  return ownModel(node) ?? forward ?? { model: null, params: DEFAULT_PARAMS };
}

/** Parameters by a format's own names, and those that it doesn't name. `others: null`: there are none. */
export function splitParams(
  params: Params,
  names: ReadonlyMap<string, string>,
): { readonly named: Readonly<Record<string, unknown>>; readonly others: Readonly<Record<string, unknown>> | null } {
  const named: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const own = names.get(name);
    if (own === undefined) others[name] = value;
    else named[own] = value;
  }
  return { named, others: Object.keys(others).length > 0 ? others : null };
}
