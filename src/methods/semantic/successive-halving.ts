import { mean } from "simple-statistics";
import type { Sample } from "../../data/sample.ts";
import type { Candidate } from "../../engine/propose/candidate.ts";
import type { Texts } from "../../graph/graph.ts";

/** Samples of the first round. */
const FIRST_ROUND = 2;

export interface HalvingResult {
  /** One for each parameter that had any, in their order. */
  readonly winners: readonly Candidate[];
  readonly losers: readonly Candidate[];
}

/**
 * Several proposals for one parameter run against each other by successive halving (Jamieson and Talwalkar 2016): all on
 * a few of the training samples that failed, the better half of them on twice as many, until one is left. Validation
 * samples see the winner alone. Equals go on together; at the end the earlier one stays.
 * @param texts Θ in which a proposal takes the place of its parameter's text
 * @param loss 0 … 1; null if the sample could not be scored, which speaks neither for nor against
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
