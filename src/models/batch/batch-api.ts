import { BodyBroken } from "../errors.ts";
import type { Sent } from "../parameters/parameter-support.ts";
import { property } from "../property.ts";

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
   * - `failed`: the server rejected it. It has results for those requests, if any, that were done before.
   */
  readonly state: "running" | "ended" | "cancelled" | "failed";
  readonly done: number;
  /** 0: the server doesn't say. */
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

/** @throws BodyBroken: what the answer is about may exist */
export function idOf(value: unknown, { identity }: { readonly identity: string }): string {
  const id = property(value, "id");
  if (typeof id !== "string") throw new BodyBroken(identity, "the answer has no id");
  return id;
}

export function numberAt(value: unknown, name: string): number {
  const number = property(value, name);
  return typeof number === "number" ? number : 0;
}

/** Milliseconds since the epoch, from seconds or a date; null: neither. */
export function timeOf(value: unknown): number | null {
  if (typeof value === "number") return 1000 * value;
  const at = Date.parse(String(value));
  return Number.isNaN(at) ? null : at;
}

/** Pages that are read in search of a batch. */
const MOST_PAGES = 50;

/**
 * The batches of an account, newest first.
 * @param read reads a page of the list; `after` is the id that it starts after
 * @param since milliseconds since the epoch: older batches are left out, with a minute for clocks that differ
 */
export async function* batchesSince(
  read: (after: string | null) => Promise<unknown>,
  since: number,
): AsyncGenerator<unknown> {
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const list = await read(after);
    const data = property(list, "data");
    if (!Array.isArray(data) || data.length === 0) return;
    for (const batch of data) {
      if ((timeOf(property(batch, "created_at")) ?? since) < since - 60_000) return;
      yield batch;
    }
    const last = property(data.at(-1), "id");
    if (property(list, "has_more") !== true || typeof last !== "string" || last === after) return;
    after = last;
  }
}

/** The batch API of one vendor. */
export interface BatchApi {
  /** Maximum number of requests in a batch, and of bytes of their lines. */
  readonly most: { readonly requests: number; readonly bytes: number };
  /**
   * @param mark name of the batch, if the vendor stores one
   * @param pause waits before another look at what is uploaded
   * @returns its id
   * @throws ModelError
   */
  submit(lines: readonly BatchLine[], mark: string, pause: () => Promise<void>, signal: AbortSignal): Promise<string>;
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
