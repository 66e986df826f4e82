import type { Graph } from "../../graph/graph.ts";
import { topologyOf } from "../../graph/topology.ts";
import { joinedScore, type NodeScore, type Scored } from "../forward/forward.ts";

/** The nodes whose values are scored: those with targets, or a node that failed to compute one of these values. */
export function judgedIn(score: Scored | null, output: string): string[] {
  const own = Object.entries(score?.nodes ?? {}).map(([id, { failed }]) => failed ?? id);
  return own.length > 0 ? own : [score?.failed ?? output];
}

/** The score of each node that has one, in the form of a sample's score. */
export function scoresIn(score: Scored | null): (readonly [node: string, score: Scored | null])[] {
  if (!score?.nodes) return [];
  const { nodes, failed: _, ...rest } = score;
  return Object.entries(nodes).map(([id, one]) => [id, { ...rest, ...one }]);
}

/**
 * For methods without backward calls: the part of a sample's score that depends on a node's text. It is the score of the
 * node itself if it has one, else those of the first scored nodes behind it, as gradients end at a node whose right value
 * is known. null: nothing behind the node is scored in this sample.
 */
export function scoreBehind(graph: Graph): (node: string, score: Scored) => NodeScore | null {
  const { successors } = topologyOf(graph);
  return (node, score) => {
    if (!score.nodes) return score;
    const nodes = new Map(Object.entries(score.nodes));
    const found = new Map<string, NodeScore>();
    const seen = new Set<string>();
    const visit = (id: string) => {
      if (seen.has(id)) return;
      seen.add(id);
      const own = nodes.get(id);
      if (own) found.set(id, own);
      else for (const reader of successors(id)) visit(reader);
    };
    visit(node);
    const own = found.get(node);
    return own ?? (found.size === 0 ? null : joinedScore([...found], graph.output));
  };
}
