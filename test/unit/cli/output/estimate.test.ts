import { expect, it } from "vitest";
import { estimateLine } from "../../../../src/cli/output/estimate.ts";

const estimate = { calls: 298, tokens: 48_901, usd: 0.0213, scoring: 100, cached: 0 };
const exactly = { calls: 298, tokens: 48_901, usd: 0.0213 };
const range = { least: { ...exactly, calls: 263 }, most: { ...exactly, calls: 338, tokens: 181_000 } };

it("is one line: what is usual, what is bounded, what is known", () => {
  expect(estimateLine({ ...estimate, range, cached: 104, most: { calls: 2000, tokens: 328_192, usd: 0.143 } })).toBe(
    "About 300 calls and 49,000 tokens ($0.02); at most 2,000 calls, 330,000 tokens, $0.14. The estimate can be off: 260 to 340 calls, 49,000 to 180,000 tokens. 100 more replies are cached from earlier runs and cost nothing.",
  );
});

it("promises no bound and no price that is not there", () => {
  const most = { calls: null, tokens: null, usd: null };
  const range = { least: exactly, most: exactly };
  expect(estimateLine({ ...estimate, range, usd: null, most })).toBe(
    "About 300 calls and 49,000 tokens (price unknown); no upper limit (set one with --budget-calls).",
  );
  expect(estimateLine({ ...estimate, calls: 1, tokens: 1, usd: 0, range, cached: 1, most })).toMatch(
    /^About 1 call and 1 token.* 1 more reply is cached from earlier runs and costs nothing\.$/,
  );
  expect(estimateLine({ ...estimate, calls: 0, tokens: 0, usd: 0, range, most })).toMatch(/^No calls/);
});
