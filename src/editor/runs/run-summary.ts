import { join } from "node:path";
import type { ListedRun, ListedStatus } from "../../run/record/runs.ts";
import type { Summary } from "../../run/state/summary.ts";

/** A run as lists show it, from its summary. */
export interface RunSummary {
  readonly id: string;
  /** Folder that contains `.agentgraph/`. */
  readonly root: string;
  /** Absolute path of the graph file. */
  readonly graphPath: string;
  readonly graphName: string;
  readonly method: string;
  /** Model of nodes that name none; empty for runs of an earlier version. */
  readonly model: string;
  /** Status of the run. `interrupted` if the log has no end and no process writes it. */
  readonly status: ListedStatus;
  /** Detail of the error that ended it; null without one. */
  readonly detail: string | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /**
   * Whether the run is from another machine or user, or was changed, so that its verdicts are unverified until a
   * recheck.
   */
  readonly untrusted: boolean;
  /** Mean validation scores (1 − loss); null if not scored. */
  readonly before: number | null;
  readonly after: number | null;
  /** Milliseconds of work. */
  readonly elapsed: number;
  /** Requests that reached the provider. */
  readonly calls: number;
  /** US dollars; null if a price was not known. */
  readonly usd: number | null;
  /** Whether `usd` is an estimate because the provider did not report token usage. */
  readonly estimated: boolean;
  readonly proposals: Summary["proposals"];
  /** Job of the run. null if it is to optimize. */
  readonly job: Summary["job"] | null;
  /** Result of an evaluation; null before its end. */
  readonly evaluated: Summary["evaluated"] | null;
}

export function runSummaryOf(root: string, { summary, status, trusted }: ListedRun): RunSummary {
  const { id, name, method, detail, startedAt, elapsed, calls, usd, validation, evaluated, proposals, job } = summary;
  return {
    id,
    root,
    graphPath: join(root, summary.graphFile),
    graphName: name,
    method,
    model: summary.model ?? "",
    status: status,
    detail,
    startedAt,
    untrusted: !trusted,
    before: validation?.before ?? null,
    after: validation?.after ?? evaluated?.score ?? null,
    elapsed,
    calls,
    usd,
    estimated: summary.estimated ?? false,
    proposals,
    job: job ?? null,
    evaluated: evaluated ?? null,
  };
}

export function isRunning({ status }: RunSummary): boolean {
  return status === "running";
}

export function resumable({ status, untrusted }: RunSummary): boolean {
  return status !== "running" && status !== "done" && !untrusted;
}

/** Whether the run is an evaluation, which only has scores. */
export function isEvaluation({ job }: RunSummary): boolean {
  return job?.kind === "evaluate";
}

/** Accepted proposals that the user has not applied, rejected or committed. */
export function openAccepted({ proposals, untrusted }: RunSummary): number {
  return untrusted ? 0 : proposals.filter(({ decision, act }) => decision === "accepted" && act === null).length;
}

/** The running run, else the last optimization, else the last evaluation. @param runs the newest first */
export function latestOf(runs: readonly RunSummary[]): RunSummary | null {
  const found = (fits: (entry: RunSummary) => boolean) => runs.find(fits);
  return found(({ status }) => status === "running") ?? found((entry) => !isEvaluation(entry)) ?? runs[0] ?? null;
}

/**
 * The last optimization that finished or proposed something. A run that failed, was cancelled or has just started, and
 * proposed nothing, says nothing about the texts.
 * @param runs the newest first
 */
export function lastWithResult(runs: readonly RunSummary[]): RunSummary | null {
  const hasResult = ({ job, status, proposals }: RunSummary) =>
    proposals.length > 0 || (job === null && status === "done");
  return runs.find(hasResult) ?? null;
}
