import { mean } from "simple-statistics";
import type { Sample } from "../../data/sample.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Texts } from "../../graph/graph.ts";

/** Number of samples in the first round. */
const FIRST_ROUND = 2;

export interface HalvingResult {
  /** One per parameter with proposals, in order. */
  readonly winners: readonly Candidate[];
  readonly losers: readonly Candidate[];
}

/**
 * Chooses among several proposals per parameter by successive halving (Jamieson and Talwalkar 2016): all are scored
 * on a few failing training samples, the better half on twice as many, until one is left. The validation set sees
 * only the winner. Ties advance together; at the end, the earlier one wins.
 * @param texts Θ in which a proposal replaces its parameter's text
 * @param loss 0 … 1; null if the sample could not be scored, which counts neither for nor against
 */
export async function successiveHalving(
  candidates: readonly Candidate[],
  texts: Texts,
  samples: readonly Sample[],
  loss: (texts: Texts, sample: Sample) => Promise<number | null>,
): Promise<HalvingResult> {
  const nodes = [...new Set(candidates.map(({ node }) => node))];
  const finals = await Promise.all(nodes.map((node) => final(candidates.filter((one) => one.node === node))));
  const winners = finals.flatMap((left) => left.slice(0, 1));
  return { winners, losers: candidates.filter((one) => !winners.includes(one)) };

  async function final(rivals: readonly Candidate[]): Promise<readonly Candidate[]> {
    let left = rivals;
    for (let round = FIRST_ROUND; left.length > 1; round *= 2) {
      const looked = samples.slice(0, round);
      const ranked = await Promise.all(left.map(async (one) => ({ one, mean: await meanLoss(one, looked) })));
      ranked.sort((a, b) => a.mean - b.mean);
      const bar = ranked[Math.ceil(left.length / 2) - 1]?.mean ?? 1;
      const better = round < samples.length ? ranked.filter(({ mean }) => mean <= bar) : ranked.slice(0, 1);
      left = better.map(({ one }) => one);
    }
    return left;
  }

  async function meanLoss({ node, text }: Candidate, looked: readonly Sample[]): Promise<number> {
    const losses = await Promise.all(looked.map((sample) => loss({ ...texts, [node]: text }, sample)));
    const known = losses.filter((one) => one !== null);
    return known.length === 0 ? 1 : mean(known);
  }
}
