/** Maximum number of names to search: more would take longer than a keystroke. */
const MAX_NAMES = 2000;
const MAX_LENGTH = 60;

/**
 * The name that was probably meant: ignoring case, at most a third of its letters differ. null if none is near, if
 * there are more than 2,000 names, or if it is too long for a typo.
 */
export function didYouMean(name: string, names: Iterable<string>): string | null {
  if (name.length > MAX_LENGTH) return null;
  const wanted = name.toLowerCase();
  let best: string | null = null;
  let least = Math.max(name.length < 3 ? 0 : 1, Math.floor(name.length / 3)) + 1;
  let seen = 0;
  for (const candidate of names) {
    if (++seen > MAX_NAMES) return null;
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(wanted, candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Number of insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`, up to `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (above[column] ?? limit) + 1,
        (current[column - 1] ?? limit) + 1,
        (above[column - 1] ?? limit) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, (before[column - 2] ?? limit) + 1);
      }
      current.push(cost);
    }
    if (Math.min(...current) >= limit) return limit;
    before = above;
    above = current;
  }
  return Math.min(limit, above[b.length] ?? limit);
}
