import { diffArrays } from "diff";

/** Old pieces `from` up to but not including `to` give way to `lines`. */
export interface Hunk {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Beyond so many changed lines the search for the fewest takes too long; all is replaced then. */
const MAX_CHANGES = 1000;

/**
 * What must change for the old pieces to become the new lines. Pieces that stay are in no hunk, and between two
 * hunks at least one stays.
 * @param pieces each of one or more lines, which stay together or go together
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

/** Pieces that stay, each with the new line it starts at. */
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

/** Old line → the equal new line that it becomes, both ascending. */
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
