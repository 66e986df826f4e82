import type { Translate } from "../../i18n/locale.ts";
import type { Range } from "../fault.ts";
import { fillsIn, traitsOf } from "../node-kinds.ts";
import { type JsonDocument, rangeOf } from "../syntax/document.ts";
import type { Outline, OutlineNode } from "../syntax/outline.ts";
import { inlinePlaceholders, inlineRanges, type Use } from "../syntax/symbols.ts";
import { ignoredRole } from "../text/role-marks.ts";
import { findPlaceholders, placeholderOf } from "../text/templating.ts";
import { didYouMean } from "./did-you-mean.ts";
import { type ForeignMark, foreignMarks, type GraphNames } from "./foreign-templates.ts";
import { addInput, change, correctPlaceholder, removeChildren } from "./quick-fixes.ts";

/** Maximum number of texts in `keep` to search for: each may search a megabyte. */
const MOST_KEPT = 50;

/**
 * Checks a node's text, in the graph file or its own: placeholders that are not inputs, and missing texts from
 * `keep`.
 * @param names of the graph
 * @param text the decoded text
 * @param firstLine of the text in its own file, from 1
 */
export function checkText(
  document: JsonDocument,
  outline: Outline,
  names: GraphNames,
  node: OutlineNode,
  text: string,
  firstLine = 1,
): void {
  if (traitsOf(node).text === "code" || node.language !== null) return;
  const use = fillsIn(node) ? "instruction" : traitsOf(node).text;
  const inputs = new Set([...node.inputs.map(({ name }) => name), ...Object.keys(node.variables)]);
  for (const { name, place, range } of placeholdersOf(document, node, text)) {
    if (inputs.has(name) || document.isFull) continue;
    const known = use === "instruction" && names.has(name) && name !== node.id;
    const meant = document.isCrowded ? null : didYouMean(name, inputs);
    const { message, remedy } = placeholderFault(node, name, known, meant, document.t);
    document.add("unknown-placeholder", range, message, remedy, () => [
      ...(known ? addInput(document, outline, node.id, name) : []),
      ...(place && use === "instruction" && node.templating === "mustache"
        ? correctPlaceholder(document, place, meant, "\\\\")
        : []),
    ]);
  }
  checkForeignTemplates(document, node, text, { inputs, names }, firstLine);
  if (use === "instruction" && node.frame === null) checkRoles(document, node, text, firstLine);
  const keep = document.at(["nodes", node.id, "keep"])?.children ?? [];
  for (const entry of keep.slice(0, MOST_KEPT)) {
    if (typeof entry.value !== "string" || text.includes(entry.value)) continue;
    const message = document.t(
      'The text of "{0}" does not contain {1}, which is listed in "keep".',
      node.id,
      JSON.stringify(entry.value),
    );
    document.add(
      "kept-text-absent",
      rangeOf(entry),
      message,
      document.t('Add it to the text, or remove it from "keep".'),
      () => removeChildren(document, ["nodes", node.id, "keep"], [entry.offset], document.t('Remove it from "keep"')),
    );
  }
}

/** Adds a fault for each mark of another template language, because it would be sent unchanged. */
function checkForeignTemplates(
  document: JsonDocument,
  node: OutlineNode,
  text: string,
  { inputs, names }: { readonly inputs: ReadonlySet<string>; readonly names: GraphNames },
  firstLine: number,
): void {
  const find = (content: string) => foreignMarks(content, inputs, node, names, node.id);
  const reference = node.text?.reference ?? null;
  const found =
    reference !== null
      ? find(text).map((mark) => ({
          ...mark,
          range: document.rangeAt(["nodes", node.id, node.text?.key ?? "", "file"]),
        }))
      : inlineRanges(document, node, find);
  for (const { range, ...mark } of found.slice(0, MOST_FOREIGN)) {
    const line = firstLine + text.slice(0, mark.offset).split("\n").length - 1;
    const { code, message, remedy } = foreignMarkFault(node, mark, document.t);
    document.add(code, range, reference === null ? message : `${reference}:${line}: ${message}`, remedy, () =>
      mark.instead !== null && reference === null ? [change(document, range, mark.instead)] : [],
    );
  }
}

function checkRoles(document: JsonDocument, node: OutlineNode, text: string, firstLine: number): void {
  const stray = ignoredRole(text);
  if (!stray) return;
  const line = firstLine + text.slice(0, stray.offset).split("\n").length - 1;
  const place = node.text?.reference == null ? "" : `${node.text.reference}:${line}: `;
  const message = document.t(
    '"{0}" does not start a message, because the text doesn\'t begin with a role. The whole text is sent as one message.',
    stray.line,
  );
  const path = ["nodes", node.id, node.text?.key ?? ""];
  document.addAt(
    "unclear-roles",
    path,
    place + message,
    document.t('Begin the text with the line "system:" to send each part as a message.'),
  );
}

/** Maximum number of faults of one text. */
const MOST_FOREIGN = 20;

/** The fault of a mark of another template language. Nothing is filled in where a text is a node's value. */
export function foreignMarkFault(node: OutlineNode, { shown, what, instead, isHint }: ForeignMark, t: Translate) {
  const message = t("{0} is {1}, which AgentGraph doesn't fill in.", shown, t(what));
  if (!fillsIn(node)) {
    const remedy = t("Move it to the instruction of a node that reads this text.");
    return { code: "unknown-placeholder", message, remedy } as const;
  }
  if (isHint && instead) {
    const remedy = t("To insert the value, write {0}.", instead);
    return { code: "unknown-placeholder", message, remedy } as const;
  }
  const braces = literalBraces(node, t);
  if (isHint) {
    const remedy = t("Write {0} for the value of an input, or {1}.", placeholderOf("name", node.templating), braces);
    return { code: "unknown-placeholder", message, remedy } as const;
  }
  const remedy = instead
    ? t("Write {0}, or {1}.", instead, braces)
    : t("Write {0} for the value of an input, or {1}.", placeholderOf("name", node.templating), braces);
  return { code: "foreign-template", message, remedy } as const;
}

/** How to send braces, as a clause. */
function literalBraces({ templating }: OutlineNode, t: Translate): string {
  if (templating === "python") return t("double its braces to send them");
  return templating === "jinja"
    ? t("put it between {% raw %} and {% endraw %} to send it")
    : t("put a backslash before it to send the braces");
}

/** The fault of a `{{name}}` that is not an input of the node. @param known whether the graph has the name */
export function placeholderFault(node: OutlineNode, name: string, known: boolean, meant: string | null, t: Translate) {
  const { id, templating } = node;
  const written = placeholderOf(name, templating);
  const message = t('"{0}" has no input "{1}", so {2} is sent as it is.', id, name, written);
  if (!fillsIn(node)) return { message, remedy: t("Move it to the instruction of a node that reads this text.") };
  if (known) return { message, remedy: t('Add "{0}" to the inputs of "{1}".', name, id) };
  if (meant) return { message, remedy: t("Did you mean {0}?", placeholderOf(meant, templating)) };
  if (templating !== "mustache") return { message, remedy: t("Correct the name, or {0}.", literalBraces(node, t)) };
  return { message, remedy: t("Correct the name, or write {0} to send the braces.", `\\${written}`) };
}

/**
 * Each placeholder of a node's text with its place. In a separate file, the place is where the graph names the file.
 */
function placeholdersOf(document: JsonDocument, node: OutlineNode, text: string) {
  const inline: { name: string; range: Range; place: Use | null }[] = inlinePlaceholders(document, node).map(
    (place) => ({
      name: place.name,
      range: place.around,
      place,
    }),
  );
  const range = node.text?.range;
  if (inline.length > 0 || !range) return inline;
  return findPlaceholders(text, node).map(({ name }) => ({ name, range, place: null }));
}
