import type { OptimizeOptions } from "../task.ts";

/** What one answer costs. */
export interface AnswerCost {
  /** Tokens of all calls that lead to the answer, prompts and replies. */
  readonly tokens: number;
  /**
   * Along the slowest path through the graph, without waiting for a slot; null if the time of a reply is not
   * recorded.
   */
  readonly milliseconds: number | null;
  /** US dollars; null if no price is known. */
  readonly usd: number | null;
}

/** Costs of one sample's answer under base and candidate. */
export interface CostPair {
  readonly before: AnswerCost;
  readonly after: AnswerCost;
}

export type Objectives = NonNullable<OptimizeOptions["objectives"]>;

/** Objectives of a graph that names none. */
const LOSS_ALONE = { loss: 1, tokens: 0, latency: 0, usd: 0 } as const;

/** The weights that the gate uses. With `"pareto"` it considers the loss alone, and the user chooses afterwards. */
export function weightsOf(objectives: Objectives | undefined) {
  return objectives === undefined || objectives === "pareto" ? LOSS_ALONE : objectives;
}

/** Whether the gate weighs a cost beside the loss. */
export function weighsCosts(objectives: Objectives | undefined): boolean {
  const { tokens, latency, usd } = weightsOf(objectives);
  return tokens + latency + usd > 0;
}

/**
 * How much the change in cost counts beside the change in the mean loss: the sum over the kinds of cost of weight
 * times relative growth. At a weight of 0.1, doubling a cost counts as much as a mean loss that is 0.1 higher.
 * Computed over the samples whose costs are known under both; 0 without any.
 */
export function weightOfCost(objectives: Objectives | undefined, costs: readonly (CostPair | undefined)[]): number {
  if (!weighsCosts(objectives)) return 0;
  const { tokens, latency, usd } = weightsOf(objectives);
  const weigh = (weight: number, of: (cost: AnswerCost) => number | null) =>
    weight === 0 ? 0 : weight * ((ratioOf(costs, of) ?? 1) - 1);
  return (
    weigh(tokens, (cost) => cost.tokens) + weigh(latency, (cost) => cost.milliseconds) + weigh(usd, (cost) => cost.usd)
  );
}

/** Total cost after divided by total cost before; null if nothing is known. */
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

/** Growth of the tokens per answer, absolute and per unit of mean loss, from which a gain counts as costly. */
const DEAR = { growth: 0.5, perLoss: 10 } as const;

/** Whether a gain is costly: the tokens grow by at least half, and by at least a tenth for each point of score. */
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

/** Mean score and mean costs of one Θ, over the same samples as the others. */
export interface FrontFigures {
  readonly score: number;
  readonly tokens: number;
  readonly milliseconds: number | null;
  readonly usd: number | null;
}

/** The points that no other point is at least as good as in everything and better than in something. */
export function paretoFront<P extends FrontFigures>(points: readonly P[]): P[] {
  return points.filter((one) => !points.some((other) => dominates(other, one)));
}

function dominates(a: FrontFigures, b: FrontFigures): boolean {
  // A cost that is unknown for one of them favors neither.
  const known = (x: number | null, y: number | null) => (x === null || y === null ? [0, 0] : [x, y]);
  const less = [
    [-a.score, -b.score],
    [a.tokens, b.tokens],
    known(a.milliseconds, b.milliseconds),
    known(a.usd, b.usd),
  ] as const;
  return less.every(([x = 0, y = 0]) => x <= y) && less.some(([x = 0, y = 0]) => x < y);
}
