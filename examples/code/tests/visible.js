// Feedback names these tests. Each gets the exports of the answer.
const is = (actual, expected) => {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`it is ${a}, not ${b}`);
};

const TASKS = {
  slug: ({ slug }) => ({
    "joins words": () => is(slug("Hello World"), "hello-world"),
    "drops punctuation": () => is(slug("What's new?"), "whats-new"),
  }),
  median: ({ median }) => ({
    "odd count": () => is(median([3, 1, 2]), 2),
    "even count": () => is(median([4, 1, 3, 2]), 2.5),
  }),
  roman: ({ roman }) => ({
    "adds up": () => is(roman(8), "VIII"),
    subtracts: () => is(roman(1994), "MCMXCIV"),
  }),
  parseDuration: ({ parseDuration }) => ({
    "two parts": () => is(parseDuration("1h 30m"), 5400),
    "no part": () => is(parseDuration("soon"), null),
  }),
  groupBy: ({ groupBy }) => ({
    "groups in order": () =>
      is(
        groupBy(
          [
            { a: 1, n: 1 },
            { a: 2, n: 2 },
            { a: 1, n: 3 },
          ],
          "a",
        )[1].map(({ n }) => n),
        [1, 3],
      ),
    "a key that objects have": () => is(groupBy([{ a: "constructor" }], "a").constructor.length, 1),
  }),
  wrap: ({ wrap }) => ({
    "breaks at spaces": () => is(wrap("a bb ccc", 4), "a bb\nccc"),
    "a long word": () => is(wrap("a abcdefgh b", 4), "a\nabcdefgh\nb"),
  }),
  mergeIntervals: ({ mergeIntervals }) => ({
    "joins what overlaps": () =>
      is(
        mergeIntervals([
          [1, 3],
          [2, 5],
        ]),
        [[1, 5]],
      ),
    "any order": () =>
      is(
        mergeIntervals([
          [7, 8],
          [1, 2],
        ]),
        [
          [1, 2],
          [7, 8],
        ],
      ),
  }),
  csvRow: ({ csvRow }) => ({
    "plain fields": () => is(csvRow("a,b,c"), ["a", "b", "c"]),
    "a comma in quotes": () => is(csvRow('"a,b",c'), ["a,b", "c"]),
  }),
  change: ({ change }) => ({
    "the largest first": () => is(change(11, [1, 5, 10]), 2),
    "the largest first is wrong": () => is(change(6, [1, 3, 4]), 2),
  }),
  deepEqual: ({ deepEqual }) => ({
    "order of keys": () => is(deepEqual({ a: 1, b: 2 }, { b: 2, a: 1 }), true),
    "a key more": () => is(deepEqual({ a: 1 }, { a: 1, b: 2 }), false),
  }),
  nextDay: ({ nextDay }) => ({
    "in a month": () => is(nextDay("2024-05-09"), "2024-05-10"),
    "a leap year": () => is(nextDay("2024-02-28"), "2024-02-29"),
  }),
  balanced: ({ balanced }) => ({
    nested: () => is(balanced("([]{})"), true),
    crossed: () => is(balanced("([)]"), false),
  }),
};

export default (solution, { name }) => TASKS[name](solution);
