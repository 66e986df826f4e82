import { join } from "node:path";
import type { LoggedEvent } from "../../engine/events.ts";
import { MergedStream } from "../../engine/stream.ts";
import type { RunRequest } from "../record/run-manifest.ts";
import type { RunPaths } from "../record/run-paths.ts";
import { listRuns, type ReadRun, readRun } from "../record/runs.ts";
import { type Run, type RunDeps, resumeRun, startRun } from "../run.ts";
import {
  type BaselineName,
  baselineOf,
  baselinesOf,
  type ComparisonPlan,
  comparisonPaths,
  identityOf,
  scoringOf,
  searchOf,
  seedsOf,
  type Variant,
} from "./plan.ts";

/** A run that ended: its start and its final state. */
export type EndedRun = Pick<ReadRun, "id" | "start" | "state">;

/** All measurements of a comparison. Each list has one entry per repeat. */
export interface Measured {
  /** Folder of its runs. */
  readonly folder: string;
  readonly baselines: Readonly<Partial<Record<BaselineName, readonly EndedRun[]>>>;
  /** In the order of the plan. */
  readonly variants: readonly {
    readonly searches: readonly EndedRun[];
    /** The result of each search on the held-out set. */
    readonly scores: readonly EndedRun[];
  }[];
}

/** A step of a comparison, which is one run. */
export interface Step {
  readonly variant: Variant | BaselineName;
  /** From 0. */
  readonly repeat: number;
  readonly isSearch: boolean;
  /** Number of steps before this one, and in total. */
  readonly done: number;
  readonly of: number;
  readonly run: Run;
  /** null: the run is starting. */
  readonly event: LoggedEvent | null;
}

/** One of the runs did not complete, so the comparison could not either. */
export class RunStopped extends Error {
  override readonly name = "RunStopped";
  constructor(readonly run: EndedRun) {
    super("A run of the comparison did not finish.");
  }
}

/** The number of runs of a comparison, and how many of them are done. */
export async function progressOf(
  plan: ComparisonPlan,
  place: RunPaths,
  deps: RunDeps,
): Promise<{ readonly done: number; readonly of: number }> {
  const known = await KnownRuns.read(comparisonPaths(plan, place, deps.provider.identity), deps);
  const searches = seedsOf(plan).flatMap((seed) => plan.variants.map((variant) => searchOf(plan, variant, seed)));
  const baselines = seedsOf(plan).flatMap((seed) => baselinesOf(plan).map((name) => baselineOf(plan, name, seed)));
  let done = baselines.filter((request) => known.ended(request)).length;
  for (const request of searches) {
    const search = known.ended(request);
    if (!search) continue;
    done += known.ended(scoringOf(plan, request.task.options.seed, search.state.texts)) ? 2 : 1;
  }
  return { done, of: baselines.length + 2 * searches.length };
}

/**
 * Makes the missing runs, repeat by repeat, one at a time, or many at once where each waits for batches. Each search starts
 * without replies of the others, so that its calls, tokens, cost and time are those of the method alone. Scores on the held-out
 * set share replies.
 * @throws RunStopped, and what `startRun` throws
 */
export async function* driveComparison(
  plan: ComparisonPlan,
  place: RunPaths,
  root: string,
  deps: RunDeps,
  signal: AbortSignal,
): AsyncGenerator<Step, Measured> {
  const paths = comparisonPaths(plan, place, deps.provider.identity);
  const known = await KnownRuns.read(paths, deps);
  const { variants, repeats } = plan;
  const of = repeats * (baselinesOf(plan).length + 2 * variants.length);
  const atOnce = deps.provider.attach !== undefined;
  const stop = new AbortController();
  const all = AbortSignal.any([signal, stop.signal]);
  const started = new Map<string, Promise<void>>();
  const measured: Partial<Record<BaselineName, EndedRun[]>> = Object.fromEntries(
    baselinesOf(plan).map((name) => [name, []]),
  );
  const results = variants.map(() => ({ searches: [] as EndedRun[], scores: [] as EndedRun[] }));
  let done = 0;

  async function* one(request: RunRequest, about: Pick<Step, "variant" | "repeat" | "isSearch">) {
    const identity = identityOf({ ...request.task, ...(request.job && { job: request.job }) });
    // Equal texts are scored once, also if they are found at the same time.
    for (let other = started.get(identity); other; other = started.get(identity)) await other;
    let end = () => {};
    started.set(
      identity,
      new Promise((resolve) => {
        end = resolve;
      }),
    );
    try {
      const run = known.ended(request) ?? (yield* go(request, about, identity));
      done++;
      return run;
    } finally {
      started.delete(identity);
      end();
    }
  }
  async function* go(
    request: RunRequest,
    about: Pick<Step, "variant" | "repeat" | "isSearch">,
    identity: string,
  ): AsyncGenerator<Step, EndedRun> {
    const cache = about.isSearch ? join(paths.cache, "..", "searches", identityOf(request.task)) : paths.cache;
    // Runs at the same time have a lock each.
    const own = { ...paths, cache, ...(atOnce && { locks: join(paths.locks, identity) }) };
    const begun = known.begun(request);
    const run = begun ? await resumeRun(begun.id, own, deps, all) : await startRun(request, own, root, deps, all);
    yield { ...about, done, of, run, event: null };
    for await (const event of run.events) yield { ...about, done, of, run, event };
    const ended = { id: run.id, start: run.start, state: run.state() };
    if (!isEnded(ended)) throw new RunStopped(ended);
    // All of its replies are in the run's own record, too.
    if (about.isSearch) await deps.files.remove(cache);
    known.add(ended);
    return ended;
  }

  async function* baseline(repeat: number, seed: number, name: BaselineName): AsyncGenerator<Step, void> {
    const run = yield* one(baselineOf(plan, name, seed), { variant: name, repeat, isSearch: false });
    const runs = measured[name];
    if (runs) runs[repeat] = run;
  }
  async function* search(repeat: number, seed: number, index: number, variant: Variant): AsyncGenerator<Step, void> {
    const run = yield* one(searchOf(plan, variant, seed), { variant, repeat, isSearch: true });
    const runs = results[index]?.searches;
    if (runs) runs[repeat] = run;
  }
  async function* score(repeat: number, seed: number, index: number, variant: Variant): AsyncGenerator<Step, void> {
    const texts = results[index]?.searches[repeat]?.state.texts;
    const run = yield* one(scoringOf(plan, seed, texts), { variant, repeat, isSearch: false });
    const runs = results[index]?.scores;
    if (runs) runs[repeat] = run;
  }
  /** Repeat by repeat, since the scores of each repeat share replies with those of the last one. */
  async function* baselines(): AsyncGenerator<Step, void> {
    for (const [repeat, seed] of seedsOf(plan).entries()) {
      yield* merged(
        baselinesOf(plan).map((name) => baseline(repeat, seed, name)),
        stop,
      );
    }
  }

  if (atOnce) {
    const searches = seedsOf(plan).flatMap((seed, repeat) =>
      variants.map((variant, index) => search(repeat, seed, index, variant)),
    );
    yield* merged([baselines(), ...searches], stop);
    for (const [repeat, seed] of seedsOf(plan).entries()) {
      yield* merged(
        variants.map((variant, index) => score(repeat, seed, index, variant)),
        stop,
      );
    }
  } else {
    for (const [repeat, seed] of seedsOf(plan).entries()) {
      for (const name of baselinesOf(plan)) yield* baseline(repeat, seed, name);
      for (const [index, variant] of variants.entries()) {
        yield* search(repeat, seed, index, variant);
        yield* score(repeat, seed, index, variant);
      }
    }
  }
  return { folder: paths.runs, baselines: measured, variants: results };
}

/**
 * What generators yield, as it comes. The first error stops all of them, and is thrown once they have ended.
 * @param stop ends their work
 */
async function* merged<T>(
  generators: readonly AsyncGenerator<T, void>[],
  stop: AbortController,
): AsyncGenerator<T, void> {
  const stream = new MergedStream<T>();
  let failure: { readonly error: unknown } | null = null;
  const pump = async (one: AsyncGenerator<T, void>) => {
    for await (const value of one) {
      if (stream.isClosed) return;
      await stream.push(value);
    }
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    stop.abort(error);
  };
  const work = Promise.all(generators.map((one) => pump(one).catch(fail))).then(() => {
    if (failure) throw failure.error;
  });
  try {
    yield* stream.during(
      () => work,
      () => stop.abort(new Error("nobody reads this any more")),
    );
  } finally {
    await work.catch(() => {});
  }
}

/** A search that used up its budget has a result; a scoring run that did lacks samples. */
function isEnded({ start, state }: EndedRun): boolean {
  return state.status === "done" || (state.status === "budget" && start.job === undefined);
}

/** Runs on disk by purpose. Runs from other machines are not verified, so they are left out. */
class KnownRuns {
  readonly #runs = new Map<string, EndedRun>();

  static async read(paths: RunPaths, deps: RunDeps): Promise<KnownRuns> {
    const known = new KnownRuns();
    for (const { summary, trusted } of (await listRuns(deps, paths)).reverse()) {
      if (!trusted) continue;
      const run = await readRun(deps, paths, summary.id);
      if (run.trusted) known.add(run);
    }
    return known;
  }

  add(run: EndedRun): void {
    this.#runs.set(identityOf({ ...run.start, ...(run.start.job && { job: run.start.job }) }), run);
  }

  ended(request: RunRequest): EndedRun | null {
    const run = this.begun(request);
    return run && isEnded(run) ? run : null;
  }

  begun(request: RunRequest): EndedRun | null {
    return this.#runs.get(identityOf({ ...request.task, ...(request.job && { job: request.job }) })) ?? null;
  }
}
