import type { Solution, Solved } from "../solution-schema.ts";

/**
 * Chooses the attempt that counts: one that passes; else one with the most frequent answer, as in TextGrad's
 * majority over the path (arXiv 2406.07496, section 3.3); then the best score. Of equals, the last.
 * @param attempts at least one, in order
 * @param threshold τ: an attempt with a score of at least 1 − τ passes
 */
export function choose(attempts: readonly Solution[], threshold: number): Pick<Solved, "chosen" | "reason"> {
  const passed = attempts.findLast(({ score }) => score !== null && score >= 1 - threshold);
  if (passed) return { chosen: passed.step, reason: passed.step === 0 ? "first passed" : "passed" };
  const counts = new Map<string, number>();
  for (const one of attempts.filter(({ formatError }) => !formatError)) {
    counts.set(answerKey(one), (counts.get(answerKey(one)) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  const common = most > 1 ? attempts.filter((one) => !one.formatError && counts.get(answerKey(one)) === most) : [];
  const left = common.length > 0 ? common : attempts;
  const best = Math.max(...left.map(({ score }) => score ?? -1));
  const chosen = left.findLast(({ score }) => (score ?? -1) === best) ?? attempts[attempts.length - 1];
  const isMajority = new Set(common.map(answerKey)).size === 1;
  return { chosen: chosen?.step ?? 0, reason: isMajority ? "majority" : best >= 0 ? "best score" : "last" };
}

/** Equal for answers that count as one: case, spaces and a final period don't matter. */
export function answerKey({ answer }: Pick<Solution, "answer">): string {
  return answer.trim().toLowerCase().replace(/\s+/g, " ").replace(/\.$/, "");
}
