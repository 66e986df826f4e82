import { rowsText } from "../../graph/example-rows.ts";
import { type GraphNode, languageOf } from "../../graph/graph.ts";
import { unfitFor } from "../../graph/places/place.ts";
import { rolesOf } from "../../graph/text/role-marks.ts";
import { isFormatString, placeholderOf, placeholders } from "../../graph/text/templating.ts";
import type { InvalidReason } from "../events.ts";
import type { Leaks } from "./leaks.ts";

/**
 * Why a text can't replace a node's text, regardless of its score; null if it can.
 * @param base the text that it would replace
 * @param leaks whether it contains content of one sample
 */
export function violation(node: GraphNode, base: string, text: string, leaks: Leaks): InvalidReason | null {
  const unfit = languageOf(node) === null ? placeholderViolation(node, base, text) : null;
  if (unfit) return unfit;
  if (node.keep.some((kept) => base.includes(kept) && !text.includes(kept))) return "drops a text to keep";
  if (unfitFor(node.part, base, text) !== null) return "does not fit its file";
  if (rolesOf(base).join() !== rolesOf(text).join()) return "changes the roles";
  if (isWrittenAsRows(node) && rowsText(text) !== text) return "no rows of examples";
  if (node.maxWords !== null && words(text) > Math.max(node.maxWords, words(base))) return "longer than maxWords";
  if (leaks(base, text)) return "leaks a training target";
  return null;
}

function placeholderViolation(node: GraphNode, base: string, text: string): InvalidReason | null {
  const named = new Set(placeholders(text, node));
  if (placeholders(base, node).some((name) => !named.has(name))) return "drops a placeholder";
  const marks = new Set(marksIn(text));
  if (marksIn(base).some((mark) => !marks.has(mark))) return "drops a placeholder";
  return inventsPlaceholder(node, base, text) ? "invents a placeholder" : null;
}

/** Whether the text of this node is written back as rows. */
export function isWrittenAsRows(node: GraphNode): boolean {
  return "form" in node && node.form === "rows";
}

/**
 * Whatever looks like a placeholder in any template language, without spaces: `{name}`, `${name}`, `{% if x %}`, `{{
 * name | upper }}`, `\{{`. Braces after a word or a brace are LaTeX.
 */
function marksIn(text: string): string[] {
  const marks = text.match(
    /\\\{\{|\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,80}%\}|\$\{[^{}\n]{1,80}\}|(?<![\w}\\^_${])\{[A-Za-z_][\w.-]{0,60}\}(?!\})/g,
  );
  return (marks ?? []).map((mark) => mark.replace(/\s+/g, ""));
}

/** Whether the text has a new name in double braces that is not an input of the node: it would be sent as is. */
function inventsPlaceholder(node: GraphNode, base: string, text: string): boolean {
  const named = (one: string) => placeholders(one, node);
  const known = new Set([...named(base), ...named(node.text), ...node.inputs, ...Object.keys(node.variables ?? {})]);
  if (named(text).some((name) => !known.has(name))) return true;
  // Other braces would break the program that fills in this text.
  if (node.templating === "python" && isFormatString(base, node.looseNames) && !isFormatString(text, node.looseNames))
    return true;
  const before = new Set([...marksIn(base), ...marksIn(node.text)]);
  const names = new Set(named(text).map((name) => placeholderOf(name, node.templating).replaceAll(" ", "")));
  return marksIn(text).some((mark) => /^\{\{|^\{%/.test(mark) && !before.has(mark) && !names.has(mark));
}

function words(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
