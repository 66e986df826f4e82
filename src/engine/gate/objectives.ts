import type { OptimizeOptions } from "../task.ts";

/** What one answer takes, beside being right. */
export interface AnswerCost {
  /** Of all calls that make the answer, prompts and replies. */
  readonly tokens: number;
  /** Along the slowest path through the graph, without waiting for a slot; null where a reply's time is not on record. */
  readonly milliseconds: number | null;
  /** US dollars; null where no price is known. */
  readonly usd: number | null;
}

/** Costs of one sample's answer under base and candidate. */
export interface CostPair {
  readonly before: AnswerCost;
  readonly after: AnswerCost;
}

export type Objectives = NonNullable<OptimizeOptions["objectives"]>;

/** Options that name no objectives. */
export const LOSS_ALONE = { loss: 1, tokens: 0, latency: 0, usd: 0 } as const;

/** The weights of a gate. With `"pareto"` the gate goes by the loss, and the user chooses afterwards. */
export function weightsOf(objectives: Objectives | undefined) {
  return objectives === undefined || objectives === "pareto" ? LOSS_ALONE : objectives;
}

/**
 * What the change in cost weighs beside the change in the mean loss: for each kind of cost its weight times its relative
 * growth, so that at a weight of 0.1 a doubling weighs as much as a mean loss that is 0.1 higher. Over the samples whose
 * costs are known under both; 0 without any.
 */
export function weightOfCost(objectives: Objectives | undefined, costs: readonly (CostPair | undefined)[]): number {
  const { tokens, latency, usd } = weightsOf(objectives);
  if (tokens + latency + usd === 0) return 0;
  const weigh = (weight: number, of: (cost: AnswerCost) => number | null) =>
    weight === 0 ? 0 : weight * ((ratioOf(costs, of) ?? 1) - 1);
  return (
    weigh(tokens, (cost) => cost.tokens) + weigh(latency, (cost) => cost.milliseconds) + weigh(usd, (cost) => cost.usd)
  );
}

/** Total cost after, in multiples of that before; null where nothing is known. */
export function ratioOf(
  costs: readonly (CostPair | undefined)[],
  of: (cost: AnswerCost) => number | null,
): number | null {
  let [before, after] = [0, 0];
  for (const pair of costs) {
    const [was, is] = pair ? [of(pair.before), of(pair.after)] : [null, null];
    if (was === null || is === null) continue;
    before += was;
    after += is;
  }
  return before === 0 ? null : after / before;
}

/** Growth of the tokens per answer from which a gain is called dearly bought, and growth per unit of mean loss. */
const DEAR = { growth: 0.5, perLoss: 10 } as const;

/** Whether an update buys little with much: half as many tokens again, or more, and a tenth more for each point. */
export function isDear(verdict: {
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly lossBefore: number;
  readonly lossAfter: number;
}): boolean {
  const { tokensBefore, tokensAfter, lossBefore, lossAfter } = verdict;
  if (tokensBefore === 0) return false;
  const growth = tokensAfter / tokensBefore - 1;
  return growth >= DEAR.growth && growth > DEAR.perLoss * (lossBefore - lossAfter);
}

/** Mean score and mean costs of one Θ over the same samples as the others. */
export interface FrontFigures {
  readonly score: number;
  readonly tokens: number;
  readonly milliseconds: number | null;
  readonly usd: number | null;
}

/** Those that no other is at least as good as in everything and better than in something. */
export function paretoFront<P extends FrontFigures>(points: readonly P[]): P[] {
  return points.filter((one) => !points.some((other) => dominates(other, one)));
}

function dominates(a: FrontFigures, b: FrontFigures): boolean {
  // What is not known of one of them speaks for neither.
  const known = (x: number | null, y: number | null) => (x === null || y === null ? [0, 0] : [x, y]);
  const less = [
    [-a.score, -b.score],
    [a.tokens, b.tokens],
    known(a.milliseconds, b.milliseconds),
    known(a.usd, b.usd),
  ] as const;
  return less.every(([x = 0, y = 0]) => x <= y) && less.some(([x = 0, y = 0]) => x < y);
}
