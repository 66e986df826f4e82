import type { RunStatus } from "../../engine/events.ts";

/** What the lists show of a run, from its summary. */
export interface RunEntry {
  readonly id: string;
  /** Folder that holds `.agentgraph/`. */
  readonly root: string;
  /** Absolute path of the graph file. */
  readonly graphPath: string;
  readonly graphName: string;
  readonly method: string;
  /** `interrupted`: nobody writes its log any more, and it has no end. */
  readonly status: "running" | "interrupted" | RunStatus;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Made on another machine or by another user: its verdicts are claims until re-checked. */
  readonly elsewhere: boolean;
  /** Mean validation scores (1 − loss); null where not scored. */
  readonly before: number | null;
  readonly after: number | null;
  /** Requests that reached the provider. */
  readonly calls: number;
  /** US dollars; null where a price was not known. */
  readonly usd: number | null;
}

export function resumable(entry: RunEntry): boolean {
  return entry.status !== "running" && entry.status !== "done";
}
