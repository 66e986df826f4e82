/**
 * `no room`: the tier has no capacity; another one may have some. `batch`: requests that are answered within a day. `no worker`: no worker takes requests from the queue. `other secret`:
 * only workers with another secret are there. `no queue`, `queue full`: the queue itself can't be reached or takes no more,
 * and `identity` is its address.
 */
export type WaitReason =
  | "rate limit"
  | "no room"
  | "server error"
  | "no answer"
  | "batch"
  | "no worker"
  | "other secret"
  | "no queue"
  | "queue full";

/** What the run waits for, why, and until when. */
export interface Waiting {
  /** Provider and origin. */
  readonly identity: string;
  readonly reason: WaitReason;
  /** Milliseconds since the epoch: when it is retried, or given up. */
  readonly until: number;
  /** The server's message; empty if it has none. Of a batch `10/18`, requests that are done and all. Of `no worker`, the requests in the queue. */
  readonly detail: string;
}
