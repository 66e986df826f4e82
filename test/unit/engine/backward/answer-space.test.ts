import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  type AnswerSpace,
  answerSpaceOf,
  describeAnswers,
  ownAnswers,
} from "../../../../src/engine/backward/answer-space.ts";

const spaceOf = (...targets: (string | readonly string[])[]): AnswerSpace | null =>
  answerSpaceOf(targets.map((one) => ({ targets: typeof one === "string" ? [one] : one })));

const repeated = (values: readonly string[], times: number) => Array.from({ length: times }, () => values).flat();

const membersOf = (space: AnswerSpace | null | undefined) =>
  space?.kind === "closed" ? space.members.map(({ value, count }) => [value, count]) : space;

describe("a closed set", () => {
  it("is few values that recur, with the number of samples of each", () => {
    const space = spaceOf("billing", "refund", "billing", "delivery delay", "delivery delay", "billing", "refund");
    expect(membersOf(space)).toEqual([
      ["billing", 3],
      ["refund", 2],
      ["delivery delay", 2],
    ]);
    expect(describeAnswers(space)).toBe(
      "In the 7 training cases the right answer is one of these 3 values (number of cases in brackets):\n- billing (3)\n- refund (2)\n- delivery delay (2)",
    );
  });

  it("can be of many labels, some of which are rare", () => {
    const labels = Array.from({ length: 40 }, (_, index) => `intent ${index}`);
    const space = spaceOf(...repeated(labels, 3), "intent 40", "intent 41");
    expect(membersOf(space)).toHaveLength(42);
  });

  it("leaves out a long answer that only one sample has", () => {
    const own = "The parcel was sent to the wrong warehouse by mistake on Monday.";
    expect(membersOf(spaceOf(...repeated(["yes", "no"], 5), own))).toEqual([
      ["yes", 5],
      ["no", 5],
    ]);
  });

  it.each([
    ["answers that recur by chance alone", ["Paris", "Rome", "Oslo", "Paris", "Bern", "Lima"]],
    ["too few samples", ["yes", "yes", "no"]],
    ["counts, though some occur twice", ["3", "5", "3", "7", "5", "9", "7", "9", "2", "2"]],
  ])("is not %s", (_, targets) => {
    expect(spaceOf(...targets)?.kind).toBe("open");
  });

  it("can be a scale of numbers", () => {
    expect(membersOf(spaceOf(...repeated(["1", "2", "3"], 5)))).toHaveLength(3);
  });

  it("counts every accepted answer of a sample", () => {
    const space = spaceOf(["yes", "true"], ["no", "false"], ["yes", "true"], ["no", "false"]);
    expect(membersOf(space)).toHaveLength(4);
  });
});

describe("JSON targets", () => {
  it("are described field by field, also nested ones", () => {
    const target = (team: string, urgent: boolean, note: string) =>
      JSON.stringify({ route: { team, urgent }, note, tags: team === "sales" ? ["new", "old"] : ["new"] });
    const space = spaceOf(
      target("sales", true, "Call Mrs. Adams back"),
      target("support", false, "Printer on floor 7 is broken"),
      target("sales", false, "Quote for 12 chairs"),
      target("support", true, "Password of J. Miller"),
    );
    expect(describeAnswers(space)).toContain('- "route.team": one of these 2 values');
    expect(describeAnswers(space)).toContain("  - sales (2)");
    expect(describeAnswers(space)).toContain('- "route.urgent": one of these 2 values');
    expect(describeAnswers(space)).toMatch(/"tags": .*JSON list[\s\S]*- new \(4\)/);
    expect(describeAnswers(space)).toMatch(/"note": text of \d to \d words/);
    expect(describeAnswers(space)).not.toMatch(/Adams|Printer|chairs|Miller/);
    expect(ownAnswers(space)).toContain("Call Mrs. Adams back");
  });

  it("says that the answer is an empty list where it always is, and invents no form for its elements", () => {
    const empty = Array.from({ length: 5 }, () => ({ targets: ["[]"] }));
    expect(describeAnswers(answerSpaceOf(empty))).toMatch(/In the 5 training cases .*this value.*\n- \[\] \(5\)/);
  });

  it("say which fields some of them lack", () => {
    const space = spaceOf('{"a":"x"}', '{"a":"x"}', '{"a":"y"}', '{"a":"y","b":1}');
    expect(describeAnswers(space)).toContain('"b" (in 1 of 4 cases)');
  });
});

describe("lists", () => {
  it("are described by their elements", () => {
    const space = spaceOf("sports, politics", "politics", "sports", "weather, sports", "weather", "politics, weather");
    expect(space?.kind === "list" && membersOf(space.elements)).toEqual([
      ["sports", 3],
      ["politics", 3],
      ["weather", 3],
    ]);
    expect(describeAnswers(space)).toContain('a list with "," between its elements');
  });

  it("are not lists if the parts are prose", () => {
    expect(spaceOf("Well, no", "First, open it", "Yes, on Monday", "Rome, Italy", "Oslo, Norway")?.kind).toBe("open");
  });
});

describe("open answers", () => {
  it.each([
    ["whole numbers", ["12", "-3", "180", "7"], /a whole number from -3 to 180\./],
    ["decimals", ["1.50", "2.25", "10"], /a number with up to 2 decimals from 1.5 to 10\./],
    ["money", ["$1,200", "$35", "$7"], /from 7 to 1200, with commas between thousands, after "\$"\./],
    ["measures", ["3 km", "12 km", "400 m"], /followed by "km" or "m"\./],
    ["dates", ["2024-01-05", "1999-12-31"], /a date, written year-month-day\./],
    ["dates in words", ["March 5, 2021", "May 17, 1980"], /a date, written month day, year/],
    ["times", ["12:30", "07:05"], /a time, written hour:minute\./],
    ["addresses", ["https://a.example/x", "http://b.example"], /a web address\./],
    ["words", ["Marie Curie", "Niels Bohr", "Ada King Lovelace"], /text of 2 to 3 words \(10 to 17 characters\)\./],
  ])("of %s are reported by their form", (_, targets, form) => {
    expect(describeAnswers(spaceOf(...targets))).toMatch(form);
  });

  it("show examples of the form without content", () => {
    expect(describeAnswers(spaceOf("Marie Curie", "B-52"))).toContain('Written like "Xxxxx Xxxxx" or "X-99"');
  });
});

test("nothing of an answer that only one sample has is told, and what is told of a closed set is exact", () => {
  const label = fc.stringMatching(/^[a-z]{4,12}$/);
  const own = fc.stringMatching(/^[A-Za-z]{5,9} [a-z]{5,9} [1-8]{3}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(label, { minLength: 2, maxLength: 6 }),
      fc.uniqueArray(own, { minLength: 12, maxLength: 20 }),
      fc.nat(),
      (labels, owns, seed) => {
        const rows = owns.map((note, index) => ({ label: labels[(index + seed) % labels.length] ?? "", note }));
        const counts = new Map<string, number>();
        for (const { label: one } of rows) counts.set(one, (counts.get(one) ?? 0) + 1);
        fc.pre([...counts.values()].every((count) => count > 1));
        const words = new Set(owns.flatMap((note) => note.split(" ")));
        fc.pre(labels.every((one) => !words.has(one)));
        const flat = spaceOf(...rows.map((row) => row.label));
        expect(new Map(membersOf(flat) as [string, number][])).toEqual(counts);
        const json = spaceOf(...rows.map((row) => JSON.stringify(row)));
        const told = describeAnswers(json);
        for (const [one, count] of counts) expect(told).toContain(`- ${one} (${count})`);
        for (const note of owns) {
          for (const word of note.split(" ")) expect(told.split(/\W+/)).not.toContain(word);
        }
        expect([...ownAnswers(json)].sort()).toEqual([...owns].sort());
      },
    ),
  );
});

test("no targets make it throw", () => {
  const target = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom("", " ", "yes", "1,2", "a;b", "[]", "{}"),
  );
  fc.assert(
    fc.property(fc.array(fc.array(target, { maxLength: 3 }), { maxLength: 12 }), (all) => {
      const space = answerSpaceOf(all.map((targets) => ({ targets })));
      expect(typeof describeAnswers(space)).toBe("string");
      ownAnswers(space);
    }),
  );
});
