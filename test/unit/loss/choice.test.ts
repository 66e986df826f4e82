import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { makeLoss, targetReader } from "../../../src/loss/make.ts";
import { graphFormat } from "../../../src/methods/registry.ts";

const lossShape = graphFormat.schema.shape.loss;
const RIGHT = [0, 0];
const LENIENT = [1, 0];
const WRONG = [1, 1];

function scorer(loss: object, inputs: Record<string, string> = { question: "?" }) {
  const made = makeLoss(lossShape.parse(loss));
  return (target: string, answer: string) => {
    const score = made.score({ id: "s", inputs, targets: [target], feedback: null }, answer);
    if (score instanceof Promise) throw new Error("this loss is synchronous");
    return [score.loss, score.lenient];
  };
}

describe("exact", () => {
  const score = scorer({ kind: "exact" });
  it.each([
    ["Paris", "Paris!", RIGHT],
    ["yes", "Yes,", RIGHT],
    ["Paris", "\\boxed{Paris}", RIGHT],
    ["Paris", "$\\boxed{\\text{Paris}}$.", RIGHT],
    ["x^2", "\\(x^2\\)", RIGHT],
    ["x^2", "x²", RIGHT],
    ["103", "10³", WRONG],
    ["a, b, c", "a,b,c", RIGHT],
    ["[1,2]", "[ 1, 2 ]", RIGHT],
    ["a; b", "a;b", RIGHT],
    ["] ]", "]]", RIGHT],
    ["] }", "\\boxed{] }}", RIGHT],
    ["a, b", "b, a", WRONG],
    ["5", "5!", LENIENT],
    ["1.5", "15", WRONG],
    ["\\text{a} and \\text{b}", "a} and \\text{b", WRONG],
    ["Paris", "I say \\boxed{Paris}", LENIENT],
    ["SELECT 1", "```sql\nSELECT 1\n```", RIGHT],
    ["yes", "```\nyes\n```", RIGHT],
    ["yes", "```\nyes\n```\n```\nno\n```", LENIENT],
    ["✔", "✔\ufe0f", RIGHT],
    ["שלום", "\u200fשלום\u200f", RIGHT],
    ["8", "-8", WRONG],
    ["猫", "答案是猫。", LENIENT],
  ])("%j and %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });
});

describe("choice", () => {
  it("does not take initials in a passage for options", () => {
    const passage = "A. Smith and B. Jones met.\nA. Smith was late.\nJ. Brown was not.\n\n(A) red\n(B) blue\n(C) green";
    const score = scorer({ kind: "choice" }, { passage });
    expect([score("B", "blue"), score("blue", "B"), score("C", "green."), score("B", "red")]).toEqual([
      RIGHT,
      RIGHT,
      RIGHT,
      WRONG,
    ]);
    const inline = scorer({ kind: "choice" }, { q: "Groups (A) and (C) met. Which? (A) red (B) blue" });
    expect([inline("B", "blue"), inline("A", "blue")]).toEqual([RIGHT, WRONG]);
    const chance = scorer(
      { kind: "choice" },
      { q: "If P(A) = 1/2 and P(B) = 1/3, what is P(A | B)?", choices: '["1/6", "1/4"]' },
    );
    expect([chance("B", "1/4"), chance("B", "1/3")]).toEqual([RIGHT, WRONG]);
    const bare = scorer({ kind: "choice" });
    expect([bare("A. Smith", "A. Jones"), bare("A. Smith", "A. Smith"), bare("A", "A. Smith"), bare("A", "A")]).toEqual(
      [WRONG, RIGHT, RIGHT, RIGHT],
    );
  });

  it.each<[string, Record<string, string>]>([
    ["an input each", { question: "Which?", A: "red", B: "blue", C: "green" }],
    ["an input each, named", { question: "Which?", option_a: "red", option_b: "blue" }],
    ["a list", { choices: '["red", "blue"]' }],
    ["a list of Python", { choices: "['red', 'blue']" }],
    ["texts and labels", { choices: '{"text":["red","blue"],"label":["A","B"]}' }],
    ["letters with brackets in one line", { question: "Which? A) red B) blue" }],
  ])("reads options from %s", (_, inputs) => {
    const score = scorer({ kind: "choice" }, inputs);
    expect([score("B", "blue"), score("blue", "(B)"), score("B", "red"), score("B", "B")]).toEqual([
      RIGHT,
      RIGHT,
      WRONG,
      RIGHT,
    ]);
  });

  it("finds words without options in running text", () => {
    const score = scorer({ kind: "choice" });
    expect(score("yes", "(A) looks odd.\nSo the answer is yes.")).toEqual(LENIENT);
    expect(score("no", "(A) looks odd.\nSo the answer is yes.")).toEqual(WRONG);
  });

  it("reads numbered options under a heading", () => {
    const score = scorer({ kind: "choice" }, { question: "Which?\nOptions:\n1. red\n2. blue" });
    expect([score("2", "blue"), score("blue", "2"), score("2", "(2)"), score("2", "1")]).toEqual([
      RIGHT,
      RIGHT,
      RIGHT,
      WRONG,
    ]);
  });

  it("compares texts without minding the spaces of lists", () => {
    const score = scorer({ kind: "choice" }, { choices: '["1, 2", "2, 3"]' });
    expect([score("B", "2,3"), score("1,2", "1, 2"), score("A", "2,3")]).toEqual([RIGHT, RIGHT, WRONG]);
  });

  it.each([
    ["The answer is B. Note that (A) is a common distractor.", RIGHT],
    ["ANSWER IS B. (A) is incorrect.", RIGHT],
    ["I considered (A), but it is incorrect. Final answer: B.", LENIENT],
    ["Answer: None of the above", WRONG],
    ["The answer is Brown.", WRONG],
    ["B", RIGHT],
    ["(A) is wrong because it is red. The answer is (B) blue.", LENIENT],
    ["(A) is wrong: roses are red.\n(B) is right.", LENIENT],
    ["(A) red: no. (B) blue: yes.", WRONG],
    ["A. red is the colour of roses. The answer is B.", LENIENT],
    ["B. Because the sky is blue.", RIGHT],
    ["(B) because the sky is blue", RIGHT],
    ["(B) blue, since the sky is", RIGHT],
    ["B\n\n(A) is wrong, since roses are red.", LENIENT],
    ["<answer>B</answer>", LENIENT],
    ["答案：B", LENIENT],
    ["Die richtige Antwort ist B.", LENIENT],
  ])("of %j", (answer, expected) => {
    expect(scorer({ kind: "choice" }, { question: "Which?\n(A) red\n(B) blue" })("B", answer)).toEqual(expected);
  });
});

describe("choice by its text", () => {
  it.each([
    ["Yes", "**Yes** — no doubt", LENIENT],
    ["Yes", "Yes. There is no problem.", LENIENT],
    ["No", "Yes. There is no problem.", WRONG],
    ["No", "No (yes would be wrong).", LENIENT],
    ["No", "No, yes", WRONG],
  ])("%j and %j", (target, answer, expected) => {
    expect(scorer({ kind: "choice", options: ["Yes", "No"] })(target, answer)).toEqual(expected);
  });

  it("is not the option that an elimination starts with", () => {
    const score = scorer({ kind: "choice" }, { question: "Which?\n(A) red\n(B) blue\n(C) green" });
    expect(score("A", "(A) is wrong because it is red. The answer is (B) blue.")).toEqual(WRONG);
    expect(score("A", "(A) red is incorrect. (B) blue fits.")[0]).toBe(1);
    expect(score("C", "(A) is wrong.\n(B) is right.\n(C) is wrong.")[0]).toBe(1);
  });
});

describe("the targets of a column", () => {
  type Fields = Record<string, unknown>;
  const reading = (
    targets: readonly string[],
    options: (at: number) => Fields,
    loss: object = {},
    inputs = (_: number): Record<string, string> => ({ question: "?" }),
  ) => {
    const read = targetReader(lossShape.parse({ kind: "choice", ...loss }), ENGLISH);
    if (!read) throw new Error("no reader");
    return read(
      targets.map((target, at) => {
        const sample: Sample = { id: String(at), inputs: inputs(at), targets: [target], feedback: null };
        return { sample, fields: options(at) };
      }),
    );
  };
  const four = () => ({ choices: ["red", "blue", "Green", "grey"] });

  it("count from 0 if one is 0, from 1 if one is the number of options", () => {
    const zero = reading(["1", "0", "2"], four);
    expect(zero.targets).toEqual([["blue"], ["red"], ["Green"]]);
    expect(zero.note).toBe(
      'The targets are positions among the options, counted from 0: "1" of the first row means "blue".',
    );
    expect(reading(["1", "4", "2"], four).targets).toEqual([["red"], ["grey"], ["blue"]]);
    expect(reading(["1", "2"], () => ({ option1: "x", option2: "y" })).targets).toEqual([["x"], ["y"]]);
  });

  it("are asked about if nothing shows from where they count", () => {
    expect(reading(["1", "2", "3"], four).fault).toEqual({
      message:
        "The targets are positions among the options, and none of them shows whether they count from 0 or from 1.",
      remedy: 'Add "indexFrom": 0 or 1 to "loss", or write letters.',
    });
    expect(reading(["0", "4"], four).fault?.message).toMatch(/some are 0 and some are the number of options/);
    expect(reading(["1", "2", "3"], four, { indexFrom: 1 }).targets).toEqual([["red"], ["blue"], ["Green"]]);
  });

  it("become letters if the model sees letters", () => {
    const inputs = () => ({ question: "Which?\n(A) red\n(B) blue" });
    expect(reading(["0", "1"], () => ({}), {}, inputs).targets).toEqual([["A"], ["B"]]);
    expect(reading(["0", "1"], () => ({}), { options: ["valid", "Invalid"] }).targets).toEqual([
      ["valid"],
      ["Invalid"],
    ]);
  });

  it("are texts if the options are numerals", () => {
    const numerals = () => ({ choices: ["1", "2", "3", "4"] });
    expect(reading(["1", "4"], numerals)).toMatchObject({ targets: [["1"], ["4"]], note: null, fault: null });
  });

  it("become texts if the letters are in columns that the graph does not read", () => {
    expect(reading(["B", "a"], () => ({ A: "Red", B: "Blue" })).targets).toEqual([["Blue"], ["Red"]]);
    expect(reading(["Blue"], () => ({ A: "Red", B: "Blue" })).targets).toEqual([["Blue"]]);
  });

  it("are letters if the column has letters, also where a letter is the text of another option", () => {
    const shown = (at: number): Record<string, string> => ({
      question: "Which?",
      choices: JSON.stringify(at === 0 ? ["2c", "c", "0.8c"] : ["red", "blue", "green"]),
    });
    const given = reading(["C", "A", "B"], () => ({}), {}, shown).targets;
    expect(given).toEqual([["(C)"], ["A"], ["B"]]);
    const score = scorer({ kind: "choice" }, shown(0));
    const target = given[0]?.[0] ?? "";
    expect(["C", "(C)", "0.8c", "B", "(B) c"].map((answer) => score(target, answer)[0])).toEqual([0, 0, 0, 1, 1]);
    const texts = (at: number): Record<string, string> => ({
      question: "Which?",
      choices: JSON.stringify(at === 0 ? ["O", "A", "B"] : ["red", "blue", "green"]),
    });
    expect(reading(["B", "red", "green"], () => ({}), {}, texts).targets).toEqual([["B"], ["red"], ["green"]]);
  });

  it("that are none of the options are named, unless most are", () => {
    expect(reading(["A", "B", "azure"], four).unmatched).toEqual([{ at: 2, options: 4 }]);
    expect(reading(["A", "B", "7"], four).unmatched).toEqual([{ at: 2, options: 4 }]);
    expect(reading(["yes", "no", "no"], four).unmatched).toEqual([]);
  });
});
