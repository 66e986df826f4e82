import type { JsonDocument } from "../syntax/document.ts";
import type { NamedRange, Outline, OutlineNode } from "../syntax/outline.ts";
import { namesOf } from "../syntax/symbols.ts";
import { didYouMean } from "./did-you-mean.ts";
import { rename } from "./quick-fixes.ts";

/** Kinds of nodes that can run for each element of a list. */
export const IN_BODY: ReadonlySet<string> = new Set(["llm", "function", "retriever", "tool"]);

/**
 * Checks maps over several nodes: what runs for each element of a list, and is read there alone, so that every value is
 * either one of a sample or one of an element.
 */
export function checkMaps(document: JsonDocument, outline: Outline): void {
  const mapOf = new Map<string, OutlineNode>();
  for (const map of outline.nodes.filter(({ body }) => body.length > 0)) {
    checkList(document, outline, map);
    for (const member of map.body) {
      const node = memberIn(document, outline, map, member);
      if (!node) continue;
      const other = mapOf.get(node.id);
      if (other) {
        const message = document.t('"{0}" runs in "{1}" already.', node.id, other.id);
        document.add("wrong-value", member.range, message, document.t("Remove it from one of the two lists."));
      }
      mapOf.set(node.id, map);
    }
  }
  if (mapOf.size > 0) checkReaders(document, outline, mapOf);
}

function checkList(document: JsonDocument, outline: Outline, { id, over, body }: OutlineNode): void {
  const names = namesOf(outline);
  if (over && !names.has(over.name)) {
    const message = document.t(
      '"over" of "{0}" names "{1}", which is not a node or an input of the graph.',
      id,
      over.name,
    );
    unknownName(document, over, names, message, document.t("Name the node whose value is the list."));
  }
  const first = body[0];
  const lists = new Set([over?.name, ...body.map(({ name }) => name)]);
  for (const { name, range } of body) {
    const node = outline.nodes.find((one) => one.id === name);
    if (!node || !first || node.inputs.some((input) => lists.has(input.name))) continue;
    const message = document.t(
      '"{0}" runs for each element of "{1}", but reads nothing of the element.',
      name,
      over?.name ?? "",
    );
    const remedy = document.t('Add "{0}" to its inputs, or remove it from "nodes" of "{1}".', over?.name ?? "", id);
    document.add("wrong-value", range, message, remedy);
  }
}

function memberIn(document: JsonDocument, outline: Outline, map: OutlineNode, member: NamedRange): OutlineNode | null {
  const node = outline.nodes.find(({ id }) => id === member.name);
  if (!node) {
    const ids = outline.nodes.map(({ id }) => id);
    const message = document.t('"nodes" of "{0}" names "{1}", which is not a node.', map.id, member.name);
    unknownName(document, member, ids, message, document.t("Name nodes of this file."));
    return null;
  }
  if (!IN_BODY.has(node.kind)) {
    const message = document.t(
      '"{0}" can\'t run for each element, because it is a node of kind "{1}".',
      node.id,
      node.kind === "join" ? "map" : node.kind,
    );
    const remedy = document.t("Name nodes of these kinds: {0}.", [...IN_BODY].join(", "));
    document.add("wrong-value", member.range, message, remedy);
  }
  return node;
}

/** Adds a fault for an unknown name, and offers the nearest known one. @param remedy if none is near */
function unknownName(
  document: JsonDocument,
  { name, range }: NamedRange,
  names: Iterable<string>,
  message: string,
  remedy: string,
): void {
  const meant = didYouMean(name, names);
  const help = meant ? document.t('Did you mean "{0}"?', meant) : remedy;
  document.add("unknown-name", range, message, help, () => (meant ? [rename(document, range, meant)] : []));
}

function checkReaders(document: JsonDocument, outline: Outline, mapOf: ReadonlyMap<string, OutlineNode>): void {
  const inside = (name: string, at: { start: number; end: number }) => {
    const map = mapOf.get(name)?.id ?? "";
    const message = document.t('"{0}" runs for each element in "{1}", so it has no single value here.', name, map);
    document.add("wrong-value", at, message, document.t('Use "{0}", which joins the values.', map), () => [
      rename(document, at, map),
    ]);
  };
  for (const node of outline.nodes) {
    if (node.body.length > 0) continue;
    for (const input of node.inputs) {
      const map = mapOf.get(input.name);
      if (map && mapOf.get(node.id) !== map) inside(input.name, input.range);
    }
  }
  const { output, targets } = outline;
  for (const { name, range } of [...(output ? [output] : []), ...targets]) if (mapOf.has(name)) inside(name, range);
}
