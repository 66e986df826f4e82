import { type TextStatus, textStatusOf } from "../../graph/edits/text-status.ts";
import type { Graph, Texts } from "../../graph/graph.ts";

export interface TextsSince {
  /** `base`: the texts from the start of the run. `proposed`: with all accepted changes. `changed`: others. */
  readonly status: TextStatus;
  /** Nodes with a text that is neither of the two. */
  readonly changed: readonly string[];
}

/**
 * How the texts in the file compare with those of a run, so that nobody takes its scores for theirs.
 * @param run its graph and its texts at the start and at the end
 * @param accepted nodes with an accepted change
 * @param now the graph as in the file; null: unknown
 */
export function textsSince(
  run: { readonly graph: Graph; readonly startTexts: Texts; readonly texts: Texts },
  accepted: ReadonlySet<string>,
  now: Graph | null,
): TextsSince {
  if (!now) return { status: "unknown", changed: [] };
  const found = Object.entries(run.startTexts).map(([node, base]) => {
    const text = accepted.has(node) ? (run.texts[node] ?? base) : base;
    return { node, status: textStatusOf({ node, base, text }, run.graph, now) };
  });
  const changed = found.filter(({ status }) => status === "changed").map(({ node }) => node);
  if (changed.length > 0) return { status: "changed", changed };
  const isIn = found.every(({ node, status }) => !accepted.has(node) || status === "proposed");
  return { status: isIn ? "proposed" : "base", changed };
}

/** Nodes with an accepted change. */
export function acceptedNodes(
  proposals: readonly { readonly node: string; readonly decision: string }[],
): ReadonlySet<string> {
  return new Set(proposals.filter(({ decision }) => decision === "accepted").map(({ node }) => node));
}
