import type { Texts } from "../graph/graph.ts";
import { BudgetReached, fieldsOf } from "../models/errors.ts";
import type { Finished, RunEvent } from "./events.ts";
import type { EngineDeps } from "./session.ts";
import { type Emit, EventStream } from "./stream.ts";
import type { Task } from "./task.ts";
import { thetaOf } from "./theta.ts";

/** A job as the stream of its events. The last one is `finished`, even if the run ended early. */
export type Runner = (task: Task, deps: EngineDeps, signal: AbortSignal) => AsyncGenerator<RunEvent, Finished>;

/**
 * Runs work as the stream of its events. `stop` is aborted when the signal is, or when the consumer stops reading.
 * @throws what the work throws
 */
export function streamEvents<T>(
  signal: AbortSignal,
  work: (stop: AbortController, emit: Emit) => Promise<T>,
): AsyncGenerator<RunEvent, T> {
  const stop = new AbortController();
  const stream = new EventStream();
  const start = async () => {
    const cancel = () => stop.abort(signal.reason);
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel);
    try {
      return await work(stop, (event) => stream.push(event));
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  };
  // Not another generator around it: each would take as much time for an event as the stream itself.
  return stream.during(start, () => stop.abort(new Error("nobody reads this any more")));
}

/** How and why a run ended. */
export type RunEnd = Pick<Finished, "status" | "error" | "detail" | "fields">;

/** The end of a run that was stopped by an error. */
export function endOf(error: unknown, signal: AbortSignal): RunEnd {
  if (signal.aborted) return { status: "cancelled", error: null, detail: null };
  if (error instanceof BudgetReached) return { status: "budget", error: null, detail: null };
  return { status: "failed", ...failureOf(error) };
}

/** An error in the form of the log. */
export function failureOf(error: unknown): Pick<Finished, "error" | "detail" | "fields"> {
  return error instanceof Error
    ? { error: error.name, detail: error.message, fields: fieldsOf(error) }
    : { error: "Error", detail: String(error) };
}

/** The result of a run that proposes nothing. @param texts of the graph */
export function unchanged(texts: Texts): Omit<Finished, "type" | keyof RunEnd | "evaluated"> {
  return {
    theta: thetaOf(texts),
    texts,
    proposals: [],
    validation: { n: 0, before: null, after: null },
    test: null,
    formatErrors: { before: 0, after: 0 },
  };
}

/** The end of a run that was completed. */
export const DONE = { status: "done", error: null, detail: null } as const;
