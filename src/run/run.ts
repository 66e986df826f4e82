import type { Deps, Lock, Machine } from "../deps.ts";
import type { Finished, LoggedEvent, RunEvent } from "../engine/events.ts";
import { RunControl } from "../engine/run-control.ts";
import { failureOf, type Runner } from "../engine/runner.ts";
import { ENGINE_VERSION } from "../engine/session.ts";
import { EventStream } from "../engine/stream.ts";
import type { Task } from "../engine/task.ts";
import type { BudgetLimits, Model, ModelRequest } from "../models/model.ts";
import type { PriceOf } from "../models/prices.ts";
import type { Spent } from "../models/stack/budget.ts";
import { createStack } from "../models/stack/stack.ts";
import type { Waiting } from "../models/stack/waiting.ts";
import { Yielder } from "../models/yielder.ts";
import { NotRecorded, OtherProvider, RunComplete, RunInProgress, UntrustedRun } from "./errors.ts";
import { diagnosed } from "./explain/diagnostics.ts";
import { runnerOf } from "./job.ts";
import { openBatchJournal, refuseOpenBatches } from "./record/batches.ts";
import { codeOf } from "./record/jsonl.ts";
import { EventLog, type LogDigest, readLog } from "./record/log.ts";
import { openCache, RunReplies } from "./record/replies.ts";
import { type RunManifest, type RunRequest, readManifest, taskOf, writeManifest } from "./record/run-manifest.ts";
import { filesOf, lockOf, newId, prepareRunPaths, type RunFiles, type RunPaths } from "./record/run-paths.ts";
import { LONG_LOG, writeSnapshot } from "./record/snapshot.ts";
import { Pace, type PaceNow, SoftLimit, type SoftLimits } from "./state/pace.ts";
import { RunReducer } from "./state/reduce.ts";
import type { RecordedState, RunState } from "./state/state.ts";
import { summaryOf } from "./state/summary.ts";

export interface RunDeps extends Deps {
  readonly machine: Machine;
  readonly provider: Model;
  readonly price: PriceOf;
  /** Maximum number of concurrent requests. */
  readonly concurrency: number;
  /** Milliseconds without any answer of a model after which the run ends. Default 300,000. */
  readonly maxWait?: number;
  /** Sends requests again that are in batches of the run, if it is resumed without the batch tier. Default: it isn't resumed. */
  readonly leavesBatches?: boolean;
  /** Pauses the run each time that it has spent this much more. Default: never. */
  readonly pauseAt?: SoftLimits;
  /** What runs. Default: the runner of the run's job. */
  readonly engine?: Runner;
}

/** A run in this process. */
export interface Run {
  readonly id: string;
  readonly files: RunFiles;
  readonly start: RunManifest;
  /** The current state, which changes with each event. */
  readonly state: () => RecordedState;
  readonly replies: RunReplies;
  /** Pauses and continues the run, ends it early, and pins nodes. */
  readonly control: RunControl;
  readonly pace: () => PaceNow;
  /** What the run waits for now; null if requests come back. */
  readonly waiting: () => Waiting | null;
  /** Tells a listener of each change of `waiting`. */
  readonly onWaiting: (listener: (waiting: Waiting | null) => void) => void;
  /** Runs the method: each event is queued for the log before it is yielded. To stop reading interrupts the run. */
  readonly events: AsyncGenerator<LoggedEvent, RecordedState>;
}

/**
 * Starts a run of one graph in a new folder.
 * @param root containment root of the graph file
 * @throws RunInProgress, NotRecorded
 */
export async function startRun(
  subject: RunRequest,
  place: RunPaths,
  root: string,
  deps: RunDeps,
  signal: AbortSignal,
): Promise<Run> {
  const { files, clock, machine, provider } = deps;
  await onRecord(place.runs, () => prepareRunPaths(files, place, root));
  const at = clock.now();
  const { task, job, graphFile } = subject;
  const id = newId(at, graphFile, JSON.stringify([task.options, job, task.graph.nodes.map(({ text }) => text)]));
  const lock = await takeLock(machine, place, subject.graphFile, id);
  const paths = filesOf(place, id);
  return unlockOnFailure(lock, paths.folder, async () => {
    await files.makeFolder(paths.folder);
    await writeManifest(deps, paths.start, subject, {
      id,
      at,
      engine: ENGINE_VERSION,
      provider: provider.identity,
    });
    await clock.sleep(0);
    const { start } = await readManifest(deps, paths.start, id, subject.task.data);
    return openRun({ start, task: subject.task, place, lock, deps, signal, reducer: new RunReducer(), events: [] });
  });
}

/**
 * Resumes a run that was interrupted, cancelled, failed or out of budget: the method runs again with the saved replies
 * and calls models only for the missing ones.
 * @param limits replaces the budget of the run; earlier spending counts
 * @throws RunMissing, RunUnreadable, RunInProgress, RunComplete, UntrustedRun, OtherProvider, NotRecorded, BatchesOpen
 */
export async function resumeRun(
  id: string,
  place: RunPaths,
  deps: RunDeps,
  signal: AbortSignal,
  limits?: BudgetLimits,
): Promise<Run> {
  const { machine, provider } = deps;
  const paths = filesOf(place, id);
  const { start, trusted } = await readManifest(deps, paths.start, id);
  if (!trusted) throw new UntrustedRun(id);
  if (start.provider !== provider.identity) throw new OtherProvider(id, start.provider, provider.identity);
  const lock = await takeLock(machine, place, start.graphFile, id);
  return unlockOnFailure(lock, paths.folder, async () => {
    const reducer = new RunReducer();
    const { signed, digest } = await readLog(deps, paths.events, id, (event) => reducer.apply(event));
    if (!signed) throw new UntrustedRun(id);
    if (reducer.state.status === "done") throw new RunComplete(id);
    const events: RunEvent[] = [{ type: "resumed", attempt: reducer.state.segments + 1 }];
    if (start.engine !== ENGINE_VERSION)
      events.push({ type: "warning", code: "templates changed", detail: start.engine });
    const task = taskOf(start);
    if (!provider.attach && !deps.leavesBatches)
      await refuseOpenBatches(deps.files, id, paths.batches, () => RunReplies.open(deps, paths.replies, null));
    return openRun({ start, task, limits, place, lock, deps, signal, reducer, digest, events });
  });
}

interface Opening {
  readonly start: RunManifest;
  readonly task: Task;
  /** The total budget, if it differs from the task's. */
  readonly limits?: BudgetLimits | undefined;
  readonly place: RunPaths;
  readonly lock: Lock;
  readonly deps: RunDeps;
  readonly signal: AbortSignal;
  readonly reducer: RunReducer;
  /** Content of the log; absent: none. */
  readonly digest?: LogDigest;
  /** Events to log before the engine's. */
  readonly events: readonly RunEvent[];
}

async function openRun(opening: Opening): Promise<Run> {
  const { start, task, limits = task.options.budget, place, deps, reducer, digest } = opening;
  const paths = filesOf(place, start.id);
  const cache = await openCache(deps.files, deps.machine, place.cache, `${start.id}-${reducer.state.segments}`);
  const replies = await RunReplies.open(deps, paths.replies, cache);
  const log = await EventLog.open(deps, paths.events, digest);
  const waiting = new WaitingSignal();
  const pace = new Pace(limits);
  const run = {
    id: start.id,
    files: paths,
    start,
    state: () => reducer.state,
    replies,
    control: new RunControl(reducer.state),
    pace: () => pace.now(reducer.state),
    waiting: () => waiting.current,
    onWaiting: waiting.listen,
  };
  return { ...run, events: record(opening, run, log, waiting.notify, pace) };
}

/** Waiting is not an event, because it means nothing after it ends. */
class WaitingSignal {
  current: Waiting | null = null;
  readonly #listeners: ((waiting: Waiting | null) => void)[] = [];

  readonly listen = (listener: (waiting: Waiting | null) => void): void => {
    this.#listeners.push(listener);
  };

  readonly notify = (waiting: Waiting | null): void => {
    this.current = waiting;
    for (const listener of this.#listeners) listener(waiting);
  };
}

/** Appends each event of the engine to the log, reduces it and yields it. */
async function* record(
  { start, task, limits, lock, deps, signal, reducer, events }: Opening,
  { id, files, replies, control }: Omit<Run, "events">,
  log: EventLog,
  onWaiting: (waiting: Waiting | null) => void,
  pace: Pace,
): AsyncGenerator<LoggedEvent, RecordedState> {
  const { machine, provider, price, concurrency, maxWait, clock, sandbox, tools, engine = runnerOf(start.job) } = deps;
  const stop = new AbortController();
  const cancel = () => stop.abort(signal.reason);
  const softLimit = new SoftLimit(deps.pauseAt ?? { calls: null, usd: null }, reducer.state);
  signal.addEventListener("abort", cancel);
  if (signal.aborted) cancel();

  // Without log and replies, paid calls would be lost.
  const failure = () => log.failure ?? replies.failure;
  const stopOnFailure = () => {
    const reason = failure();
    if (reason && !stop.signal.aborted) stop.abort(reason);
  };
  const put = (event: RunEvent): LoggedEvent => {
    const logged = log.append(event);
    reducer.apply(logged);
    pace.see(reducer.state);
    if (softLimit.isReached(reducer.state)) control.pause("limit");
    stopOnFailure();
    return logged;
  };
  const summarize = async (state = reducer.state) => {
    const summary = await summaryOf(start, state, machine);
    await deps.files.write(files.summary, `${JSON.stringify(summary)}\n`).catch(() => {});
  };
  const end = async (event: Finished): Promise<LoggedEvent> => {
    await log.flushed().catch(() => {});
    const unwritten = failure();
    const last = unwritten ? { ...event, status: "failed" as const, ...failureOf(unwritten) } : event;
    const logged = await log.end(machine, id, last);
    reducer.apply(logged);
    await summarize();
    await keepSnapshot();
    return logged;
  };
  /** Without it, the run is read from its log. */
  const keepSnapshot = async () => {
    const bytes = await deps.files.stat(files.events).then(
      (found) => found.bytes,
      () => 0,
    );
    if (bytes < LONG_LOG) return;
    await writeSnapshot(deps, files, id, bytes, reducer.state).catch(() => {});
  };

  try {
    // A list that is read before the log says so must know that the last end counts no more.
    if (events.length > 0) await summarize({ ...reducer.state, status: "running" });
    for (const event of events) yield put(event);
    const turns = new Yielder(clock);
    const pending: RunEvent[] = [];
    const otherTiers = new Set<string>();
    let shared = 0;
    const stack = createStack({
      provider: provider.attach?.(await openBatchJournal(deps.files, files.batches)) ?? provider,
      replies,
      limits: limits ?? task.options.budget,
      concurrency,
      clock,
      seed: task.options.seed,
      price,
      ...(maxWait !== undefined && { maxWait }),
      onWaiting,
      pause: control,
      alreadySpent: await spentSoFar(reducer.state, replies, price, turns),
      onShared: () => {
        shared += 1;
      },
      onOtherTier: (model, tier) => {
        if (otherTiers.has(`${model} ${tier}`)) return;
        otherTiers.add(`${model} ${tier}`);
        pending.push({ type: "warning", code: "other tier", detail: model, tier });
      },
      onRefused: ({ model, parameter, renamedTo }) => {
        const detail = renamedTo === null ? `${model}: ${parameter}` : `${model}: ${parameter} → ${renamedTo}`;
        pending.push({ type: "warning", code: "parameter refused", detail });
      },
    });
    await summarize();
    const engineDeps = {
      model: recorded(stack.model, log, stopOnFailure),
      budget: stack.budget,
      price,
      control,
      local: { sandbox, ...(tools && { tools }), keep: stack.keep, recall: stack.recall },
    };
    try {
      for await (const event of withDecisions(control, engine(task, engineDeps, stop.signal), stop)) {
        await turns.next();
        for (const warning of pending.splice(0)) yield put(warning);
        if (event.type === "finished") {
          if (shared > 0) yield put({ type: "warning", code: "shared requests", count: shared });
          for await (const warning of diagnosed({ start, state: reducer.state, finished: event }, turns))
            yield put(warning);
          yield await end(event);
        } else yield put(event);
        if (event.type === "iteration") await summarize();
      }
    } catch (error) {
      if (reducer.state.finished) throw error;
      yield await end(failed(reducer.state, error));
    }
    return reducer.state;
  } finally {
    signal.removeEventListener("abort", cancel);
    await log.flushed().catch(() => {});
    await replies.flushed();
    await lock.release();
  }
}

/** The engine's events, and what the user decides between them. */
async function* withDecisions(
  control: RunControl,
  events: AsyncIterable<RunEvent>,
  stop: AbortController,
): AsyncGenerator<RunEvent> {
  const stream = new EventStream();
  control.listen((event) => void stream.push(event));
  const work = async () => {
    for await (const event of events) await stream.push(event);
  };
  try {
    yield* stream.during(work, () => stop.abort(new Error("nobody reads this any more")));
  } finally {
    control.end();
  }
}

/** A request is sent only after it is logged, so that a killed process leaves none uncounted. */
function recorded(model: Model, log: EventLog, onFailure: () => void): Model {
  return {
    identity: model.identity,
    complete: (request: ModelRequest, signal) => {
      const onRequest = async (attempt: number) => {
        await request.onRequest?.(attempt);
        await log.flushed();
      };
      return model.complete({ ...request, onRequest }, signal).catch((error: unknown) => {
        onFailure();
        throw error;
      });
    },
    ...(model.concurrency !== undefined && { concurrency: model.concurrency }),
    ...(model.yieldNow && { yieldNow: model.yieldNow }),
    ...(model.invalidate && { invalidate: model.invalidate }),
  };
}

/** Logged requests, with or without a reply; tokens and money of the replies. */
async function spentSoFar({ calls }: RunState, replies: RunReplies, price: PriceOf, turns: Yielder): Promise<Spent> {
  let tokens = 0;
  let usd = 0;
  for await (const { model, asked = model, usage } of replies.paid()) {
    await turns.next();
    tokens += usage.prompt + usage.completion;
    usd += price(asked, usage) ?? 0;
  }
  return { calls: calls.total, tokens, usd };
}

/** The end of a run whose engine threw. */
function failed(state: RunState, error: unknown): Finished {
  const nothing = { n: state.samples.validation, before: null, after: null };
  return {
    type: "finished",
    status: "failed",
    ...failureOf(error),
    theta: state.theta,
    texts: state.texts,
    proposals: [],
    validation: nothing,
    test: null,
    formatErrors: { before: 0, after: 0 },
  };
}

async function takeLock(machine: Machine, place: RunPaths, graphFile: string, run: string): Promise<Lock> {
  const path = lockOf(place, graphFile);
  const lock = await onRecord(path, () => machine.lock(path, run));
  if (lock) return lock;
  const holder = await machine.holder(path);
  throw new RunInProgress(holder?.note ?? "", holder?.process ?? 0, holder?.host ?? "", path);
}

async function unlockOnFailure<T>(lock: Lock, folder: string, open: () => Promise<T>): Promise<T> {
  try {
    return await onRecord(folder, open);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Turns system errors of writing, such as a full disk, into the run's own error. @throws NotRecorded */
async function onRecord<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (!(error instanceof Error) || !code || !UNWRITABLE.includes(code)) throw error;
    const named = "path" in error && typeof error.path === "string" ? error.path : path;
    throw new NotRecorded(named, code, error.message);
  }
}

/** Disk full or over quota, file too large, no permission, or a file where a folder must be. */
const UNWRITABLE = ["ENOSPC", "EDQUOT", "EFBIG", "EACCES", "EPERM", "EROFS", "EEXIST", "ENOTDIR"];
