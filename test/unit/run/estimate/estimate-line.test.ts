import { describe, expect, it } from "vitest";
import { ENGLISH } from "../../../../src/i18n/locale.ts";
import { estimateLine, paceOf } from "../../../../src/run/estimate/estimate-line.ts";

const NONE = { calls: null, tokens: null, usd: null };

describe("the line that estimates a run", () => {
  it("has calls, time, money and the bound", () => {
    const line = estimateLine({ calls: 412, usd: 0.118 }, 300, { ...NONE, calls: 2000 }, ENGLISH);
    expect(line).toBe("≈ 410 calls · ≈ 2 min · ≈ $0.12 · at most 2,000 calls, ≈ $0.57");
  });

  it("gives the user's own limit on money as it is", () => {
    const limits = { calls: 2000, tokens: 1_000_000, usd: 1.5 };
    const line = estimateLine({ calls: 412, usd: 0.118 }, null, limits, ENGLISH);
    expect(line).toBe("≈ 410 calls · ≈ $0.12 · at most 2,000 calls, 1,000,000 tokens, $1.50");
  });

  it("says that nothing bounds the run, and what costs nothing or has no price", () => {
    expect(estimateLine({ calls: 1, usd: 0 }, 10, NONE, ENGLISH)).toBe(
      "≈ 1 call · under a minute · free · without an upper limit",
    );
    expect(estimateLine({ calls: 40_000, usd: null }, 300, null, ENGLISH)).toBe(
      "≈ 40,000 calls · ≈ 3 h · price unknown",
    );
  });

  it("takes the time of a call from an earlier run, if there is one", () => {
    expect(paceOf({ elapsed: 60_000, calls: 120 }, 16)).toBe(500);
    expect(paceOf({ elapsed: 60_000, calls: 0 }, 1)).toBe(2000);
    expect(paceOf(null, 16)).toBeCloseTo(222, 0);
    expect(paceOf(null, 4)).toBe(500);
    // One step after another: its calls wait for each other.
    expect(paceOf(null, 16, "gepa")).toBe(500);
  });
});
