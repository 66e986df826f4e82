import { didYouMean } from "../graph/checks/did-you-mean.ts";
import { canChangeInputs, openInputs } from "../graph/edges.ts";
import type { Graph } from "../graph/graph.ts";
import type { GraphFile } from "../graph/schema/schema.ts";
import type { JsonDocument } from "../graph/syntax/document.ts";
import type { Outline } from "../graph/syntax/outline.ts";
import { methods } from "../methods/registry.ts";

type Options = GraphFile["optimize"];

/** The graph with the nodes whose inputs a run of the file can change. */
export function withOptimizedEdges(graph: Graph, { edges, method }: Options): Graph {
  const isTuned = methods[method]?.tunesEdges === true;
  return openInputs(
    graph,
    ({ id, trainable }) => isTuned && (typeof edges === "boolean" ? edges && trainable : edges.includes(id)),
  );
}

/** Adds the faults of `optimize.edges`. */
export function checkOptimizedEdges({ edges, method }: Options, { nodes }: Outline, document: JsonDocument): void {
  if (edges === false) return;
  const { t } = document;
  const tuning = Object.keys(methods).filter((name) => methods[name]?.tunesEdges);
  if (Object.hasOwn(methods, method) && !tuning.includes(method)) {
    const message = t('The method {0} changes texts alone, so "edges" has no effect.', method);
    document.addAt("no-effect", ["optimize", "edges"], message, t("Use one of: {0}.", tuning.join(", ")));
  }
  if (!Array.isArray(edges)) return;
  const changing = nodes.filter(canChangeInputs).map(({ id }) => id);
  edges.forEach((id, at) => {
    if (changing.includes(id)) return;
    const known = nodes.find((node) => node.id === id);
    const meant = known ? undefined : didYouMean(id, changing);
    const message = known
      ? t('The inputs of "{0}" can\'t change, because it is a node of the kind {1}.', id, known.kind)
      : t('"edges" names "{0}", which is not a node.', id);
    const remedy = meant
      ? t('Did you mean "{0}"?', meant)
      : t("Name nodes that ask a model: {0}.", changing.join(", "));
    document.addAt("unknown-name", ["optimize", "edges", at], message, remedy);
  });
}
