import { diffArrays } from "diff";

/** Replaces old pieces `from` to `to`, exclusive, with `lines`. */
export interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/**
 * Maximum number of changed lines: searching for the smallest difference would take too long, so everything is
 * replaced.
 */
const MAX_CHANGES = 1000;

/**
 * The changes from the old pieces to the new lines. Unchanged pieces are in no hunk, and at least one separates two
 * hunks.
 * @param pieces each of one or more lines, which are kept or replaced together
 */
export function diffLines(pieces: readonly (readonly string[])[], lines: readonly string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [from, at] = [0, 0];
  for (const { piece, line } of [...keptPieces(pieces, lines), { piece: pieces.length, line: lines.length }]) {
    if (piece > from || line > at) hunks.push({ from, to: piece, lines: lines.slice(at, line) });
    from = piece + 1;
    at = line + (pieces[piece]?.length ?? 0);
  }
  return hunks;
}

/** Unchanged pieces, each with the new line at which it starts. */
function keptPieces(
  pieces: readonly (readonly string[])[],
  lines: readonly string[],
): { piece: number; line: number }[] {
  const matched = matchLines(pieces.flat(), lines);
  let start = 0;
  return pieces.flatMap((piece, index) => {
    const first = start;
    start += piece.length;
    const line = matched.get(first);
    const whole = line !== undefined && piece.every((_, offset) => matched.get(first + offset) === line + offset);
    return whole ? [{ piece: index, line }] : [];
  });
}

/** Old line → equal new line, both ascending. */
function matchLines(before: readonly string[], after: readonly string[]): Map<number, number> {
  const changes = diffArrays([...before], [...after], { maxEditLength: MAX_CHANGES }) ?? [];
  const matched = new Map<number, number>();
  let [old, now] = [0, 0];
  for (const { added, removed, value } of changes) {
    for (let offset = 0; !added && !removed && offset < value.length; offset++) matched.set(old + offset, now + offset);
    if (!added) old += value.length;
    if (!removed) now += value.length;
  }
  return matched;
}
