import { mean, sum } from "simple-statistics";
import { type Data, type Sample, SPLITS, type Split } from "../../data/sample.ts";
import { type Clock, CodeLimit, type Sandbox } from "../../deps.ts";
import { evaluate } from "../../engine/evaluate.ts";
import type { RunEvent } from "../../engine/events.ts";
import type { Methods } from "../../engine/method.ts";
import { optimize } from "../../engine/optimize.ts";
import type { EngineDeps } from "../../engine/session.ts";
import type { Task } from "../../engine/task.ts";
import { shortHash } from "../../engine/theta.ts";
import type { Role } from "../../graph/graph.ts";
import { methods } from "../../methods/registry.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import type { KnownReplies } from "../../models/stack/store.ts";
import { DryRunLoss } from "./dry-run-loss.ts";
import { DryRunModel, dryRunSandbox, dryRunSearch, GUESSES, type Guess, type Learned } from "./dry-run-model.ts";
import { DryRunProgress } from "./dry-run-progress.ts";
import { dryRunStack } from "./dry-run-stack.ts";
import { DryRunTurns } from "./dry-run-turns.ts";
import { type Amount, Tally } from "./tally.ts";
import { WaveCounter } from "./wave-counter.ts";

/** What is known before a run. */
export interface EstimateDeps {
  /** Provider and origin of the run, for which cached replies are looked up. */
  readonly provider: string;
  /** Replies of earlier runs; only read. */
  readonly replies: KnownReplies;
  readonly price: PriceOf;
  /** Used to yield to the event loop. */
  readonly clock: Clock;
  /** Runs code on known values. Absent: its values are made up. */
  readonly sandbox?: Sandbox;
  /** Roles whose requests are, or can be, sent in batches. Default: none. */
  readonly batched?: readonly Role[];
}

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
 * Samples of a set in a dry run: more would give the same estimate, later. Fewer if each takes many calls: of the validation
 * set as many as its gate needs, of the test set, which nothing depends on, a few.
 */
const PLAYED = { most: 40, least: 16, leastOfTest: 4, calls: 240 } as const;

/** The same for the costliest dry runs, so that more than one iteration of a large graph is played. */
const FEWER = { ...PLAYED, least: 4 } as const;

/** Training samples in a dry run: no method uses more in a few iterations. */
const TRAINED = 64;

/** Sets that a run scores in full. */
const SCORED = ["validation", "test"] as const;

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
 * Calls after which a dry run ends. Further iterations are taken to be like those before, but for the cheapest one. Runs of small graphs end
 * earlier; a graph of 100 nodes would take 300,000 calls and a minute.
 */
const LONGEST = { usual: 3_000, costly: 8_000, cheap: 2_000 } as const;

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
  const { scoring, learned } = await playScoring(task, known);
  const common = { learned, scoring, among };
  const playAll = async (guesses: readonly Guess[], enough: number, options: PlayOptions = {}) => {
    const plays: Tally[] = [];
    for (const [index, guess] of guesses.entries()) {
      const isEnough = sum(plays.map(({ played }) => played)) >= enough;
      if (isEnough || plays.some(({ isLong }) => isLong)) break;
      const counted = index === 0 ? options : { ...options, waves: null };
      plays.push(await playRun(task, known, { ...common, guess, draw: index + 1, ...counted }));
    }
    return plays;
  };
  const plays = await playAll(USUAL.slice(0, PLAYS), ENOUGH.usual, { waves });
  const costly = await playAll(COSTLY, ENOUGH.costly, { isCostly: true });
  const amounts = [...plays, ...costly].map(({ amount }) => amount);
  const usual = meanOf(plays.map(({ amount }) => amount));
  const most = extreme(amounts, Math.max);
  let least = extreme(amounts, Math.min);
  for (const [index, guess] of CHEAP.entries()) {
    const { amount, played } = await playRun(task, known, { ...common, guess, draw: index + 1, until: isAbove(least) });
    const isLong = played >= LONGEST.cheap;
    // A long one can have scored only a part of the sets, which every run scores.
    least = extreme([least, isLong ? extreme([amount, scoring], Math.max) : amount], Math.min);
    if (isLong) break;
  }
  const lower = times(least, 1 / MARGIN.least);
  return {
    ...usual,
    ...(waves && { waves: waves.count }),
    cached: Math.round(mean(plays.map(({ cached }) => cached))),
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
  for (const [index, draw] of draws.entries()) {
    // Those nearest the middle first.
    const guess = USUAL[draw % USUAL.length];
    const until = ({ amount }: Tally) => upTo !== null && amount.calls >= upTo;
    amounts.push((await playRun(task, known, { guess, draw, until, waves: index === 0 ? waves : null })).amount);
  }
  return { ...meanOf(amounts), ...(waves && { waves: waves.count }) };
}

function meanOf(amounts: readonly Amount[]): Amount {
  const of = (pick: (amount: Amount) => number) => Math.round(mean(amounts.map(pick)));
  return {
    calls: of(({ calls }) => calls),
    tokens: of(({ tokens }) => tokens),
    usd: amounts.some(({ usd }) => usd === null) ? null : mean(amounts.map(({ usd }) => usd ?? 0)),
  };
}

/** What the dry runs of an estimate share. */
interface Known extends EstimateDeps {
  readonly turns: DryRunTurns;
}

/**
 * The same with a sandbox that runs equal code with an equal argument once in all dry runs, and code that has reached a
 * limit not again: with code that never ends, an estimate would take its time for every sample.
 */
function remembering(known: EstimateDeps): Known {
  const turns = new DryRunTurns(known.clock);
  const { sandbox } = known;
  if (!sandbox) return { ...known, turns };
  const results = new Map<string, Promise<unknown>>();
  /** By code. */
  const reached = new Map<string, CodeLimit>();
  return {
    ...known,
    turns,
    sandbox: {
      check: (code) => sandbox.check(code),
      within: (limits) => sandbox.within(limits),
      async call(code, argument) {
        const key = shortHash([code, argument]);
        const earlier = results.get(key);
        if (earlier) return earlier;
        // One at a time, so that the first one that reaches a limit is the last.
        const result = turns.alone(async () => {
          const limit = reached.get(code.text);
          if (limit) throw limit;
          return sandbox.call(code, argument);
        });
        result.catch((error: unknown) => {
          if (error instanceof CodeLimit) reached.set(code.text, error);
        });
        results.set(key, result);
        return result;
      },
    },
  };
}

function wavesOf({ clock, batched = [] }: EstimateDeps): WaveCounter | null {
  return batched.length > 0 ? new WaveCounter(clock, batched) : null;
}

/** Scores the sets alone: known answers are learned first, their length, and how many are right. */
async function playScoring(task: Task, known: Known) {
  const { model, loss, dryTask } = dryRun(task, known);
  const tally = tallyOf(task, dryTask, SCORED);
  const deps = depsOf(model, task, known);
  for (const split of SCORED) {
    await play((one, given, signal) => evaluate(one, split, given, signal), dryTask, deps, tally);
  }
  return { scoring: tally.amount, learned: { ...model.learned, ...loss.learned } };
}

interface PlayOptions extends DryRunOptions {
  /** Methods that the task can name. Default: all. */
  readonly among?: Methods;
  /** Counts the batches. Default: they are not counted. */
  readonly waves?: WaveCounter | null;
  /** Ends the dry run early. Default: never. */
  readonly until?: (tally: Tally) => boolean;
  /** Whether it is the costliest. Default: false. */
  readonly isCostly?: boolean;
  /** What it takes to score the original graph. Default: it is found out if needed. */
  readonly scoring?: Amount;
}

async function playRun(
  task: Task,
  known: Known,
  { among = methods, waves = null, until, scoring, isCostly = false, ...options }: PlayOptions,
): Promise<Tally> {
  const { model, dryTask } = dryRun(task, known, options, isCostly ? FEWER : PLAYED);
  // Batches do not grow with the training set; scored sets do.
  const tally = tallyOf(task, dryTask, SCORED, isCostly ? LONGEST.costly : LONGEST.usual);
  await play(optimize(among), dryTask, depsOf(model, task, known, waves), tally, until);
  if (tally.isLong) tally.extrapolate(scoring ?? (await playScoring(task, known)).scoring);
  return tally;
}

/** The same for other jobs: evaluating a set, inspecting a sample, rechecking a run. */
export async function estimateRunner(
  task: Task,
  deps: EstimateDeps,
  runner: (task: Task, deps: EngineDeps, signal: AbortSignal) => AsyncGenerator<RunEvent, unknown>,
): Promise<Amount & Pick<Estimate, "cached" | "waves">> {
  const known = remembering(deps);
  const { model, dryTask } = dryRun(task, known);
  const tally = tallyOf(task, dryTask, SPLITS);
  const waves = wavesOf(known);
  await play(runner, dryTask, depsOf(model, task, known, waves), tally);
  return { ...tally.amount, cached: tally.cached, ...(waves && { waves: waves.count }) };
}

interface DryRunOptions {
  /** Default: the usual one. */
  readonly guess?: Guess;
  /** Varies which samples are right. Default 0. */
  readonly draw?: number;
  /** Default: nothing. */
  readonly learned?: Learned;
}

function dryRun(
  task: Task,
  known: Known,
  { guess = GUESSES.usual, draw = 0, learned }: DryRunOptions = {},
  sizes: typeof PLAYED | typeof FEWER = PLAYED,
) {
  const progress = new DryRunProgress(task.graph, guess.rewrites, guess.right, draw);
  const loss = new DryRunLoss(task.loss, task.options.threshold, guess, draw, progress, learned);
  const model = new DryRunModel(known.provider, task.graph, guess, progress, learned);
  return { model, loss, dryTask: { ...task, data: playedData(task, sizes), loss } };
}

function tallyOf(task: Task, dryTask: Task, whole: readonly Split[], longest = Number.POSITIVE_INFINITY): Tally {
  return new Tally((split) => {
    const played = dryTask.data[split].length;
    return whole.includes(split) && played > 0 ? task.data[split].length / played : 1;
  }, longest);
}

async function play(
  runner: (task: Task, deps: EngineDeps, signal: AbortSignal) => AsyncGenerator<RunEvent, unknown>,
  task: Task,
  deps: EngineDeps,
  tally: Tally,
  until: (tally: Tally) => boolean = () => false,
): Promise<void> {
  for await (const event of runner(task, deps, new AbortController().signal)) {
    tally.add(event);
    if (tally.isLong || until(tally)) return;
  }
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

function depsOf(
  model: DryRunModel,
  task: Task,
  { replies, price, sandbox, turns }: Known,
  waves: WaveCounter | null = null,
): EngineDeps {
  const { identity } = model;
  const provider = { identity, complete: model.complete.bind(model) };
  const onCached = model.learn.bind(model);
  const stack = dryRunStack(waves ? waves.counting(provider) : provider, { replies, price, turns, onCached });
  const tools = {
    identify: async (name: string) => name,
    call: async (_: string, given: unknown) => model.computed(JSON.stringify(given), 0),
  };
  const find = dryRunSearch(task);
  const search: typeof find = (...query) => turns.alone(() => find(...query));
  const local = { sandbox: dryRunSandbox(model, sandbox), search, tools, keep: stack.keep, recall: stack.recall };
  return { model: stack.model, budget: stack.budget, price, local };
}

/** An evenly drawn part of each set. */
function playedData({ data: { train, validation, test }, graph }: Task, sizes: typeof PLAYED | typeof FEWER): Data {
  const few = Math.min(sizes.most, Math.floor(sizes.calls / graph.nodes.length));
  const most = Math.max(sizes.least, few);
  const part = (samples: readonly Sample[], most: number) => {
    const turn = (index: number) => Math.floor((index * most) / samples.length);
    return samples.length <= most ? samples : samples.filter((_, index) => turn(index + 1) > turn(index));
  };
  return {
    train: part(train, Math.max(most, TRAINED)),
    validation: part(validation, most),
    test: part(test, Math.max(sizes.leastOfTest, few)),
  };
}

/** Cost of all calls that the budget allows, if it limits only calls. */
function within({ calls, tokens, usd }: BudgetLimits, used: Amount): Estimate["most"] {
  const scaled = (bound: number | null, amount: number | null) =>
    bound !== null || calls === null || amount === null || used.calls === 0 ? bound : (amount * calls) / used.calls;
  return { calls, tokens: scaled(tokens, used.tokens), usd: scaled(usd, used.usd) };
}
