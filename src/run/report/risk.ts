import { signTest } from "../../engine/gate/statistics.ts";
import type { OptimizeOptions } from "../../engine/task.ts";

/**
 * Probability that the gate accepts a text that is no better, if each changed sample is equally likely to be better or
 * worse. Exact, from the binomial distribution. Graded losses are counted by their sign.
 * @param differ number of changed samples
 */
export function falseAcceptRisk({ policy, alpha }: OptimizeOptions["gate"], differ: number): number {
  if (policy === "off") return 1;
  let [risk, term] = [0, 0.5 ** differ];
  for (let better = 0; better <= differ; better++) {
    const worse = differ - better;
    if (better > worse && (policy === "strict" || signTest(better, worse) <= alpha)) risk += term;
    term *= worse / (better + 1);
  }
  return risk;
}
