import type { Scored } from "../forward/forward.ts";

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
