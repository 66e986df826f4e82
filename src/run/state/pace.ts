import type { BudgetLimits } from "../../models/model.ts";
import type { RunState } from "./state.ts";

/** How fast a run goes. null: not known yet. */
export interface PaceNow {
  /** US dollars. */
  readonly usdPerMinute: number | null;
  readonly callsPerMinute: number | null;
  /** Maximum milliseconds of work until the end: a run can end early. The last scoring is not included. */
  readonly left: number | null;
}

/** Milliseconds over which spending is averaged, and from which a pace says something. */
const WINDOW = 300_000;
const SHORTEST = 5_000;
/** Milliseconds between two points. */
const STEP = 1_000;
/** Iterations whose time is averaged. */
const RECENT = 5;
const MINUTE = 60_000;

interface Point {
  /** Milliseconds of work, pauses left out. */
  readonly elapsed: number;
  readonly calls: number;
  readonly usd: number | null;
  readonly done: number;
}

/** Completed work of a run, out of the total. */
export interface Completed {
  readonly done: number;
  readonly of: number;
}

/** Iterations, or samples for a run without iterations. */
export function progressOf({ iteration, iterations, samples, scored, theta, solutions }: RunState): Completed {
  if (iterations > 0) return { done: iteration, of: iterations };
  const done = (scored[theta] ?? 0) + solutions.length;
  return { done, of: samples.train + samples.validation + samples.test };
}

/** Measures the pace of a run in this process. Replies that come back from a file take no time and are ignored. */
export class Pace {
  #points: Point[] = [];
  /** The end of the replies from a file. What is done then is counted later, because that looks at every sample. */
  #replayed: Omit<Point, "done"> | null = null;
  /** Requests and reused replies before this process. */
  #before: { readonly total: number; readonly cached: number } | null = null;
  /** Milliseconds of the last iterations with calls to a model. */
  #iterations: number[] = [];
  #iteration: { readonly elapsed: number; readonly calls: number; readonly curve: number } | null = null;

  constructor(private readonly limits: BudgetLimits) {}

  see(state: RunState): void {
    const { elapsed, calls, usd, curve, iterations } = state;
    // Before the first iteration, the original graph is scored. Its first gradient comes when much of it is done.
    if (state.iteration > 0 || calls.backward > 0)
      this.#iteration ??= { elapsed, calls: calls.total, curve: curve.length };
    // The reducer makes a point of the curve for each iteration that has ended.
    if (iterations > 0 && this.#iteration && curve.length > this.#iteration.curve) {
      const isAsked = calls.total > this.#iteration.calls;
      if (isAsked) this.#iterations = [...this.#iterations, elapsed - this.#iteration.elapsed].slice(-RECENT);
      this.#iteration = { elapsed, calls: calls.total, curve: curve.length };
    }
    const last = this.#points.at(-1);
    this.#before ??= { total: calls.total, cached: calls.cached };
    // A resumed run first gets its earlier replies from a file.
    const isReplaying = calls.total === this.#before.total && calls.cached > this.#before.cached;
    const here = { elapsed, calls: calls.total, usd };
    if (isReplaying) {
      this.#points = [];
      this.#replayed = here;
      return;
    }
    if (last && elapsed - last.elapsed < STEP) return;
    const done = iterations > 0 ? 0 : progressOf(state).done;
    if (this.#replayed) this.#points.push({ ...this.#replayed, done });
    this.#replayed = null;
    this.#points.push({ ...here, done });
    const first = this.#points.findIndex((point) => elapsed - point.elapsed <= WINDOW);
    if (first > 0) this.#points.splice(0, first);
  }

  now(state: RunState): PaceNow {
    const [first] = this.#points;
    const time = first ? state.elapsed - first.elapsed : 0;
    if (!first || time < SHORTEST) return { usdPerMinute: null, callsPerMinute: null, left: null };
    const perMinute = (amount: number) => (amount * MINUTE) / time;
    const callsPerMinute = Math.max(0, perMinute(state.calls.total - first.calls));
    const usdPerMinute = state.usd === null || first.usd === null ? null : perMinute(state.usd - first.usd);
    const byWork = this.#byWork(state, first, time);
    const { calls, usd } = this.limits;
    const byCalls = calls === null ? null : timeFor(calls - state.calls.total, callsPerMinute);
    const byMoney = usd === null || state.usd === null ? null : timeFor(usd - state.usd, usdPerMinute ?? 0);
    // The budget says nothing about the amount of work: it only ends it earlier.
    const left = byWork === null ? null : Math.min(...[byWork, byCalls, byMoney].filter((one) => one !== null));
    return { usdPerMinute, callsPerMinute, left };
  }

  #byWork(state: RunState, first: Point, time: number): number | null {
    const { done, of } = progressOf(state);
    if (state.iterations === 0) {
      const made = done - first.done;
      return made > 0 ? (Math.max(0, of - done) * time) / made : null;
    }
    if (this.#iterations.length === 0 || !this.#iteration) return null;
    const each = this.#iterations.reduce((sum, one) => sum + one, 0) / this.#iterations.length;
    const ended = Math.max(0, state.curve.length - 1);
    const last = state.stopAfter ?? state.iterations;
    if (ended >= last) return null;
    // An iteration that takes longer than the average takes nothing off those after it.
    return (last - ended - 1) * each + Math.max(0, each - (state.elapsed - this.#iteration.elapsed));
  }
}

/** Milliseconds until this much is used up; null if nothing uses it. */
function timeFor(amount: number, perMinute: number): number | null {
  return perMinute > 0 ? (Math.max(0, amount) * MINUTE) / perMinute : null;
}

/** Sums at which the user wants to be asked before a run goes on. null: never. */
export type SoftLimits = Pick<BudgetLimits, "calls" | "usd">;

/** Detects when a run reaches a limit at which the user wants to be asked, and each further multiple. */
export class SoftLimit {
  #calls: number;
  #usd: number;

  constructor(
    private readonly limits: SoftLimits,
    spent: Pick<RunState, "calls" | "usd">,
  ) {
    this.#calls = next(limits.calls, spent.calls.total);
    this.#usd = next(limits.usd, spent.usd ?? 0);
  }

  isReached({ calls, usd }: Pick<RunState, "calls" | "usd">): boolean {
    const isReached = calls.total >= this.#calls || (usd ?? 0) >= this.#usd;
    if (isReached) {
      this.#calls = next(this.limits.calls, calls.total);
      this.#usd = next(this.limits.usd, usd ?? 0);
    }
    return isReached;
  }
}

/** The smallest multiple above what was spent. */
function next(limit: number | null, spent: number): number {
  return limit === null ? Number.POSITIVE_INFINITY : limit * (Math.floor(spent / limit) + 1);
}
