import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { makeLoss } from "../../../src/loss/make.ts";
import { graphFormat } from "../../../src/methods/registry.ts";

const lossShape = graphFormat.schema.shape.loss;

function score(target: string, answer: string, options: object = {}) {
  const made = makeLoss(lossShape.parse({ kind: "set", ...options }));
  const given = made.score({ id: "s", inputs: { q: "?" }, targets: [target], feedback: null }, answer);
  if (given instanceof Promise) throw new Error("this loss is synchronous");
  return given;
}
const figures = (target: string, answer: string, options?: object) => {
  const { loss, lenient } = score(target, answer, options);
  return [loss, lenient].map((one) => Math.round(one * 1000) / 1000);
};

describe("set", () => {
  it.each([
    ["a, b", "b, a"],
    ['["a","b"]', "b,a"],
    ["a; b", '["b", "a"]'],
    ["a\nb", "- b\n- a"],
    ["a, b", "1. b\n2. a"],
    ["a, b", "A and B."],
    ["a, b", "a & b"],
    ["a, b", "a or b"],
    ["a, b, c", "a, b & c"],
    ["a, b", "+ b\n+ a"],
    ["a, b", "– b\n– a"],
    ["a, b", "a) b\nb) a"],
    ['["J. Smith","A. Jones"]', "J. Smith\nA. Jones"],
    ["R&D, sales", "sales, R&D"],
    ["rock & roll", '["Rock & Roll"]'],
    ["a, b, c", "a, b, and c"],
    ["a, b, c", "a, b and c"],
    ["a, b and c", '["c", "b", "a"]'],
    ["salt, rock and roll", '["salt", "rock and roll"]'],
    ["rock and roll", '["Rock and Roll"]'],
    ["a, b", '```json\n["b", "a"]\n```'],
    ["a, b", '{"labels": ["b", "a"]}'],
    ["a, b", "a, b, a"],
    ["a, b", "[b, a]"],
    ["a|b", "b | a"],
    ["Paris, France; Rome", '["Rome", "Paris, France"]'],
    ['["New York","Rome"]', "rome; new  york"],
    ["[]", "none"],
    ["", "[]"],
    ["billing", "Billing."],
    ["[1, 2]", "2, 1"],
    ['["Rock and Roll"]', "rock and roll"],
    ['["Paris, France"]', "Paris, France"],
    ['["Rock and Roll","Pop"]', "Pop, Rock and Roll"],
  ])("%j is %j", (target, answer) => {
    expect(figures(target, answer)).toEqual([0, 0]);
  });

  it("is the overlap of the two sets, or nothing but equality", () => {
    expect(figures("a, b", "a")).toEqual([0.333, 0.333]);
    expect(figures("a, b", "a, b, c, d")).toEqual([0.333, 0.333]);
    expect(figures("a, b", "c")).toEqual([1, 1]);
    expect(figures("a, b", "none")).toEqual([1, 1]);
    expect(figures("a, b", "a, b and c")).toEqual([0.2, 0.2]);
    expect(figures("a, d", "a, b and c")).toEqual([0.6, 0.6]);
    expect(figures("a, rock and roll", "d, rock and roll")).toEqual([0.5, 0.5]);
    expect(figures("a, b", "a", { score: "equal" })).toEqual([1, 1]);
    expect(figures("a, b", "b, a", { score: "equal" })).toEqual([0, 0]);
    expect(figures("A, b", "a, b", { ignoreCase: false })).toEqual([0.5, 0.5]);
    expect(figures("a/b", "b/a", { separator: "/" })).toEqual([0, 0]);
  });

  it("finds the list in running text leniently", () => {
    expect(figures("a, b", "I looked at it.\n\nLabels: a, b", { score: "equal" })).toEqual([1, 0]);
    expect(figures("a, b", 'They are ["a", "b"], I think.', { score: "equal" })).toEqual([1, 0]);
    expect(figures("a, b", "They are:\n- a\n- b", { score: "equal" })).toEqual([1, 0]);
  });

  it("says what is missing and what is too many", () => {
    expect(score("a, b", "b, c").criticism).toBe(
      'The right answer is "a, b". The answer was "b, c". It lacks "a". It has "c" too many.',
    );
  });

  test("equals itself in any order and writing", () => {
    const element = fc
      .stringMatching(/^[a-z][a-z0-9 -]{0,8}[a-z0-9]$/)
      .filter((one) => !/ and |^(?:and|or|und|et|y|none|nothing|n\/a|no labels?) ?/.test(one));
    const forms = [
      (all: readonly string[]) => JSON.stringify(all),
      (all: readonly string[]) => all.join(", "),
      (all: readonly string[]) => all.join(";"),
      (all: readonly string[]) => all.map((one) => `- ${one}`).join("\n"),
      (all: readonly string[]) => `[${all.join(", ")}]`,
    ];
    fc.assert(
      fc.property(
        fc.uniqueArray(element, { minLength: 2, maxLength: 6 }),
        fc.constantFrom(...forms),
        fc.constantFrom(...forms),
        (all, write, answer) => {
          expect(figures(write(all), answer(all.toReversed()), { score: "equal" })).toEqual([0, 0]);
          expect(figures(write(all), answer(all.slice(1)), { score: "equal" })[0]).toBe(1);
        },
      ),
    );
  });
});
