import { describe, expect, it } from "vitest";
import * as errors from "../../../src/models/errors.ts";
import { plainFailure, revive } from "../../../src/models/revive.ts";

const usage = { prompt: 3, completion: 2, estimated: false, cached: 1 };

describe("a failure that travels between machines", () => {
  it.each([
    new errors.KeyRefused("openai x", 401, "no"),
    new errors.RateLimited("openai x", 7, "slow", "no room"),
    new errors.ProviderFault("openai x", null, null, "gone", "unreached"),
    new errors.RequestRefused("openai x", 400, "m", "long", "too long"),
    new errors.AnswerMissing("openai x", "m", "thoughts", "hm", usage),
    new errors.ParameterRefused("m", "max_tokens", "max_completion_tokens"),
    new errors.TlsFailed("openai x", "expired", "old"),
    new errors.WaitTooLong("openai x", "rate limit", 9, 1, 5, "long"),
    new errors.BatchEnded("openai x", "b", "failed", "why"),
    new errors.TierUnavailable("openai x", "m", "flex", "no"),
  ])("is the same after it: %s", (error) => {
    const revived = revive(JSON.parse(JSON.stringify(plainFailure(error))));
    expect(revived).toBeInstanceOf(error.constructor);
    expect({ ...revived }).toEqual({ ...error });
    expect(revived?.message).toBe(error.message);
  });

  it("is none where its code is unknown", () => {
    expect(revive({ code: "Surprise", fields: {} })).toBeNull();
  });
});
