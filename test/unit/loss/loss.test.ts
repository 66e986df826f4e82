import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import { PatternTimeout } from "../../../src/graph/pattern.ts";
import type { LossSpec } from "../../../src/graph/schema/schema.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { schemaFault } from "../../../src/loss/json.ts";
import type { Score } from "../../../src/loss/loss.ts";
import { makeLoss, RubricUnread, targetFault, worksWithoutTarget } from "../../../src/loss/make.ts";
import { numeralsIn, plainNumbers } from "../../../src/loss/numerals.ts";
import { graphFormat } from "../../../src/methods/registry.ts";

const lossShape = graphFormat.schema.shape.loss;
const spec = (value: object): LossSpec => lossShape.parse(value);

const sample = (targets: string | string[], inputs: Record<string, string> = { question: "?" }): Sample => ({
  id: "s",
  inputs,
  targets: typeof targets === "string" ? [targets] : targets,
  feedback: null,
});

/** `[loss, lenient]` */
function scorer(value: object, inputs?: Record<string, string>) {
  const loss = makeLoss(spec(value));
  return (targets: string | string[], answer: string): [number, number] => {
    const score = scored(loss.score(sample(targets, inputs), answer));
    return [score.loss, score.lenient];
  };
}

function scored(score: Score | Promise<Score>): Score {
  if (score instanceof Promise) throw new Error("this loss is synchronous");
  return score;
}

const RIGHT = [0, 0];
const LENIENT = [1, 0];
const WRONG = [1, 1];

describe("exact", () => {
  const score = scorer({ kind: "exact" });
  it.each([
    ["Paris", " paris.\n", RIGHT],
    ["Paris", '"Paris"', RIGHT],
    ["Paris", "**Paris.**", RIGHT],
    ["a b", "a\n  b", RIGHT],
    ["Ⅳ", "IV", RIGHT],
    ["] ]", "] ]", RIGHT],
    ["don't", "don’t", RIGHT],
    ['say "no"', "say “no”", RIGHT],
    ["10-12", "10–12", RIGHT],
    ["Ａｂｃ１", "abc1", RIGHT],
    ["e\u0301te\u0301", "été", RIGHT],
    ["co\u00adop\u200b", "coop", RIGHT],
    ["…", "...", RIGHT],
    ["...", "...", RIGHT],
    ["Paris", "It is Paris, of course", LENIENT],
    ["Paris", "Parisians", WRONG],
    ["Paris", "", WRONG],
  ])("%j and %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });

  it("takes any of several targets, and case on demand", () => {
    expect(score(["a", "b"], "B")).toEqual(RIGHT);
    expect(scorer({ kind: "exact", ignoreCase: false })("a", "A")).toEqual(WRONG);
  });
});

describe("contains", () => {
  const score = scorer({ kind: "contains" });
  it.each([
    ["8", "There are 8.", RIGHT],
    ["8", "There are 18.", WRONG],
    ["8", "There are 8.5.", WRONG],
    ["8", "1,800", WRONG],
    ["New York", "in new\nyork!", RIGHT],
    ["art", "the start", WRONG],
    ["c++", "I like C++.", RIGHT],
    ["猫", "これは猫です", RIGHT],
    ["8", "答案是8个", RIGHT],
    ["8", "答案是18个", WRONG],
    ["고양이", "답은 고양이입니다.", RIGHT],
    ["แมว", "นี่คือแมวครับ", RIGHT],
    ["[1, 2]", "It is [1,2].", RIGHT],
    ["8", "It is -8.", WRONG],
    ["8", "It is .8", WRONG],
    ["8", "3-8", RIGHT],
  ])("%j in %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });
});

describe("number", () => {
  const score = scorer({ kind: "number" });
  it.each([
    ["2,125", "2125", RIGHT],
    ["2125", "The total is $2,125.00.", RIGHT],
    ["2125", "2{,}125", RIGHT],
    ["72", "48 + 24 = 72 clips", RIGHT],
    ["72", "72 clips, that is 48 and 24", LENIENT],
    ["-5", "−5 °C", RIGHT],
    ["-5", "-$5", RIGHT],
    ["5", "-5", WRONG],
    ["4", "pages 3-4", RIGHT],
    ["19", "COVID-19", RIGHT],
    ["0.5", ".5", RIGHT],
    ["1000000", "1e6", RIGHT],
    ["8", "eight", WRONG],
    ["8", "", WRONG],
    ["18", "1,8", WRONG],
    ["12", "**12**.", RIGHT],
    ["1000", "1,000", RIGHT],
    ["12.5", "$12.50", RIGHT],
    ["-3", "−3", RIGHT],
    ["0.75", "3/4", RIGHT],
    ["3/4", "6/8", RIGHT],
    ["3/4", "1/4", WRONG],
    ["1 3/4", "1¾", RIGHT],
    ["3/4", "$\\frac{3}{4}$", RIGHT],
    ["2024", "on 5/8/2024", RIGHT],
    ["1000", "1e3", RIGHT],
    ["300000000", "3 × 10^8 m/s", RIGHT],
    ["1024", "2^10", RIGHT],
    ["90", "9 * 10 = 90", RIGHT],
    ["12", "12 %", RIGHT],
    ["12%", "12", RIGHT],
    ["25", "25 m^2", RIGHT],
    ["25", "25 m2", RIGHT],
    ["25", "25 m²", RIGHT],
    ["1000", "1'000", RIGHT],
    ["1000000", "1\u202f000\u202f000", RIGHT],
    ["100000", "1,00,000", RIGHT],
    ["1.5", "1,5", RIGHT],
    ["1234.5", "1.234,50 €", RIGHT],
    ["3", "1,2,3", RIGHT],
    ["-5", "-\\$5", RIGHT],
    ["12", "１２", RIGHT],
    ["7", "1e999", WRONG],
  ])("%j and %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });

  it("allows a difference on demand", () => {
    const near = scorer({ kind: "number", tolerance: 0.01 });
    expect([near("3.14", "3.149"), near("3.14", "3.16")]).toEqual([RIGHT, WRONG]);
  });

  it("forgives what binary fractions lose", () => {
    expect(score("0.3", String(0.1 + 0.2))).toEqual(RIGHT);
  });

  test("finds every number as it was written, with or without commas", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom("en-US", "plain"), (number, style) => {
        const written = style === "plain" ? String(number) : number.toLocaleString("en-US");
        const found = numeralsIn(plainNumbers(`so ${written} in all`));
        expect(found.map(({ values }) => values[0]?.valueOf())).toEqual([number]);
      }),
    );
  });
});

describe("choice", () => {
  const question = "Which one?\nOptions:\n(A) a red fox\n(B) a blue fox\n(C) fox";
  const score = scorer({ kind: "choice" }, { question });
  it.each([
    ["(B)", "B", RIGHT],
    ["(B)", "(b)", RIGHT],
    ["B", "B.", RIGHT],
    ["B", "B) a blue fox", RIGHT],
    ["B", "**(B)**", RIGHT],
    ["B", "The answer is (B).", RIGHT],
    ["B", "A blue fox.", RIGHT],
    ["a blue fox", "B", RIGHT],
    ["B", "B) a red fox", WRONG],
    ["B", "First (A) looks good, but (B) is right", LENIENT],
    ["B", "I think it is a blue fox", LENIENT],
    ["B", "**B.** a blue fox", RIGHT],
    ["B", "B: a blue fox", RIGHT],
    ["B", "B - a blue fox", RIGHT],
    ["B", "[B]", RIGHT],
    ["B", "Answer: **B**", RIGHT],
    ["B", "The final answer is: (B) a blue fox.", RIGHT],
    ["B", "Option B", RIGHT],
    ["B", "$\\boxed{\\text{B}}$", RIGHT],
    ["B", "B, C", WRONG],
    ["B", "B and C", WRONG],
    ["B", "Foxes are often red.\n\nAnswer: B", LENIENT],
    ["B", "Foxes are often red.\n**B.**", LENIENT],
    ["A", "D", WRONG],
    ["B", "(A)", WRONG],
    ["B", "", WRONG],
  ])("%j and %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });

  it("reads options from a JSON list, from bullets, and from the file", () => {
    expect(scorer({ kind: "choice" }, { choices: '["4","5","20"]' })("B", "5")).toEqual(RIGHT);
    expect(scorer({ kind: "choice" }, { choices: '["A)21","B)22"]' })("B", "22")).toEqual(RIGHT);
    expect(scorer({ kind: "choice" }, { question: "So? (A) red (B) blue" })("B", "Blue.")).toEqual(RIGHT);
    expect(scorer({ kind: "choice" }, { question: "So?\na) red\nb) blue" })("B", "blue")).toEqual(RIGHT);
    const stops = scorer({ kind: "choice", options: ["Yes, I can.", 'No: "never"!'] });
    expect([stops("A", "yes, I can"), stops("B", "No: “never”!"), stops("B", "Yes, I can.")]).toEqual([
      RIGHT,
      RIGHT,
      WRONG,
    ]);
    const many = Array.from({ length: 40 }, (_, at) => `option ${at}`);
    expect(scorer({ kind: "choice", options: many })("option 30", "Option 30.")).toEqual(RIGHT);
    const bullets = scorer({ kind: "choice" }, { question: "So?\nOptions:\n- Yes\n- No" });
    expect([bullets("Yes", "yes."), bullets("Yes", "A"), bullets("No", "I say No, never")]).toEqual([
      RIGHT,
      WRONG,
      LENIENT,
    ]);
    expect(scorer({ kind: "choice", options: ["valid", "invalid"] })("invalid", "B")).toEqual(RIGHT);
    expect(scorer({ kind: "choice", options: ["valid", "invalid"] })("valid", "It is invalid")).toEqual(WRONG);
  });

  it("compares letters and texts if there are no options", () => {
    const bare = scorer({ kind: "choice" });
    expect([bare("(C)", "C."), bare("Yes", "yes"), bare("(C)", "so (C) it is")]).toEqual([RIGHT, RIGHT, LENIENT]);
  });
});

describe("regex", () => {
  const scorer = (value: object) => {
    const loss = makeLoss(spec({ kind: "regex", ...value }));
    return async (target: string, answer: string) => {
      const score = await loss.score(sample(target), answer);
      return [score.loss, score.lenient];
    };
  };

  it("takes the target for the pattern", async () => {
    const score = scorer({ flags: "i" });
    expect([await score("^colou?r$", "Color"), await score("^colou?r$", "colors")]).toEqual([RIGHT, WRONG]);
  });

  it("compares what a pattern finds", async () => {
    const score = scorer({ pattern: "#### (.+)" });
    const scores = [await score("7", "so\n#### 7"), await score("7", "7"), await score("7", "#### 8")];
    expect(scores).toEqual([RIGHT, LENIENT, WRONG]);
  });

  it("stops a pattern that does not end: the sample is unscored", async () => {
    const score = scorer({ pattern: "(x+x+)+y" });
    await expect(score("7", "x".repeat(60))).rejects.toBeInstanceOf(PatternTimeout);
  });
});

describe("f1", () => {
  const score = scorer({ kind: "f1" });
  it("is the overlap of words", () => {
    expect(score("the quick brown fox", "Quick, brown fox!")).toEqual(RIGHT);
    const [loss, lenient] = score("brown fox", "a brown dog and a fox");
    expect(loss).toBeCloseTo(1 - 4 / 6, 10);
    expect(lenient).toBe(0);
    expect(score("fox", "dog")).toEqual(WRONG);
    expect(score("", "")).toEqual(RIGHT);
    expect(score(["cat", "brown fox"], "brown fox")).toEqual(RIGHT);
  });

  it("finds no empty answer right: articles and signs are words if there are no others", () => {
    for (const target of ["A", "the", "👍", "?", "C", "+"]) {
      expect(score(target, target)).toEqual(RIGHT);
      for (const answer of ["", "👎", "!", "an"])
        expect([target, answer, score(target, answer)]).toEqual([target, answer, WRONG]);
    }
  });

  it.each([
    ["U.S.", "US", RIGHT],
    ["1,000 men", "1000 men", RIGHT],
    ["O'Neil", "O’Neil", RIGHT],
    ["don't", "dont", RIGHT],
    ["3.5", "3.6", WRONG],
    ["3.5", "35", WRONG],
    ["J. Smith", "J Smith", RIGHT],
    ["the end.", "end", RIGHT],
  ])("splits %j and %j as SQuAD does, but keeps decimals", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });

  it("counts characters if words have no spaces", () => {
    expect(score("แมว", "แมวครับ")[1]).toBe(0);
    expect(score("東京都", "東京")[0]).toBeCloseTo(1 - 4 / 5, 10);
  });
});

describe("json", () => {
  it("reads LaTeX as it was meant, with one backslash or two", () => {
    const score = scorer({ kind: "json" });
    const target = JSON.stringify({ x: "\\frac{3}{4} \\times \\beta", tab: "a\tb" });
    const once = target.replaceAll("\\\\", "\\");
    expect(score(target, target)).toEqual(RIGHT);
    expect(JSON.parse(once).x).toContain("\f");
    expect(score(target, once)).toEqual(RIGHT);
    expect(score(target, once.replace("frac{3}", "frac{5}"))[0]).not.toBe(0);
  });

  it("counts the fields that differ", () => {
    const score = scorer({ kind: "json" });
    expect(score('{"a":1,"b":[2]}', '{"b":[2],"a":1}')).toEqual(RIGHT);
    expect(score('{"a":1,"b":[2]}', '{"b":[3],"a":1,"c":0}')).toEqual([0.5, 0.5]);
    expect(score('{"a":1}', 'Sure:\n```json\n{"a":1}\n```')).toEqual(LENIENT);
    expect(score("[1,2]", "[2,1]")).toEqual(WRONG);
    expect(score('{"a":"café"}', '{"a":"cafe\u0301"}')).toEqual(RIGHT);
    expect(score('{"a":1}', "none")).toEqual(WRONG);
  });

  it("compares numbers digit by digit", () => {
    const score = scorer({ kind: "json" });
    expect(score('{"id":9007199254740993}', '{"id":9007199254740992}')).toEqual(WRONG);
    expect(score('{"id":9007199254740993}', '{"id":9007199254740993}')).toEqual(RIGHT);
    expect(score('{"a":[1.50,1e2]}', '{"a":[1.5,100]}')).toEqual(RIGHT);
    expect(score('{"a":"1.50"}', '{"a":"1.5"}')).toEqual(WRONG);
    // Also in fences, in prose, and in what is nearly JSON.
    expect(score('{"id":9007199254740993}', '```json\n{"id":9007199254740992}\n```')).toEqual(WRONG);
    expect(score('{"id":9007199254740993}', '```json\n{"id":9007199254740993}\n```')).toEqual(LENIENT);
    expect(score('{"id":9007199254740993}', "{id: 9_007_199_254_740_992,}")).toEqual(WRONG);
    expect(score('{"id":9007199254740993}', "It is {'id': 9007199254740993,}.")).toEqual(LENIENT);
    expect(score('{"a":[0.5,5,7]}', "{'a': [.5, 5., +7]}")).toEqual(LENIENT);
  });

  it("compares objects with any key, whatever the JSON library gives a meaning", () => {
    const score = scorer({ kind: "json" });
    expect(score('{"isLosslessNumber":true,"a":1}', '{"isLosslessNumber":true,"a":2}')[0]).toBe(0.5);
    expect(score('{"isLosslessNumber":true}', "0")).toEqual(WRONG);
    expect(score('[{"isLosslessNumber":true,"a":1}]', '[{"isLosslessNumber":true,"a":2}]')).toEqual(WRONG);
    expect(score('{"value":"5"}', "5")).toEqual(WRONG);
    expect(score('{"__proto__":1}', "{}")).toEqual(WRONG);
  });

  it("compares chosen paths, and checks a schema", () => {
    const paths = scorer({ kind: "json", fields: ["a.x", "b"] });
    expect(paths('{"a":{"x":1,"y":2},"b":1}', '{"a":{"x":1,"y":3},"b":2}')).toEqual([0.5, 0.5]);
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
    const shaped = scorer({ kind: "json", schema });
    expect([shaped([], '{"a":1}'), shaped([], '{"a":"1"}'), shaped('{"a":2}', '{"a":1}')]).toEqual([
      RIGHT,
      WRONG,
      WRONG,
    ]);
  });

  it("says why a schema can't be used", () => {
    expect(schemaFault({ type: "string", pattern: "(a+)+$" }, ENGLISH)).toMatch(/time limit/);
    expect(schemaFault({ type: "object", properties: { pattern: { type: "string" } } }, ENGLISH)).toBeNull();
    expect(schemaFault({ type: "nonsense" }, ENGLISH)).not.toBeNull();
  });
});

describe("makeLoss", () => {
  it("takes a judge's rubric as is, and refuses one that was not read", () => {
    const judge = spec({ kind: "judge", rubric: ["Good.", "Short."], votes: 3 });
    expect(makeLoss(judge)).toMatchObject({ kind: "judge", calls: 3 });
    expect(worksWithoutTarget(judge)).toBe(true);
    expect(() => makeLoss(spec({ kind: "judge", rubric: { file: "rubric.md" } }))).toThrow(RubricUnread);
  });

  it("says which targets it cannot use", () => {
    expect(targetFault(spec({ kind: "number" }), "none", ENGLISH)).toBe("it has no number");
    expect(targetFault(spec({ kind: "json" }), "{", ENGLISH)).toBe("it is not JSON");
    expect(targetFault(spec({ kind: "json", fields: ["a.b"] }), '{"a":1}', ENGLISH)).toBe('it has no field "a.b"');
    expect(targetFault(spec({ kind: "json", schema: { type: "object" } }), "[]", ENGLISH)).toMatch(
      /^it does not fit the schema/,
    );
    expect(targetFault(spec({ kind: "regex" }), "(", ENGLISH)).toMatch(/^it is not a regular expression/);
    // A zero-width space, a soft hyphen, and quotes around nothing leave nothing to compare: every empty answer would be right.
    for (const target of [" ", "\u200b", "\u00ad\n", '" "']) {
      for (const kind of ["exact", "contains", "choice", "f1"]) {
        expect(targetFault(spec({ kind }), target, ENGLISH)).toBe("it is empty");
      }
    }
    expect(targetFault(spec({ kind: "number" }), "$1,000", ENGLISH)).toBeNull();
  });

  it("says what was expected and what came, and nothing when all is right", () => {
    const loss = makeLoss(spec({ kind: "number" }));
    expect(scored(loss.score(sample("8"), "8 of 9 items")).criticism).toBe(
      'The right answer is "8". The answer was "8 of 9 items". The right number stands in it, but its last number, 9, is taken for the answer.',
    );
    expect(scored(loss.score(sample("8"), "")).criticism).toBe(
      'The right answer is "8". The answer was empty. It holds no number.',
    );
    expect(scored(loss.score(sample("8"), "8")).criticism).toBe("");
  });
});

const specs = [
  { kind: "exact" },
  { kind: "contains" },
  { kind: "number" },
  { kind: "choice" },
  { kind: "f1" },
  { kind: "json" },
  { kind: "regex", pattern: "a(b)?" },
  { kind: "choice", options: ["a", "b"] },
].map(spec);

test("every loss lies between 0 and 1, lenient never above it, with words exactly where something is wrong", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom("(A)", "A. x", "1,2", "-", "**", '""', "a\nb"),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...specs),
      fc.array(text, { minLength: 1, maxLength: 3 }),
      text,
      async (one, targets, answer) => {
        const { loss, lenient, criticism } = await makeLoss(one).score(sample(targets), answer);
        expect(loss).toBeGreaterThanOrEqual(0);
        expect(loss).toBeLessThanOrEqual(1);
        expect(lenient).toBeGreaterThanOrEqual(0);
        expect(lenient).toBeLessThanOrEqual(loss);
        expect(criticism === "").toBe(loss === 0);
      },
    ),
    { numRuns: 500 },
  );
});

test("an answer that is the target is right", () => {
  const own = specs.filter(({ kind }) => ["exact", "contains", "choice", "f1"].includes(kind));
  fc.assert(
    fc.property(fc.constantFrom(...own), fc.string({ unit: "binary" }), (one, target) => {
      expect(scored(makeLoss(one).score(sample(target), target)).loss).toBe(0);
    }),
  );
});

test("hostile answers are scored in little time", async () => {
  const long = [
    '"'.repeat(200_000),
    "1,".repeat(100_000),
    "(A) ".repeat(50_000),
    " ".repeat(200_000),
    "[".repeat(100_000),
    "-".repeat(200_000),
    "```\n".repeat(50_000),
    "*".repeat(200_000),
    "1/".repeat(100_000),
    "1.000".repeat(50_000),
    "10^".repeat(60_000),
    "\\boxed{".repeat(30_000),
    "the answer is ".repeat(15_000),
    "$".repeat(200_000),
  ];
  for (const one of specs)
    for (const answer of long) expect((await makeLoss(one).score(sample("7"), answer)).loss).toBeLessThanOrEqual(1);
});
