import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Solution } from "../../../../src/engine/solution-schema.ts";
import { choose } from "../../../../src/engine/solve/choose.ts";

const attempt = (step: number, answer: string, score: number | null, formatError = false): Solution => ({
  step,
  reply: answer,
  answer,
  formatError,
  score,
  criticism: "",
  note: "",
});
const path = (...attempts: readonly (readonly [string, number | null, boolean?])[]) =>
  attempts.map(([answer, score, formatError], step) => attempt(step, answer, score, formatError));

describe("which of the attempts at one row counts", () => {
  it.each([
    ["the first one, if it passes", path(["4", 1]), { chosen: 0, reason: "first passed" }],
    ["one that passes, before a majority", path(["4", 0.2], ["4", 0.3], ["5", 1]), { chosen: 2, reason: "passed" }],
    [
      "the answer of the majority, its best attempt",
      path(["4", 0.3], ["5", 0.6], [" 4. ", 0.2]),
      { chosen: 0, reason: "majority" },
    ],
    ["the best score, if all differ", path(["4", 0.2], ["5", 0.6], ["6", 0.1]), { chosen: 1, reason: "best score" }],
    ["the later one of equals", path(["4", 0.5], ["5", 0.5]), { chosen: 1, reason: "best score" }],
    ["the last one, if none could be scored", path(["4", null], ["5", null]), { chosen: 1, reason: "last" }],
    [
      "no majority of replies without an answer",
      path(["?", 0, true], ["?", 0, true], ["5", 0.4]),
      { chosen: 2, reason: "best score" },
    ],
  ])("%s", (_, attempts, expected) => {
    expect(choose(attempts, 0)).toEqual(expected);
  });

  it("is one of them, and none that fails if one passes", () => {
    const any = fc.record({
      answer: fc.constantFrom("a", "b", "c"),
      score: fc.option(fc.constantFrom(0, 0.2, 0.5, 0.8, 1)),
      formatError: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 0.2), (given, threshold) => {
        const attempts = given.map(({ answer, score, formatError }, step) =>
          attempt(step, answer, formatError && score !== null ? 0 : score, formatError),
        );
        const { chosen } = choose(attempts, threshold);
        const passes = (one: Solution | undefined) => (one?.score ?? -1) >= 1 - threshold;
        expect(attempts[chosen]?.step).toBe(chosen);
        expect(passes(attempts[chosen])).toBe(attempts.some(passes));
      }),
    );
  });
});
