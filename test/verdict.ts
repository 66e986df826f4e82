import type { Verdict } from "../src/engine/events.ts";

/** An accepted verdict of the policy `strict` over 20 samples. @param more what differs */
export function verdictOf(more: Partial<Verdict> = {}): Verdict {
  return {
    decision: "accepted",
    policy: "strict",
    reason: "lower loss",
    scored: 20,
    of: 20,
    lossBefore: 0.5,
    lossAfter: 0.25,
    rightBefore: 10,
    rightAfter: 15,
    fixed: [],
    broken: [],
    p: null,
    intervalBefore: [0, 1],
    intervalAfter: [0, 1],
    tokensBefore: 10,
    tokensAfter: 10,
    looks: 1,
    unscored: [],
    ...more,
  };
}
