import { rowsText } from "../graph/example-rows.ts";
import type { GraphNode } from "../graph/graph.ts";
import { placeholders } from "../graph/template.ts";
import type { InvalidReason } from "./events.ts";
import type { Leaks } from "./leaks.ts";

/**
 * Why a text may not stand in for a node's, whatever it scores; null where it may.
 * @param base the text that it would replace
 * @param leaks whether it holds what belongs to one sample
 */
export function violation(node: GraphNode, base: string, text: string, leaks: Leaks): InvalidReason | null {
  if (placeholders(base).some((name) => !placeholders(text).includes(name))) return "drops a placeholder";
  if (node.keep.some((kept) => base.includes(kept) && !text.includes(kept))) return "drops a text to keep";
  if (holdsRows(node) && rowsText(text) !== text) return "no rows of examples";
  if (node.maxWords !== null && words(text) > Math.max(node.maxWords, words(base))) return "longer than maxWords";
  if (leaks(base, text)) return "leaks a training target";
  return null;
}

/** The text of this node is written back as rows. */
export function holdsRows(node: GraphNode): boolean {
  return "form" in node && node.form === "rows";
}

function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
