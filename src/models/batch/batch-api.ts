import type { Sent } from "../parameters/parameter-support.ts";

/** One request of a batch. */
export interface BatchLine {
  /** Key of the reply: 64 characters of hexadecimal. */
  readonly key: string;
  readonly model: string;
  readonly sent: Sent;
}

export interface BatchStatus {
  readonly id: string;
  /**
   * - `running`: also while it is checked, finished or cancelled.
   * - `ended`: there are results, for all requests or, after it expired, for some.
   * - `cancelled`: the same, by somebody's will. `failed`: the server took none of it.
   */
  readonly state: "running" | "ended" | "cancelled" | "failed";
  readonly done: number;
  readonly total: number;
  /** Milliseconds since the epoch; null: not named. */
  readonly expires: number | null;
  /** Reason and code of the failure; empty if the server gives none. */
  readonly detail: string;
  readonly code: string;
  /** Where its results are. */
  readonly results: readonly string[];
}

/** What came of one request. */
export type BatchResult =
  | { readonly key: string; readonly status: number; readonly body: unknown }
  /** The batch ended before its turn. */
  | { readonly key: string; readonly status: null };

/** How one vendor runs batches. */
export interface BatchApi {
  /** Requests of a batch, and bytes of their lines, at most. */
  readonly most: { readonly requests: number; readonly bytes: number };
  /** @param mark names the batch, as far as the vendor keeps a name. @returns its id. @throws ModelError */
  submit(lines: readonly BatchLine[], mark: string, signal: AbortSignal): Promise<string>;
  /**
   * A batch that was sent, but whose id was never read.
   * @param since milliseconds since the epoch
   * @param requests how many it has
   */
  find(mark: string, since: number, requests: number, signal: AbortSignal): Promise<string | null>;
  status(id: string, signal: AbortSignal): Promise<BatchStatus>;
  /** In any order. A request may come twice, or not at all. */
  results(status: BatchStatus, signal: AbortSignal): AsyncGenerator<BatchResult>;
  cancel(id: string, signal: AbortSignal): Promise<void>;
}
