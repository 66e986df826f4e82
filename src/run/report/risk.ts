import { signTest } from "../../engine/gate/statistics.ts";
import type { OptimizeOptions } from "../../engine/task.ts";

/**
 * Probability that the gate accepts a text that is no better, if each changed sample is equally likely to be better or
 * worse. Exact, from the binomial distribution. Graded losses are counted by their sign.
 * @param differ number of changed samples
 */
export function falseAcceptRisk({ policy, alpha }: OptimizeOptions["gate"], differ: number): number {
  if (policy === "off") return 1;
  for (let better = Math.floor(differ / 2) + 1; better <= differ; better++) {
    const p = signTest(better, differ - better);
    // Every larger split passes, too: one tail of the two-sided test.
    if (policy === "strict" || p <= alpha) return p / 2;
  }
  return 0;
}
