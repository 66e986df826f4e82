import { describe, expect, it } from "vitest";
import type { SampleRow } from "../../../src/data/samples.ts";
import { loss } from "../../../src/graph/schema/schema-run.ts";
import { isExpected, targetOfAnswer, targetOfText } from "../../../src/loss/target-form.ts";

function row(target: string | null, inputs: Record<string, string> = { q: "?" }, fields = {}): SampleRow {
  return { sample: { id: "", inputs, targets: target === null ? [] : [target], feedback: null }, fields };
}

function column(kind: Record<string, unknown>, rows: readonly SampleRow[], own: SampleRow = row(null)) {
  return { spec: loss.parse(kind), rows, row: own };
}

const OPTIONS = { q: "Which?\n(A) red\n(B) blue\n(C) green" };
const asked = (target: string | null) => row(target, OPTIONS);
const hidden = (target: string | null) => row(target, { q: "Which?" }, { choices: ["red", "blue", "green"] });

describe("a confirmed answer takes the form of its column", () => {
  const number = column({ kind: "number" }, [row("7"), row("12.5")]);
  it.each([
    ["So 7 × 6 = 42 apples are left.", "42"],
    ["The total is $1,234.50.", "1234.5"],
    ["About 5K", "5000"],
    ["Step 1: add. The answer is **3/4**.", "0.75"],
    ["It is 1/3.", "1/3"],
    ["I can't tell.", null],
  ])("number: %s", async (answer, target) => {
    expect(await targetOfAnswer(answer, number)).toBe(target);
  });

  it.each([
    ["The answer is (B).", [asked("(A)")], asked(null), "(B)"],
    ["It's blue because of the sky.", [asked("A")], asked(null), "B"],
    ["It's blue because of the sky.", [asked("a")], asked(null), "b"],
    ["B", [asked("red")], asked(null), "blue"],
    ["B. blue", [asked("A. red")], asked(null), "B. blue"],
    ["The answer is C", [hidden("0"), hidden("1")], hidden(null), "2"],
    ["green", [hidden("1"), hidden("3")], hidden(null), "3"],
    ["green", [hidden("red")], hidden(null), "green"],
    ["green", [], asked(null), "C"],
    ["Either red or blue.", [asked("A")], asked(null), null],
    ["The answer is B.", [row("A"), row("C")], row(null), "B"],
  ])("choice: %s", async (answer, rows, own, target) => {
    expect(await targetOfAnswer(answer, column({ kind: "choice" }, rows, own))).toBe(target);
  });

  const labels = ["Refund", "billing", "Refund", "billing", "how-to", "how-to"].map((label) => row(label));
  it.each([
    ["refund", "Refund"],
    ["The category is refund.", "Refund"],
    ["This is a **how-to** question", "how-to"],
    ["It could be billing or a refund.", null],
    ["The customer wants their money back for what they bought", null],
    ["shipping", "shipping"],
  ])("label: %s", async (answer, target) => {
    expect(await targetOfAnswer(answer, column({ kind: "exact" }, labels))).toBe(target);
    expect(await targetOfAnswer(answer, column({ kind: "contains" }, labels))).toBe(target);
  });

  it("keeps a short answer of an open question, and refuses a long one", async () => {
    const open = column({ kind: "exact" }, [row("Ada Lovelace"), row("Paris")]);
    expect(await targetOfAnswer(" Charles Babbage\n", open)).toBe("Charles Babbage");
    expect(await targetOfAnswer("I believe that the inventor of it is Charles Babbage.", open)).toBeNull();
  });

  it.each([
    ["Labels: red, blue", ["green, red"], "red, blue"],
    ["red, blue", ["green; red"], "red; blue"],
    ["- red\n- blue", ['["green"]'], '["red","blue"]'],
    ["The labels are:\n- red\n- blue", ["green | red"], "red | blue"],
    ["none", ["green, red"], ""],
  ])("set: %s", async (answer, targets, target) => {
    const set = column(
      { kind: "set" },
      targets.map((one) => row(one)),
    );
    expect(await targetOfAnswer(answer, set)).toBe(target);
  });

  it.each([
    ['Here it is:\n```json\n{ "a": 1 }\n```', '{"a":1}'],
    ['{"a": 1.50}', '{"a": 1.50}'],
    ['```\n{"a": 9007199254740993}\n```', '{"a":9007199254740993}'],
    ['{"b": 1}', null],
    ["no JSON", null],
  ])("json: %s", async (answer, target) => {
    expect(await targetOfAnswer(answer, column({ kind: "json", fields: ["a"] }, [row('{"a":2}')]))).toBe(target);
  });

  it("regex: escaped as a pattern, or the part that the pattern of the loss matches", async () => {
    expect(await targetOfAnswer("1+1 (two)", column({ kind: "regex" }, [row("a+")]))).toBe("1\\+1 \\(two\\)");
    const code = column({ kind: "regex", pattern: "code: (\\w+)" }, [row("x1")]);
    expect(await targetOfAnswer("The code: b7.", code)).toBe("b7");
    expect(await targetOfAnswer("b7", code)).toBeNull();
  });

  it("keeps free text", async () => {
    const text = "A long answer of several sentences. It stays.";
    expect(await targetOfAnswer(text, column({ kind: "f1" }, [row("short")]))).toBe(text);
    expect(await targetOfAnswer(text, column({ kind: "judge", rubric: "Good?" }, [row("short")]))).toBe(text);
  });
});

describe("what a person enters takes the form of its column", () => {
  it.each([
    ["number", "about 12 pieces", [row("7")], row(null), "12"],
    ["number", "twelve", [row("7")], row(null), null],
    ["choice", "blue", [asked("A")], asked(null), "B"],
    ["choice", "1", [hidden("0"), hidden("2")], hidden(null), "1"],
    ["choice", "7", [hidden("0"), hidden("2")], hidden(null), null],
    [
      "exact",
      "a new label of many words that nobody used",
      [row("x")],
      row(null),
      "a new label of many words that nobody used",
    ],
  ])("%s: %s", (kind, text, rows, own, target) => {
    expect(targetOfText(text, column({ kind }, rows, own))).toBe(target);
  });
});

describe("an answer that is expected already", () => {
  it.each([
    ["number", "So the total is 42.", row("42"), true],
    ["number", "So the total is 41.", row("42"), false],
    ["choice", "The answer is B.", asked("blue"), true],
    ["exact", "It is billing.", row("billing"), true],
    ["f1", "the cat sat on a mat", row("cat"), false],
    ["exact", "billing", row(null), false],
  ])("%s: %s", async (kind, answer, own, expected) => {
    expect(await isExpected(answer, column({ kind }, [own], own))).toBe(expected);
  });

  it("is one by its position, too", async () => {
    const rows = [hidden("0"), hidden("2")];
    expect(await isExpected("blue", column({ kind: "choice" }, rows, hidden("1")))).toBe(true);
  });
});
