import { property } from "../property.ts";
import { asCompletion, messageBody } from "../protocols/anthropic-wire.ts";
import type { Http } from "../protocols/server-model.ts";
import {
  type BatchApi,
  type BatchLine,
  type BatchResult,
  type BatchStatus,
  batchesSince,
  idOf,
  numberAt,
  timeOf,
} from "./batch-api.ts";

const PATH = "/v1/messages/batches";

/** Anthropic's Message Batches (platform.claude.com/docs/en/build-with-claude/batch-processing), which have no name. */
export function anthropicBatches(http: Http): BatchApi {
  return {
    most: { requests: 100_000, bytes: 240_000_000 },

    async submit(lines, _mark, _pause, signal) {
      return idOf(await http.json(PATH, { requests: lines.map(lineOf) }, signal), http);
    },

    /** Searches by time and size. A batch that was found by mistake lacks the results, so the requests are repeated. */
    async find(_mark, since, requests, signal) {
      const page = (after: string | null) =>
        http.json(`${PATH}?limit=100${after === null ? "" : `&after_id=${encodeURIComponent(after)}`}`, null, signal);
      const found: unknown[] = [];
      for await (const batch of batchesSince(page, since))
        if (statusOf(batch, http).total === requests) found.push(batch);
      return found.length === 1 ? idOf(found[0], http) : null;
    },

    status: async (id, signal) => statusOf(await http.json(`${PATH}/${encodeURIComponent(id)}`, null, signal), http),

    async *results({ id }, signal) {
      for await (const row of http.rows(`${PATH}/${encodeURIComponent(id)}/results`, signal)) {
        const result = resultOf(row);
        if (result) yield result;
      }
    },

    async cancel(id, signal) {
      await http.json(`${PATH}/${encodeURIComponent(id)}/cancel`, {}, signal);
    },
  };
}

function lineOf({ key, model, sent }: BatchLine): object {
  return { custom_id: key, params: { ...messageBody(sent), model } };
}

function statusOf(batch: unknown, http: Http): BatchStatus {
  const counts = property(batch, "request_counts");
  const done = ["succeeded", "errored", "canceled", "expired"].reduce((sum, name) => sum + numberAt(counts, name), 0);
  const isCancelled = typeof property(batch, "cancel_initiated_at") === "string";
  const results = property(batch, "results_url");
  const hasEnded = property(batch, "processing_status") === "ended";
  return {
    id: idOf(batch, http),
    state: hasEnded ? (isCancelled ? "cancelled" : "ended") : "running",
    done,
    total: done + numberAt(counts, "processing"),
    expires: timeOf(property(batch, "expires_at")),
    detail: "",
    code: "",
    results: typeof results === "string" ? [results] : [],
  };
}

/** HTTP statuses of errors for which the vendor gives only a name (platform.claude.com/docs/en/api/errors). */
const STATUSES: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  conflict_error: 409,
  request_too_large: 413,
  rate_limit_error: 429,
  timeout_error: 504,
  overloaded_error: 529,
};

function resultOf(row: unknown): BatchResult | null {
  const key = property(row, "custom_id");
  const result = property(row, "result");
  if (typeof key !== "string") return null;
  const type = property(result, "type");
  if (type === "succeeded") return { key, status: 200, body: asCompletion(property(result, "message")) };
  if (type === "expired" || type === "canceled") return { key, status: null };
  const body = property(result, "error") ?? { error: { message: "the batch gave no reason" } };
  const name = String(property(property(body, "error"), "type"));
  return { key, status: STATUSES[name] ?? 500, body };
}
