// These tests count, and no feedback names them.
const is = (actual, expected) => JSON.stringify(actual) === JSON.stringify(expected);

const TASKS = {
  slug: ({ slug }) => ({ ends: () => is(slug("  -- a  b! "), "a-b"), "one word": () => is(slug("A"), "a") }),
  median: ({ median }) => ({
    nothing: () => is(median([]), null),
    "not by text": () => is(median([10, 9, 100]), 10),
    unchanged: () => {
      const list = [3, 1, 2];
      median(list);
      return is(list, [3, 1, 2]);
    },
  }),
  roman: ({ roman }) => ({
    "40 and 9": () => is(roman(49), "XLIX"),
    refuses: () =>
      [0, 4000, 1.5, -1].every((n) => {
        try {
          roman(n);
          return false;
        } catch (error) {
          return error instanceof RangeError;
        }
      }),
  }),
  parseDuration: ({ parseDuration }) => ({
    order: () => is(parseDuration("30m1h"), 5400),
    seconds: () => is(parseDuration("45s"), 45),
  }),
  groupBy: ({ groupBy }) => ({
    proto: () => is(groupBy([{ a: "toString" }, { a: "x" }], "a").toString, [{ a: "toString" }]),
    empty: () => is(groupBy([], "a"), {}),
  }),
  wrap: ({ wrap }) => ({ exact: () => is(wrap("ab cd", 5), "ab cd"), empty: () => is(wrap("", 3), "") }),
  mergeIntervals: ({ mergeIntervals }) => ({
    touch: () =>
      is(
        mergeIntervals([
          [1, 2],
          [2, 3],
        ]),
        [[1, 3]],
      ),
    within: () =>
      is(
        mergeIntervals([
          [1, 9],
          [2, 3],
        ]),
        [[1, 9]],
      ),
  }),
  csvRow: ({ csvRow }) => ({ quote: () => is(csvRow('"a ""b""",'), ['a "b"', ""]), empty: () => is(csvRow(""), [""]) }),
  change: ({ change }) => ({ none: () => is(change(3, [2]), -1), zero: () => is(change(0, [2]), 0) }),
  deepEqual: ({ deepEqual }) => ({
    lists: () => is(deepEqual([1, 2], [2, 1]), false),
    "list or object": () => is(deepEqual([], {}), false),
    null: () => is(deepEqual(null, {}), false),
    deep: () => is(deepEqual({ a: [{ b: null }] }, { a: [{ b: null }] }), true),
  }),
  nextDay: ({ nextDay }) => ({
    year: () => is(nextDay("2023-12-31"), "2024-01-01"),
    1900: () => is(nextDay("1900-02-28"), "1900-03-01"),
  }),
  balanced: ({ balanced }) => ({
    quotes: () => is(balanced('("(")'), true),
    escape: () => is(balanced('"\\"(" ()'), true),
    open: () => is(balanced("(("), false),
  }),
};

export default (solution, { name }) => TASKS[name](solution);
