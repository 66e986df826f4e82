import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Sample } from "../../../src/data/sample.ts";
import { ENGLISH } from "../../../src/i18n/locale.ts";
import { makeLoss, targetFault } from "../../../src/loss/make.ts";
import { numeralsIn, plainNumbers } from "../../../src/loss/numerals.ts";
import { graphFormat } from "../../../src/methods/registry.ts";

const lossShape = graphFormat.schema.shape.loss;
const RIGHT = [0, 0];
const LENIENT = [1, 0];
const WRONG = [1, 1];

function score(target: string, answer: string, options: object = {}): number[] {
  const sample: Sample = { id: "s", inputs: { question: "?" }, targets: [target], feedback: null };
  const given = makeLoss(lossShape.parse({ kind: "number", ...options })).score(sample, answer);
  if (given instanceof Promise) throw new Error("this loss is synchronous");
  return [given.loss, given.lenient];
}

describe("two numbers are compared digit by digit", () => {
  it.each([
    ["35700000000809", "35700000000800", WRONG],
    ["9007199254740993", "9007199254740992", WRONG],
    ["9007199254740993", "9,007,199,254,740,993", RIGHT],
    ["1234567890123456789012345", "1234567890123456789012345.0", RIGHT],
    ["1234567890.123456", "1234567890.123457", WRONG],
    ["0", "9.1e-31", WRONG],
    ["9.1e-31", "0", WRONG],
    ["9.1e-31", "9.1 × 10^{-31}", RIGHT],
    ["1e-13", "2e-13", WRONG],
    ["0.1", "0.1000000000001", WRONG],
    ["0.3", "0.30000000000000004", RIGHT],
    ["0.30000000000000004", "0.3", RIGHT],
    ["1.50", "1.5", RIGHT],
    ["1/3", "0.3333333333333333", RIGHT],
    ["100/3", "33.333333333333336", RIGHT],
    ["1/3", "0.333", WRONG],
    ["1/3", "2/6", RIGHT],
    ["1/8", "0.125", RIGHT],
    ["1/8", "0.1250000000001", WRONG],
    ["-5", "5", WRONG],
    ["11", "711", WRONG],
    ["1.1e3", "1100", RIGHT],
  ])("%j and %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });

  it("within a tolerance, its bounds included", () => {
    expect(score("3.14", "3.15", { tolerance: 0.01 })).toEqual(RIGHT);
    expect(score("3.14", "3.1500001", { tolerance: 0.01 })).toEqual(WRONG);
    expect(score("35700000000809", "35700000000800", { tolerance: 9 })).toEqual(RIGHT);
    expect(score("35700000000809", "35700000000799", { tolerance: 9 })).toEqual(WRONG);
    expect(score("0", "1e-7", { tolerance: 1e-7 })).toEqual(RIGHT);
  });
});

describe("a number is read in every usual writing", () => {
  it.each([
    ["1234.5", "1,234.5"],
    ["1234.5", "1.234,5"],
    ["1234.5", "1 234,5"],
    ["1234.5", "1\u202f234,5"],
    ["1234.5", "1\u00a0234.5"],
    ["1234567.5", "1'234'567.5"],
    ["1234567", "1’234’567"],
    ["1234567", "12,34,567"],
    ["1234567", "1.234.567"],
    ["1234567", "1_234_567"],
    ["1234567", "1 234 567"],
    ["10236", "10,\\!236"],
    ["10236", "10\\,236"],
    ["10236", "$10{,}236$"],
    ["1000", "10^3"],
    ["1000", "1e3"],
    ["1000", "1E+3"],
    ["300000000", "3×10⁸"],
    ["300000000", "3 × 10⁸ m/s"],
    ["300000000", "3\\times10^{8}"],
    ["0.003", "3·10⁻³"],
    ["8", "2³"],
    ["1024", "2**10"],
    ["0.5", "\\frac12"],
    ["0.5", "$\\frac{1}{2}$"],
    ["0.5", "\\dfrac{1}2"],
    ["0.5", "\\tfrac12"],
    ["0.75", "\\frac{3}{4}"],
    ["-0.75", "-\\frac{3}{4}"],
    ["-0.75", "\\frac{-3}{4}"],
    ["-0.75", "−3/4"],
    ["-0.75", "-(3/4)"],
    ["1.5", "1 1/2"],
    ["-1.5", "-1 1/2"],
    ["1.5", "1\\frac{1}{2}"],
    ["1.5", "1½"],
    ["2.5", "2\\frac12 cups"],
    ["5/4", "1 1/4"],
    ["71/6", "11 5/6"],
    ["0.0472", "472/10,000"],
    ["60", "60 km/h"],
    ["60", "60 miles/hour"],
    ["9.8", "9.8 m/s²"],
    ["9.8", "9.8 m/s^2"],
    ["5", "$5/hour"],
    ["3000000", "3 million"],
    ["3000000", "$3 million"],
    ["2500", "2.5k"],
    ["2500", "$2.5K"],
    ["1200000000", "1.2 billion dollars"],
    ["1200000000", "€1.2bn"],
    ["5000000", "$5m"],
    ["500000", "5 lakh"],
    ["20000000", "2 crore"],
    ["30000", "3万"],
    ["500000", "half that, so 1/2 million"],
    ["300", "300 K"],
    ["5", "5 m"],
    ["5", "5千米"],
    ["-5", "minus 5"],
    ["-5", "negative 5"],
    ["-5", "it is = - 5"],
    ["1234", "١٬٢٣٤"],
    ["1234.5", "١٢٣٤٫٥"],
    ["1234", "१,२३४"],
    ["1234", "１，２３４"],
    ["42", "๔๒"],
    ["42", "答案是42。"],
    ["50", "USD50"],
    ["500", "Rs.500"],
    ["50", "R$50"],
    ["45", "45^\\circ"],
    ["60", "60\\%"],
    ["42", "The answer is 42!"],
    ["42", "[42]"],
    ["29", "the total cost is $29.00."],
    ["72", "The total is 72 clips, altogether."],
    ["5", "x_1 = 5"],
  ])("%j is %j", (target, answer) => {
    expect(score(target, answer)).toEqual(RIGHT);
  });

  it.each([
    ["2", "CO2"],
    ["2", "m^2"],
    ["2", "2 2/3"],
    ["5", "5 million"],
    ["1234", "1.234"],
    ["12", "12:30 h, so 30"],
  ])("%j is not %j", (target, answer) => {
    expect(score(target, answer)[0]).toBe(1);
  });
});

describe("what is after the answer is not the answer", () => {
  it.each([
    ["42", "The answer is 42. (Checked in 3 steps)", RIGHT],
    ["42", "The answer is 42 (checked in 3 steps).", RIGHT],
    ["42", "Answer: 42\n\nI used 3 steps and 2 rules.", RIGHT],
    ["42", "**Answer:** 42 apples\nConfidence: 95%", RIGHT],
    ["42", "**Answer**: 42\nNote that 7 is prime.", RIGHT],
    ["42", "6 × 7 = 42\nConfidence: 95%", RIGHT],
    ["42", "Final answer:\n\n42\n\nLet me know if you need 3 more.", RIGHT],
    ["42", "\\boxed{42} since 6 \\cdot 7 = 42 and 6 > 3", RIGHT],
    ["42", "So $x = \\boxed{42\\text{ cm}}$, as 5 of 8 know.", RIGHT],
    ["0.5", "\\boxed{\\frac{1}{2}}, not 3", RIGHT],
    ["72", "48/2 = 24\n#### 72\n\nQuestion: What is 5 + 5?\nAnswer: 10\n#### 10", RIGHT],
    ["72", "Answer: 72\n\nQ: And 5 + 5?\nAnswer: 10", RIGHT],
    ["18", "She makes **$18** a day, in 3 steps.", RIGHT],
    ["73", "Thus, the number is **73**.\n\n---\n\n✅ Final Answer: **73**", RIGHT],
    ["42", "#### Step 1\n6 × 7\n#### Step 2\nIt is 42", RIGHT],
    ["72", "Answer: 48 + 24 = 72 clips (in 2 steps)", RIGHT],
    ["8", "The answer is 8 of 9 items.", RIGHT],
    ["10/3", "The answer is 10/3 ≈ 3.33", RIGHT],
    ["3.33", "The answer is 10/3 ≈ 3.33", RIGHT],
    ["72", "72\n\nExplanation: 48/2 = 24 and 48 + 24 come together in 2 steps", RIGHT],
    ["7", "3\n4\nso the sum is 7", RIGHT],
    ["72", "So 72 (that is 6 dozen).", RIGHT],
    ["42", "It is 42.\n(Checked in 3 steps.)", RIGHT],
    ["42", "The answer to question 3 is 42.", RIGHT],
    ["42", "<answer>42</answer> after 3 tries", RIGHT],
    ["42", "Die Antwort lautet 42. Das waren 3 Schritte.", RIGHT],
    ["42", "答案：42。共3步。", RIGHT],
    ["-3", "#### -3", RIGHT],
    ["5", "We have 5.\nAnswer: cannot be determined", LENIENT],
    ["3", "The answer is 3 or 4.", LENIENT],
    ["3", "The answer is between 3 and 4.", LENIENT],
    ["42", "1. Take 6.\n2. Multiply by 7, which gives 42.\n3. Done.", RIGHT],
    ["72", "72 clips, that is 48 and 24", LENIENT],
    ["149", "ANSWER: 149", RIGHT],
    ["49", "ANSWER: 149", WRONG],
  ])("%j of %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });
});

describe("a calculation after the answer is not the answer", () => {
  it.each([
    ["18", "The total is $18 = $9 × 2.", RIGHT],
    ["12", "Total = 12 = 5 + 7", RIGHT],
    ["18", "Answer: 18 apples = 9 × 2", RIGHT],
    ["4", "4 (= 2 + 2)", RIGHT],
    ["-5", "x = -5 = 3 - 8", RIGHT],
    ["4", "2 + 2 = 4", RIGHT],
    ["4", "2 = 4 - 2", LENIENT],
    ["72", '{"answer": 72, "confidence": 0.95}', RIGHT],
    ["8", "Ans: 8\nSteps: 5 + 3", RIGHT],
    ["15", "### Answer\n15\n\nBecause 3 * 5", RIGHT],
    ["15", "**Final Answer**\n\n15\n\nBecause 3 * 5", RIGHT],
    ["1600", "The third answer was 400\nAltogether 1,200 + 400\n\n**1600**", RIGHT],
    ["66", "24 answers * 2 points/answer = 48 points\nWith the bonus, it is more.\n\n**66**", RIGHT],
    ["17", "15 / 90 * 100% = 16.66 %, which rounds up to 17%.", RIGHT],
    ["15", "768 / 50 = 15.36 minutes, rounded down to 15 minutes", RIGHT],
    ["7", "The answers of 3 trans. 5 people: 7", RIGHT],
  ])("%j in %j", (target, answer, expected) => {
    expect(score(target, answer)).toEqual(expected);
  });
});

describe("a target is one number", () => {
  const fault = (target: string) => targetFault(lossShape.parse({ kind: "number" }), target, ENGLISH);

  it.each([
    ["3 apples and 4 pears", "has 2 numbers"],
    ["1, 2, 3", "has 3 numbers"],
    ["2024-05-08", "a date"],
    ["5/8/2024", "a date"],
    ["May 5, 2024", "a date"],
    ["8 May", "a date"],
    ["12:30", "a time"],
    ["10 am", "a time"],
    ["3:1", "a ratio"],
    ["3-4", "a range"],
    ["3 to 4", "a range"],
    ["$3–$4", "a range"],
    ["> 5", "a comparison"],
    ["2\\sqrt{3}", "an expression"],
    ["2π", "an expression"],
    ["\\pm 3", "an expression"],
    ["none", "it has no number"],
    ["", "it has no number"],
  ])("%j is refused: %s", (target, words) => {
    expect(fault(target)).toContain(words);
  });

  it.each([
    ..."72|2,125|$12.50|12%|5 apples|1e-9|-3|3/4|1 1/2|\\frac34|3×10⁸|5 million|60 km/h|1 234,5|9.8 m/s^2|x = 5".split(
      "|",
    ),
    "48 / 2 = 24 and\n48 + 24 = 72\n#### 72",
    "so $\\boxed{72}$",
  ])("%j is taken", (target) => {
    expect(fault(target)).toBeNull();
    expect(score(target, target)[1]).toBe(0);
  });
});

describe("random numbers in random writings", () => {
  const grouped = (digits: string, separator: string, indian = false) =>
    digits.replace(indian ? /\B(?=(?:\d{2})*\d{3}$)/g : /\B(?=(?:\d{3})+$)/g, separator);
  const zeros = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0xff10, 0x1d7ce];
  const inScript = (digits: string, zero: number) =>
    digits.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
  const superscript = (digits: string) =>
    digits.replace(/[-\d]/g, (one) => (one === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(one)] ?? "")));

  /** `[writing, value as a plain decimal or fraction]` */
  const written = fc
    .record({
      whole: fc.bigInt(0n, 10n ** 25n),
      part: fc.option(fc.stringMatching(/^\d{1,20}$/), { nil: null }),
      sign: fc.constantFrom("", "-", "−"),
      style: fc.constantFrom(
        ...["plain", "comma", "indian", "apostrophe", "narrow", "nbsp", "underscore", "european", "spaced", "script"],
        ...["power", "superscript", "latex", "exponent", "fraction", "frac", "mixed"],
      ),
      exponent: fc.integer({ min: -40, max: 40 }),
      zero: fc.constantFrom(...zeros),
      over: fc.integer({ min: 1, max: 900 }),
      under: fc.integer({ min: 2, max: 999 }),
    })
    .map(({ whole, part, sign, style, exponent, zero, over, under }) => {
      const digits = String(whole);
      const point = part === null ? "" : `.${part}`;
      const short = String(whole % 900n);
      const minus = sign === "" ? "" : "-";
      const texts: Record<string, [string, string]> = {
        plain: [digits + point, digits + point],
        comma: [grouped(digits, ",") + point, digits + point],
        indian: [grouped(digits, ",", true) + point, digits + point],
        apostrophe: [grouped(digits, "'") + point, digits + point],
        narrow: [grouped(digits, "\u202f") + point.replace(".", ","), digits + point],
        nbsp: [grouped(digits, "\u00a0") + point, digits + point],
        underscore: [grouped(digits, "_") + point, digits + point],
        // "1,234" is read as English writes it: a decimal comma before three digits needs a group before it.
        european: [`${grouped(digits, ".")},${part ?? 0}`, `${digits}.${part ?? 0}`],
        spaced: [`${grouped(digits, " ")},${part ?? 0}`, `${digits}.${part ?? 0}`],
        script: [inScript(digits + point, zero), digits + point],
        power: [`${short}${point} × 10^${exponent}`, `${short}${point}e${exponent}`],
        superscript: [`${short}${point}×10${superscript(String(exponent))}`, `${short}${point}e${exponent}`],
        latex: [`${short}${point} \\times 10^{${exponent}}`, `${short}${point}e${exponent}`],
        exponent: [`${short}${point}e${exponent}`, `${short}${point}e${exponent}`],
        fraction: [`${over}/${under}`, `${over}/${under}`],
        frac: [`\\frac{${over}}{${under}}`, `${over}/${under}`],
        mixed: [
          `${(over % 99) + 1} ${over % under || 1}/${under}`,
          `${((over % 99) + 1) * under + (over % under || 1)}/${under}`,
        ],
      };
      const isEnglish = ["european", "spaced", "narrow"].includes(style) && part?.length === 3 && digits.length <= 3;
      const [text, value] = texts[isEnglish ? "plain" : style] ?? ["", ""];
      return { text: sign + text, value: minus + value };
    });

  const around = fc.constantFrom(
    ...["@", "$@", "@ km/h", "**@**", "Answer: @", "The answer is @.", "so it is @ in all", "48 + 24 = @"],
    ...["\\boxed{@}", "in 3 steps: @", "#### @", "(@)", "**Answer:** @ apples", "Answer: @\nChecked in 3 steps."],
  );

  test("have the value that they were written from, and no other", () => {
    fc.assert(
      fc.property(written, around, ({ text, value }, form) => {
        fc.pre(!(form === "$@" && /^[-−]/.test(text)));
        const answer = form.replace("@", () => text);
        expect([answer, ...score(value, answer)]).toEqual([answer, ...RIGHT]);
        const [numeral] = numeralsIn(plainNumbers(value));
        const more = numeral?.values[0]?.add(1)?.toFraction() ?? "";
        expect([answer, more, score(more, answer)[0]]).toEqual([answer, more, 1]);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("short cuts for usual texts", () => {
  const mark = fc.constantFrom("½", "²", "\\frac12", "−", "٣", "x_{1}", "~", "{,}", "１", "5", ".", "-", " ", "a");

  test("give what the whole way gives", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(mark, { maxLength: 8 }).map((marks) => marks.join("")),
        ),
        (text) => {
          // A section sign is never replaced, and there is no short cut for it. No space is before it, because a
          // command takes the space after it, and a backslash would take the sign itself.
          fc.pre(!text.endsWith("\\"));
          expect(`${plainNumbers(text)}§`).toBe(plainNumbers(`${text}§`));
        },
      ),
    );
  });

  test("digits are a target: one number, that a space around it does not change", () => {
    const spec = lossShape.parse({ kind: "number" });
    fc.assert(
      fc.property(fc.stringMatching(/^-?\d{1,15}(?:\.\d{1,15})?$/), (target) => {
        expect(targetFault(spec, target, ENGLISH)).toBe(targetFault(spec, ` ${target} `, ENGLISH));
        expect(targetFault(spec, target, ENGLISH)).toBeNull();
      }),
    );
  });
});
