import { type Data, type Sample, SPLITS, type Split } from "../../data/sample.ts";
import { type Clock, CodeLimit, type Sandbox } from "../../deps.ts";
import { evaluate } from "../../engine/evaluate.ts";
import type { RunEvent } from "../../engine/events.ts";
import type { Methods } from "../../engine/method.ts";
import { optimize } from "../../engine/optimize.ts";
import type { EngineDeps } from "../../engine/session.ts";
import type { Task } from "../../engine/task.ts";
import { shortHash } from "../../engine/theta.ts";
import { nodeOfInputs } from "../../graph/edges.ts";
import type { Role } from "../../graph/graph.ts";
import { methods } from "../../methods/registry.ts";
import type { PriceOf } from "../../models/prices.ts";
import type { KnownReplies } from "../../models/stack/store.ts";
import { DryRunLoss } from "./dry-run-loss.ts";
import { DryRunModel, dryRunSandbox, dryRunSearch, GUESSES, type Guess, type Learned } from "./dry-run-model.ts";
import { DryRunProgress } from "./dry-run-progress.ts";
import { dryRunStack } from "./dry-run-stack.ts";
import { DryRunTurns } from "./dry-run-turns.ts";
import type { PlayedGraph } from "./played-graph.ts";
import { type Amount, Tally } from "./tally.ts";
import type { WaveCounter } from "./wave-counter.ts";

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

/**
 * Samples of a set in a dry run: more would give the same estimate, later. If each takes many calls: as many as the gate needs, as
 * far as they take no more than `room` calls.
 */
interface Sizes {
  readonly most: number;
  /** Calls that scoring a set takes, if it is played with more samples than the gate needs. */
  readonly calls: number;
  readonly gate: number;
  readonly room: number;
  readonly least: number;
  /** Whether a search is played: nothing depends on its test set, and its training set is not scored as a whole. */
  readonly isSearch: boolean;
}

const PLAYED: Sizes = { most: 40, calls: 240, gate: 16, room: 640, least: 4, isSearch: true };

/** The same for the costliest dry runs, so that more than one iteration of a large graph is played. */
const FEWER: Sizes = { ...PLAYED, gate: 4 };

/** The same where the sets are only scored: nothing is decided by how many samples are right. */
const SCORING: Sizes = { ...PLAYED, least: 2 };

/** The same for jobs that score a set or a few samples. */
const JOB: Sizes = { ...SCORING, isSearch: false };

/** Training samples in a dry run: no method uses more in a few iterations. */
const TRAINED = 64;

/** Sets that a run scores in full. */
const SCORED = ["validation", "test"] as const;

/**
 * Calls after which a dry run ends. Further iterations are taken to be like those before, but for the cheapest one. Runs of small graphs end
 * earlier; a graph of 100 nodes would take 300,000 calls and a minute.
 */
export const LONGEST = { usual: 2_000, costly: 5_000, cheap: 1_000 } as const;

/** What the dry runs of an estimate share. */
export interface Known extends EstimateDeps {
  readonly turns: DryRunTurns;
}

/**
 * The same with a sandbox that runs equal code with an equal argument once in all dry runs, and code that has reached a
 * limit not again: with code that never ends, an estimate would take its time for every sample.
 */
export function remembering(known: EstimateDeps): Known {
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

/** Scores the sets alone: known answers are learned first, their length, and how many are right. */
export async function playScoring(task: Task, known: Known, { weightOf, ...options }: DryRunOptions = {}) {
  const { model, loss, dryTask } = dryRun(task, known, options, SCORING);
  const tally = tallyOf(task, dryTask, SCORED, { weightOf });
  const deps = depsOf(model, task, known);
  for (const split of SCORED) {
    await play((one, given, signal) => evaluate(one, split, given, signal), dryTask, deps, tally);
  }
  const { amount, cached, played } = tally;
  return { scoring: amount, cached, played, learned: { ...model.learned, ...loss.learned } };
}

export interface PlayOptions extends DryRunOptions {
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

export async function playRun(
  task: Task,
  known: Known,
  { among = methods, waves = null, until, scoring, isCostly = false, weightOf, ...options }: PlayOptions,
): Promise<Tally> {
  const { model, dryTask } = dryRun(task, known, options, isCostly ? FEWER : PLAYED);
  // Batches do not grow with the training set; scored sets do.
  const longest = isCostly ? LONGEST.costly : LONGEST.usual;
  const tally = tallyOf(task, dryTask, SCORED, { weightOf, longest });
  await play(optimize(among), dryTask, depsOf(model, task, known, waves), tally, until);
  if (tally.isLong) tally.extrapolate(scoring ?? (await playScoring(task, known, { weightOf })).scoring);
  return tally;
}

/** Plays another job than a search: evaluating a set, inspecting a sample, rechecking a run. */
export async function playJob(
  task: Task,
  known: Known,
  runner: (task: Task, deps: EngineDeps, signal: AbortSignal) => AsyncGenerator<RunEvent, unknown>,
  waves: WaveCounter | null,
): Promise<Tally> {
  const { model, dryTask } = dryRun(task, known, {}, JOB);
  const tally = tallyOf(task, dryTask, SPLITS);
  await play(runner, dryTask, depsOf(model, task, known, waves), tally);
  return tally;
}

interface DryRunOptions {
  /** Default: the usual one. */
  readonly guess?: Guess;
  /** Varies which samples are right. Default 0. */
  readonly draw?: number;
  /** Default: nothing. */
  readonly learned?: Learned;
  /** Nodes that a node stands for. Default: itself. */
  readonly weightOf?: PlayedGraph["weightOf"] | undefined;
}

function dryRun(
  task: Task,
  known: Known,
  { guess = GUESSES.usual, draw = 0, learned }: Omit<DryRunOptions, "weightOf">,
  sizes: Sizes,
) {
  const progress = new DryRunProgress(task.graph, guess.rewrites, guess.right, draw);
  const loss = new DryRunLoss(task.loss, task.options.threshold, guess, draw, progress, learned);
  const model = new DryRunModel(known.provider, task.graph, guess, progress, learned);
  return { model, loss, dryTask: { ...task, data: playedData(task, sizes), loss } };
}

function tallyOf(
  task: Task,
  dryTask: Task,
  whole: readonly Split[],
  {
    weightOf = () => 1,
    longest = Number.POSITIVE_INFINITY,
  }: { weightOf?: DryRunOptions["weightOf"]; longest?: number } = {},
): Tally {
  const scale = (split: Split) => {
    const played = dryTask.data[split].length;
    return whole.includes(split) && played > 0 ? task.data[split].length / played : 1;
  };
  return new Tally(
    ({ split, node }) =>
      (split === null ? 1 : scale(split)) * (node === null ? 1 : weightOf(nodeOfInputs(node) ?? node)),
    longest,
  );
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
function playedData({ data: { train, validation, test }, graph }: Task, sizes: Sizes): Data {
  const within = (calls: number) => Math.floor(calls / graph.nodes.length);
  const few = Math.min(sizes.most, within(sizes.calls));
  const least = Math.min(sizes.gate, Math.max(sizes.least, within(sizes.room)));
  const most = Math.max(least, few);
  const part = (samples: readonly Sample[], most: number) => {
    const turn = (index: number) => Math.floor((index * most) / samples.length);
    return samples.length <= most ? samples : samples.filter((_, index) => turn(index + 1) > turn(index));
  };
  return {
    train: part(train, sizes.isSearch ? Math.max(most, TRAINED) : most),
    validation: part(validation, most),
    test: part(test, sizes.isSearch ? Math.max(Math.ceil(least / 4), few) : most),
  };
}
