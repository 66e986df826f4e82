import { Script } from "node:vm";
import { expect, it, vi } from "vitest";
import { Patterns, PatternTimeout } from "../../../src/graph/pattern.ts";

/** Takes the longer the more letters there are, and for ever with 60. */
const ENDLESS = "(x+x+)+y";
const hopeless = (length = 60) => "x".repeat(length);

/** Milliseconds that the pattern was given before it was stopped. */
const given = (text: string, patterns: Patterns) =>
  patterns.match(ENDLESS, "", text).then(
    () => "found",
    (error: unknown) => (error instanceof PatternTimeout ? error.milliseconds : String(error)),
  );

/** No machine is so busy that a quick pattern takes this long. */
const PATIENT = { here: 20_000, apart: 20_000, distrusted: 20_000 };

it("finds the first match and its groups, or none", async () => {
  expect(await new Patterns().match("a(b)?(c)", "i", "xACb")).toEqual(["AC", undefined, "C"]);
  expect(await new Patterns().match("z", "", "abc")).toBeNull();
});

it("lets everything else go on while a pattern does not end", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  expect(await given(hopeless(), new Patterns())).toBe(500);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});

it("gives a pattern that was slow in vain three times little time on what else there is, which is still found", async () => {
  const patterns = new Patterns();
  const tried = Array.from({ length: 30 }, (_, at) => given(at % 10 === 9 ? "xxy" : hopeless(60 + at), patterns));
  const times = await Promise.all(tried);
  expect(times.slice(0, 5)).toEqual([500, 500, 500, 50, 50]);
  // On a busy machine not each of the three in time.
  expect(times).toContain("found");
  expect(await patterns.match("x+", "", hopeless(3))).toEqual(["xxx"]);
});

it("trusts a pattern again that ran out of time because the machine was busy, three times", async () => {
  /** Whether the next match after each of four stalls was made here. */
  const afterStalls = async () => {
    const patterns = new Patterns(PATIENT);
    const isHere: boolean[] = [];
    for (let stall = 0; stall < 4; stall++) {
      const run = vi.spyOn(Script.prototype, "runInThisContext").mockImplementationOnce(() => {
        throw Object.assign(new Error(), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
      });
      expect(await patterns.match("b+", "", "abbc")).toEqual(["bb"]);
      run.mockClear();
      expect(await patterns.match("b+", "", "abbc")).toEqual(["bb"]);
      isHere.push(run.mock.calls.length > 0);
      run.mockRestore();
    }
    return isHere;
  };
  expect(await afterStalls()).toEqual([true, true, true, false]);
});

it("says what is not a regular expression, as often as it is asked", async () => {
  const patterns = new Patterns();
  await expect(patterns.match("(", "", "x")).rejects.toBeInstanceOf(SyntaxError);
  expect(() => patterns.matchNow("(", "", "x")).toThrow(SyntaxError);
});

it("does not wait for what is only shown", () => {
  const patterns = new Patterns({ ...PATIENT, here: 1_000 });
  expect(patterns.matchNow("x", "", "x")).toEqual(["x"]);
  expect(() => patterns.matchNow(ENDLESS, "", hopeless())).toThrow(PatternTimeout);
  // Known by then: not even tried.
  expect(() => patterns.matchNow(ENDLESS, "", "xxy")).toThrow(PatternTimeout);
});
