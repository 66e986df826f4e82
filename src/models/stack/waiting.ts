/**
 * `batch`: requests that are answered within a day. `no worker`: nobody takes requests from the queue. `no queue`: the
 * queue itself is out of reach, and `identity` is its address.
 */
export type WaitReason = "rate limit" | "server error" | "no answer" | "batch" | "no worker" | "no queue";

/** Nothing comes at present: whom the run waits for, why, and until when. */
export interface Waiting {
  /** Provider and origin. */
  readonly identity: string;
  readonly reason: WaitReason;
  /** Milliseconds since the epoch: when it is tried again, or given up. */
  readonly until: number;
  /** What the server said; empty where it said nothing. */
  readonly detail: string;
}
