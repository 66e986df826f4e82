import { describe, expect, it } from "vitest";
import { compact, duration, money, outcomeOf, plural } from "../../../webview/format.ts";

const sample = (before: number | null, after: number | null) => ({
  id: "s",
  excerpt: "",
  split: "train" as const,
  before,
  after,
});

describe("words", () => {
  it("says times, numbers and money as people write them", () => {
    expect([0, 59_400, 60_000, 200_000, 3_900_000].map(duration)).toEqual([
      "0 s",
      "59 s",
      "1 min 0 s",
      "3 min 20 s",
      "1 h 5 min",
    ]);
    expect([950, 9999, 12_340, 234_567, 4_500_000].map(compact)).toEqual(["950", "9,999", "12.3K", "235K", "4.5M"]);
    expect([0, 0.042, 1.5, 0.0004].map(money)).toEqual(["$0.00", "$0.04", "$1.50", "$0.0004"]);
    expect([1, 0, 2000].map((replies) => plural(replies, "{0} reply", "{0} replies"))).toEqual([
      "1 reply",
      "0 replies",
      "2,000 replies",
    ]);
  });

  it("says what became of a sample", () => {
    expect(outcomeOf(sample(1, 0), 0)).toBe("fixed");
    expect(outcomeOf(sample(0, 1), 0)).toBe("broken");
    expect(outcomeOf(sample(0.4, 0.2), 0)).toBe("wrong");
    expect(outcomeOf(sample(0, null), 0)).toBe("right");
    expect(outcomeOf(sample(null, null), 0)).toBe("unscored");
  });

  it("takes a sample for right where its loss is within the run's threshold", () => {
    expect(outcomeOf(sample(0.4, 0.2), 0.25)).toBe("fixed");
    expect(outcomeOf(sample(0.25, 0.3), 0.25)).toBe("broken");
    expect(outcomeOf(sample(0.2, 0.25), 0.25)).toBe("right");
    expect(outcomeOf(sample(0.2, null), 0.25)).toBe("right");
    expect(outcomeOf(sample(null, 0.3), 0.25)).toBe("wrong");
  });
});
