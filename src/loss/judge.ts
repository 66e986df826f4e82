import type { Loss, Vote } from "./loss.ts";
import { scoreOf } from "./normalize.ts";

/** The loss needs a judge, but there is none. */
export class JudgeMissing extends Error {
  override readonly name = "JudgeMissing";
}

interface JudgeLossSpec {
  /** Criteria for a good answer. */
  readonly rubric: string;
  /** Number of votes per answer. */
  readonly votes: number;
}

/** Maximum characters of a reason. */
const REASON = 600;

/**
 * 1 − mean of a model's votes on the answer. Its reasons are the criticism. Lenient is the same, because the rubric
 * says how strictly to read. If a vote is lost, the sample is unscored.
 */
export function judgeLoss({ rubric, votes }: JudgeLossSpec): Loss {
  return {
    kind: "judge",
    describe: ({ t }) =>
      votes > 1
        ? t("A model scores the answer against a rubric, 0 to 1. The mean of {0} votes counts.", votes)
        : t("A model scores the answer against a rubric, 0 to 1."),
    calls: votes,
    targetless: true,
    criteria: rubric,
    async score(sample, answer, askVote) {
      if (!askVote) throw new JudgeMissing("this loss asks a model");
      const given = await Promise.all(Array.from({ length: votes }, (_, index) => askVote(rubric, index)));
      const said = given.map(({ score, reason }) => ({ score, reason: reason.trim().slice(0, REASON) }));
      const loss = 1 - said.reduce((sum, { score }) => sum + score, 0) / said.length;
      return { ...scoreOf(sample, answer, loss, loss, criticism(said)), votes: said };
    },
  };
}

function criticism(votes: readonly Vote[]): string {
  const lines = votes
    .filter(({ score }) => score < 1)
    .map(({ score, reason }) => `A judge gave it ${score.toFixed(2)} of 1${reason ? `: ${reason}` : "."}`);
  return lines.join("\n");
}
