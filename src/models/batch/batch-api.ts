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
   * - `running`: includes checking, finishing and cancelling.
   * - `ended`: there are results for all requests or, after it expired, for some.
   * - `cancelled`: the same, after someone cancelled it.
   * - `failed`: the server accepted none of its requests.
   */
  readonly state: "running" | "ended" | "cancelled" | "failed";
  readonly done: number;
  readonly total: number;
  /** Milliseconds since the epoch; null: unknown. */
  readonly expires: number | null;
  /** Reason and code of the failure; empty if the server gives none. */
  readonly detail: string;
  readonly code: string;
  /** Locations of its results. */
  readonly results: readonly string[];
}

/** The result of one request. */
export type BatchResult =
  | { readonly key: string; readonly status: number; readonly body: unknown }
  /** The batch ended before this request was processed. */
  | { readonly key: string; readonly status: null };

/** The batch API of one vendor. */
export interface BatchApi {
  /** Maximum number of requests in a batch, and of bytes of their lines. */
  readonly most: { readonly requests: number; readonly bytes: number };
  /**
   * @param mark name of the batch, if the vendor stores one
   * @returns its id
   * @throws ModelError
   */
  submit(lines: readonly BatchLine[], mark: string, signal: AbortSignal): Promise<string>;
  /**
   * Finds a batch that was sent but whose id was never received.
   * @param since milliseconds since the epoch
   * @param requests its number of requests
   */
  find(mark: string, since: number, requests: number, signal: AbortSignal): Promise<string | null>;
  status(id: string, signal: AbortSignal): Promise<BatchStatus>;
  /** In any order. The result of a request can appear twice, or not at all. */
  results(status: BatchStatus, signal: AbortSignal): AsyncGenerator<BatchResult>;
  cancel(id: string, signal: AbortSignal): Promise<void>;
}
