import { mean, sum } from "simple-statistics";
import type { RunEvent } from "../../engine/events.ts";
import type { EngineDeps } from "../../engine/session.ts";
import type { Task } from "../../engine/task.ts";
import { methods } from "../../methods/registry.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { NO_REPLIES } from "../../models/stack/store.ts";
import { type EstimateDeps, LONGEST, type PlayOptions, playJob, playRun, playScoring, remembering } from "./dry-run.ts";
import { GUESSES, type Guess } from "./dry-run-model.ts";
import { playedGraph } from "./played-graph.ts";
import type { Amount, Tally } from "./tally.ts";
import { WaveCounter } from "./wave-counter.ts";

/** Rounds to two digits, because more would be false precision. */
export function rounded(foreseen: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, foreseen))) - 1);
  return Math.round(foreseen / step) * step;
}

/**
 * What a run uses that improves as runs do on average. On synthetic tasks, within 1.3 times the median of runs with the same
 * graph and method (`npm run bench -- estimate`).
 */
export interface Estimate extends Amount {
  /** Of these calls, those that score the original graph. */
  readonly scoring: number;
  /** Batches, one after another, if requests are sent in batches. Absent: none of them is. */
  readonly waves?: number;
  /** Replies that are already cached. */
  readonly cached: number;
  /**
   * Lower and upper estimate, by what is not known: the score at the start, the amount of feedback, the length of
   * replies, and how often rewrites help.
   */
  readonly range: { readonly least: Amount; readonly most: Amount };
  /** What the budget allows; tokens and money follow from the calls if only calls are limited. null: no limit. */
  readonly most: { readonly [unit in keyof Amount]: number | null };
}

/**
 * Assumptions of the dry runs whose mean is the estimate. The score at the start is what a run depends on most, and it also
 * depends on which samples are right and which rewrites help.
 */
const USUAL: readonly Guess[] = [0.6, 0.4, 0.2, 0.5, 0.3].map((right) => ({ ...GUESSES.usual, right }));

/** Assumptions of the dry runs that may be the costliest. */
const COSTLY: readonly Guess[] = [GUESSES.much, GUESSES.much, GUESSES.much];

/** Those that may be the cheapest. */
const CHEAP: readonly Guess[] = [GUESSES.little, GUESSES.none];

/** Usual dry runs of an estimate. */
const PLAYS = 3;

/** Calls after which no further dry run of a kind is made: in large graphs, chance makes less of a difference. */
const ENOUGH = { usual: 3_000, costly: 1_000 } as const;

/**
 * How far the range goes beyond the dry runs, as a factor, because a few of them show neither the longest nor the shortest run. Measured on
 * synthetic tasks (`npm run bench -- estimate`).
 */
const MARGIN = { least: 1.4, most: 1.6 } as const;

/**
 * Estimates a run with dry runs of the real engine: cached replies where there are any, made-up replies otherwise. Rewrites
 * improve the graph as they do on average.
 * @param among methods that the task can name
 */
export async function estimateRun(task: Task, deps: EstimateDeps, among = methods): Promise<Estimate> {
  const known = remembering(deps);
  const waves = wavesOf(known);
  const { scoring, learned, ...scored } = await playScoring(task, known);
  const { graph, weightOf, depth } = playedGraph(task.graph);
  const isWhole = graph === task.graph;
  const small = { ...task, graph };
  // Prompts of a part are others than those of the whole graph.
  const uncached = { ...known, replies: NO_REPLIES };
  const isNew = isWhole || scored.cached === 0;
  const start = isNew ? scoring : (await playScoring(small, uncached, { learned, weightOf })).scoring;
  const common = { learned, scoring: start, among, weightOf };
  const playOne = (options: PlayOptions) => playRun(small, isWhole ? known : uncached, { ...common, ...options });
  const atWhole = (tallies: readonly Tally[]) => tallies.map(({ amount }) => moved(amount, start, scoring));
  const playAll = async (guesses: readonly Guess[], enough: number, options: PlayOptions = {}) => {
    const plays: Tally[] = [];
    for (const [index, guess] of guesses.entries()) {
      const isEnough = sum(plays.map(({ played }) => played)) >= enough;
      if (isEnough || plays.some(({ isLong }) => isLong)) break;
      const counted = index === 0 ? options : { ...options, waves: null };
      plays.push(await playOne({ guess, draw: index + 1, ...counted }));
    }
    return plays;
  };
  const plays = await playAll(USUAL.slice(0, PLAYS), ENOUGH.usual, { waves });
  const costly = await playAll(COSTLY, ENOUGH.costly, { isCostly: true });
  const amounts = atWhole([...plays, ...costly]);
  const usual = meanOf(atWhole(plays));
  const most = extreme(amounts, Math.max);
  let least = extreme(amounts, Math.min);
  // Where scoring and as much of a first batch are long, no dry run says more than that every run scores the sets.
  const isLarge = 2 * scored.played >= LONGEST.cheap;
  if (isLarge) least = extreme([least, scoring], Math.min);
  for (const [index, guess] of isLarge ? [] : CHEAP.entries()) {
    const { amount, played } = await playOne({ guess, draw: index + 1, until: isAbove(least) });
    const isLong = played >= LONGEST.cheap;
    // A long one can have scored only a part of the sets, which every run scores.
    least = extreme([least, isLong ? extreme([amount, scoring], Math.max) : amount], Math.min);
    if (isLong) break;
  }
  const lower = times(least, 1 / MARGIN.least);
  return {
    ...usual,
    ...(waves && { waves: Math.round(waves.count * depth) }),
    cached: isWhole ? Math.round(mean(plays.map(({ cached }) => cached))) : scored.cached,
    scoring: scoring.calls,
    most: within(task.options.budget, usual),
    range: { least: { ...lower, calls: Math.max(lower.calls, scoring.calls) }, most: times(most, MARGIN.most) },
  };
}

/** Whether a dry run can no longer be the cheapest, or is long. @param least what the cheapest one so far has used */
function isAbove(least: Amount): (tally: Tally) => boolean {
  return ({ amount: { calls, tokens, usd }, played }) =>
    played >= LONGEST.cheap ||
    (calls >= least.calls && tokens >= least.tokens && (usd === null || usd >= (least.usd ?? 0)));
}

/** What a run takes if it starts with this scoring in place of the other. */
function moved(amount: Amount, from: Amount, to: Amount): Amount {
  if (from === to) return amount;
  const { calls, tokens, usd } = amount;
  return {
    calls: Math.max(to.calls, calls + to.calls - from.calls),
    tokens: Math.max(to.tokens, tokens + to.tokens - from.tokens),
    usd: usd === null || from.usd === null || to.usd === null ? null : Math.max(to.usd, usd + to.usd - from.usd),
  };
}

export function times({ calls, tokens, usd }: Amount, factor: number): Amount {
  return {
    calls: Math.round(calls * factor),
    tokens: Math.round(tokens * factor),
    usd: usd === null ? null : usd * factor,
  };
}

/**
 * What a run uses, from fewer dry runs and without a range: for many runs that are added up. Nothing is learned from known
 * replies beforehand, because such runs share none.
 * @param draws seeds of the dry runs, from 1
 * @param upTo calls after which a dry run ends, because its budget does; null: no limit
 */
export async function estimateUse(
  task: Task,
  deps: EstimateDeps,
  { draws, upTo }: { readonly draws: readonly number[]; readonly upTo: number | null },
): Promise<Amount & Pick<Estimate, "waves">> {
  const known = remembering(deps);
  const amounts: Amount[] = [];
  const waves = wavesOf(known);
  const { graph, weightOf, depth } = playedGraph(task.graph);
  for (const [index, draw] of draws.entries()) {
    // Those nearest the middle first.
    const guess = USUAL[draw % USUAL.length];
    const until = ({ amount }: Tally) => upTo !== null && amount.calls >= upTo;
    const counted = index === 0 ? waves : null;
    const { amount } = await playRun({ ...task, graph }, known, { guess, draw, until, waves: counted, weightOf });
    amounts.push(amount);
  }
  return { ...meanOf(amounts), ...(waves && { waves: Math.round(waves.count * depth) }) };
}

function meanOf(amounts: readonly Amount[]): Amount {
  const of = (pick: (amount: Amount) => number) => Math.round(mean(amounts.map(pick)));
  return {
    calls: of(({ calls }) => calls),
    tokens: of(({ tokens }) => tokens),
    usd: amounts.some(({ usd }) => usd === null) ? null : mean(amounts.map(({ usd }) => usd ?? 0)),
  };
}

function wavesOf({ clock, batched = [] }: EstimateDeps): WaveCounter | null {
  return batched.length > 0 ? new WaveCounter(clock, batched) : null;
}

/** The same for other jobs: evaluating a set, inspecting a sample, rechecking a run. */
export async function estimateRunner(
  task: Task,
  deps: EstimateDeps,
  runner: (task: Task, deps: EngineDeps, signal: AbortSignal) => AsyncGenerator<RunEvent, unknown>,
): Promise<Amount & Pick<Estimate, "cached" | "waves">> {
  const known = remembering(deps);
  const waves = wavesOf(known);
  const tally = await playJob(task, known, runner, waves);
  return { ...tally.amount, cached: tally.cached, ...(waves && { waves: waves.count }) };
}

/** Unit by unit. */
function extreme(amounts: readonly Amount[], pick: (...values: number[]) => number): Amount {
  const usd = amounts.map(({ usd }) => usd);
  return {
    calls: pick(...amounts.map(({ calls }) => calls)),
    tokens: pick(...amounts.map(({ tokens }) => tokens)),
    usd: usd.every((one) => one !== null) ? pick(...usd) : null,
  };
}

/** Cost of all calls that the budget allows, if it limits only calls. */
function within({ calls, tokens, usd }: BudgetLimits, used: Amount): Estimate["most"] {
  const scaled = (bound: number | null, amount: number | null) =>
    bound !== null || calls === null || amount === null || used.calls === 0 ? bound : (amount * calls) / used.calls;
  return { calls, tokens: scaled(tokens, used.tokens), usd: scaled(usd, used.usd) };
}
