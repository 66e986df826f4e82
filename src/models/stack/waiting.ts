/**
 * `batch`: requests that are answered within a day. `no worker`: no worker takes requests from the queue. `no
 * queue`: the queue itself can't be reached, and `identity` is its address.
 */
export type WaitReason = "rate limit" | "server error" | "no answer" | "batch" | "no worker" | "no queue";

/** What the run waits for, why, and until when. */
export interface Waiting {
  /** Provider and origin. */
  readonly identity: string;
  readonly reason: WaitReason;
  /** Milliseconds since the epoch: when it is retried, or given up. */
  readonly until: number;
  /** The server's message; empty if it has none. */
  readonly detail: string;
}
