import { type Document, isAlias, isMap, isScalar, isSeq, type Node, parseAllDocuments, type Scalar } from "yaml";
import type { Translate } from "../../i18n/locale.ts";
import type { Range, TextEdit } from "../fault.ts";
import { applyEdits } from "../fault.ts";
import { plainText } from "../text/text.ts";
import { rangeBySigns } from "./escapes.ts";
import { stepsTo } from "./part.ts";
import { type NoText, type PlacedText, TextUnfit, withoutLineEnds } from "./placed-text.ts";
import { type ScalarPlace, scalarEdits } from "./yaml-scalar.ts";

/** A text under a key of a YAML file. Comments, order, quoting, anchors and the style of the text stay. */
export function yamlText(content: string, key: string, t: Translate): PlacedText | NoText {
  const documents = documentsIn(content);
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) {
    const line = content.slice(0, broken.pos[0]).split("\n").length;
    const problem = t("is not valid YAML (line {0}: {1})", line, broken.message.split(/ at line |\n/)[0] ?? "");
    return { problem, remedy: t("Correct the file.") };
  }
  const looks = documents.map((document) => lookUp(document, key, t));
  const found = looks.find((look) => "place" in look);
  if (!found || !("place" in found))
    return looks[0] && "problem" in looks[0]
      ? looks[0]
      : { problem: t("is empty"), remedy: t("Name a key of the file.") };
  const { place } = found;
  const value = String(place.scalar.value);
  const [start, end] = place.scalar.range ?? [0, 0];
  const text = withoutLineEnds(plainText(value));
  const range = { start, end };
  return {
    text,
    range,
    rangeOf: (offset, length) => partOf(content, place.scalar, text, offset, length) ?? range,
    edits(wanted) {
      // Line ends at the end of a block belong to the file.
      const whole = withoutLineEnds(wanted) + value.slice(withoutLineEnds(value).length);
      for (const edits of scalarEdits(content, place, whole)) {
        if (isOnlyChange(content, edits, documents, place.scalar, whole)) return edits;
      }
      throw new TextUnfit("cannot be written under its key without a change to other parts of the file");
    },
  };
}

function documentsIn(content: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(content, { uniqueKeys: false, logLevel: "silent", keepSourceTokens: true });
  return Array.isArray(documents) ? documents : [];
}

function lookUp({ contents }: Document.Parsed, key: string, t: Translate): { readonly place: ScalarPlace } | NoText {
  let inFlow = false;
  const walk = (steps: readonly string[]): Node | null => {
    let node: Node | null = contents;
    inFlow = false;
    for (const step of steps) {
      inFlow ||= isFlow(node);
      node = member(node, step);
    }
    return node;
  };
  const steps = stepsTo(key, (before, name) => isMap(walk(before)) && member(walk(before), name) !== null);
  const node = walk(steps);
  const name = JSON.stringify(key);
  if (isAlias(node)) {
    const problem = t("repeats another text ({0}) under the key {1}", `*${node.source}`, name);
    return { problem, remedy: t("Name the key that has {0}.", `&${node.source}`) };
  }
  if (isScalar(node) && typeof node.value === "string") return { place: { scalar: node, inFlow } };
  if (node)
    return { problem: t("has no text under the key {0}", name), remedy: t("Name a key whose value is a text.") };
  const parent = walk(steps.slice(0, -1));
  const near = steps.length > 1 && keysOf(parent).length > 0 ? keysOf(parent) : keysOf(contents);
  const shown = near.slice(0, 8).map((one) => JSON.stringify(one));
  const remedy = shown.length > 0 ? t("Name one of its keys: {0}.", shown.join(", ")) : t("Correct the key.");
  return { problem: t("has no key {0}", name), remedy };
}

function isFlow(node: Node | null): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

function member(node: Node | null, step: string): Node | null {
  if (isSeq(node)) return /^\d+$/.test(step) ? asNode(node.items[Number(step)]) : null;
  if (!isMap(node)) return null;
  return asNode(node.items.findLast(({ key }) => isScalar(key) && String(key.value) === step)?.value);
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value) ? value : null;
}

function keysOf(node: Node | null): string[] {
  if (isSeq(node)) return node.items.map((_, at) => String(at));
  return isMap(node) ? node.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
}

/** Range of a part of the text; null if it is unknown. */
function partOf(content: string, scalar: Scalar, text: string, offset: number, length: number): Range | null {
  const [start = 0, end = 0] = scalar.range ?? [];
  switch (scalar.type) {
    case "QUOTE_DOUBLE":
      return rangeBySigns(content, { start: start + 1, end: end - 1 }, "backslash", text, offset, length);
    case "QUOTE_SINGLE":
      return rangeBySigns(content, { start: start + 1, end: end - 1 }, "doubled quote", text, offset, length);
    case "PLAIN":
      return rangeBySigns(content, { start, end }, "none", text, offset, length);
    default: {
      const header = /^[^\r\n]*/.exec(content.slice(start, end))?.[0].length ?? 0;
      return rangeBySigns(content, { start: start + header, end }, "none", text, offset, length);
    }
  }
}

/** Whether the edited file has the text at its place and is otherwise unchanged. */
function isOnlyChange(
  content: string,
  edits: readonly TextEdit[],
  before: readonly Document.Parsed[],
  scalar: Scalar,
  wanted: string,
): boolean {
  const after = documentsIn(applyEdits(content, edits));
  if (after.length !== before.length || after.some(({ errors }) => errors.length > 0)) return false;
  const expected = before.map(({ contents, commentBefore, comment }) => [
    shapeOf(contents, (node) => (node === scalar ? wanted : node.value)),
    commentBefore,
    comment,
  ]);
  const found = after.map(({ contents, commentBefore, comment }) => [
    shapeOf(contents, ({ value }) => value),
    commentBefore,
    comment,
  ]);
  return JSON.stringify(expected) === JSON.stringify(found);
}

/** Values with their keys, anchors, tags and comments; aliases as written. */
function shapeOf(node: unknown, read: (scalar: Scalar) => unknown): unknown {
  if (isAlias(node)) return ["*", node.source, node.comment, node.commentBefore];
  if (isScalar(node)) {
    const value = read(node);
    const shown = typeof value === "bigint" || typeof value === "number" ? String(value) : value;
    return [typeof value, shown, node.anchor, node.tag, node.comment, node.commentBefore];
  }
  if (isMap(node)) {
    const items = node.items.map(({ key, value }) => [shapeOf(key, read), shapeOf(value, read)]);
    return ["{", items, node.anchor, node.tag, node.comment, node.commentBefore];
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => shapeOf(item, read));
    return ["[", items, node.anchor, node.tag, node.comment, node.commentBefore];
  }
  return node === null || node === undefined ? null : ["?", String(node)];
}
