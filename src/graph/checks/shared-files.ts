import type { Range } from "../fault.ts";
import type { JsonDocument } from "../syntax/document.ts";
import type { Outline, OutlineNode } from "../syntax/outline.ts";
import { fixTexts } from "./quick-fixes.ts";

/** Position of the text of a node, in a file of its own. */
export interface FilePlace {
  readonly path: string;
  readonly range: Range;
}

interface Placed extends FilePlace {
  readonly node: OutlineNode;
}

/**
 * Faults of texts of several nodes at one place in a file: a new text for one would change the others without a
 * test.
 * @param places of the texts in files, by node id
 */
export function checkSharedFiles(
  document: JsonDocument,
  outline: Outline,
  places: ReadonlyMap<string, FilePlace>,
): void {
  const groups: Placed[][] = [];
  for (const node of outline.nodes) {
    const place = places.get(node.id);
    if (!place) continue;
    const placed = { ...place, node };
    const group = groups.find((others) =>
      others.some((other) => other.path === placed.path && overlap(other.range, placed.range)),
    );
    if (group) group.push(placed);
    else groups.push([placed]);
  }
  for (const [first, ...others] of groups) {
    const tuned = [first, ...others].filter((one) => one?.node.trainable).map((one) => one?.node.id ?? "");
    if (!first || tuned.length === 0) continue;
    for (const { node, range } of others) {
      const { t } = document;
      const isSame = range.start === first.range.start && range.end === first.range.end;
      const [one, other] = [node.id, first.node.id];
      const message = !isSame
        ? t('The texts of "{0}" and "{1}" overlap in their file, so a new text for one would change both.', one, other)
        : node.text?.part
          ? t(
              'The texts of "{0}" and "{1}" are the same part of a file, so a new text for one would change both.',
              one,
              other,
            )
          : t('The texts of "{0}" and "{1}" are the same file, so a new text for one would change both.', one, other);
      const remedy = t(
        'Give each node its own text, move the text to a text node that both read, or add "trainable": false to each.',
      );
      document.addAt("shared-file", ["nodes", node.id, node.text?.key ?? "text", "file"], message, remedy, () =>
        fixTexts(document, tuned),
      );
    }
  }
}

/** Whether two places in a file overlap. An empty text has a place, too. */
export function overlap(a: Range, b: Range): boolean {
  return (a.start < b.end && b.start < a.end) || a.start === b.start;
}
