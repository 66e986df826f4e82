import { describe, expect, it } from "vitest";
import { anthropicBatches } from "../../../src/models/batch/anthropic-batches.ts";
import { openaiBatches } from "../../../src/models/batch/openai-batches.ts";
import type { Http } from "../../../src/models/protocols/server-model.ts";
import type { BatchServer, BatchServerOptions } from "../../server/batch-server.ts";
import { connects, ECHOES, echo, PROMPTS, play, serve, texts, tiered } from "./playing-batches.ts";

/**
 * What the vendors document about their batches, one row each: what it says and where, how the server does it, and what
 * comes of 20 requests, of which the first is sent by itself. Pages as of 2026-11.
 */

const OPENAI = "developers.openai.com/api/docs/guides/batch";
const OPENAI_API = "developers.openai.com/api/reference/resources/batches";
const AZURE = "learn.microsoft.com/azure/foundry/openai/how-to/batch";
const ANTHROPIC = "platform.claude.com/docs/en/build-with-claude/batch-processing";
const ANTHROPIC_ERRORS = "platform.claude.com/docs/en/api/errors";

type Vendor = "OpenAI" | "Azure" | "Anthropic";

interface Documented {
  readonly at: readonly Vendor[];
  readonly says: string;
  readonly source: string;
  readonly server: Partial<BatchServerOptions> | ((held: () => BatchServer) => Partial<BatchServerOptions>);
  /** How the requests in batches end. Default: all are answered. */
  readonly ends?: RegExp;
  /** The only request that ends so; default: all of them. */
  readonly only?: number;
  /** Requests of each batch; default: one batch with 19. */
  readonly batches?: readonly number[];
  /** Default: each request once. */
  readonly paid?: number;
}

const OPENAIS = ["OpenAI", "Azure"] as const;
const ALL = ["OpenAI", "Azure", "Anthropic"] as const;
const isEven = (prompt: string) => Number(prompt.slice(7)) % 2 === 0;
const message = (text: string, code: string | null = null) => ({ error: { message: text, code } });
const isCreate = (path: string, method: string) => method === "POST" && path.endsWith("/batches");
const isUpload = (path: string, method: string) => method === "POST" && path.endsWith("/files");
const isLook = (path: string, method: string) => method === "GET" && /\/batches\/[^/]+$/.test(path);

/** The requests of the first batch with an even number end so, and are answered by the second. */
const half = (end: "expired" | { code: string } | { status: number; error: object }): Partial<BatchServerOptions> => ({
  answer: (prompt, batch) => (batch === 1 && isEven(prompt) ? end : echo(prompt)),
});
const one = (status: number, error: object): Partial<BatchServerOptions> => ({
  answer: (prompt, batch) => (batch > 0 && prompt === "prompt 7" ? { status, error } : echo(prompt)),
});
/** The first batch fails like this; the others do what they should. */
const failed = (code: string): Partial<BatchServerOptions> => ({
  state: (batch, n) => (batch === 1 ? `failed:${code}` : n < 2 ? "in_progress" : "completed"),
});

/** A batch as Azure shows it in its examples. */
const azureView = (batch: Record<string, unknown>) => ({
  ...batch,
  status: String(batch.status).replace(/(^|_)(\w)/g, (_, gap, letter) => `${gap}${letter.toUpperCase()}`),
  created_at: new Date(1000 * Number(batch.created_at)).toISOString(),
  expires_at: new Date(1000 * Number(batch.expires_at)).toISOString(),
  request_counts: { total: null, completed: null, failed: null },
});

const DOCUMENTED: readonly Documented[] = [
  // States.
  ...["validating", "in_progress", "finalizing", "cancelling"].map(
    (status): Documented => ({
      at: OPENAIS,
      says: `status ${status}`,
      source: OPENAI_API,
      server: { state: (_, n) => (n < 4 ? status : "completed") },
    }),
  ),
  {
    at: ["Anthropic"],
    says: "processing_status canceling is not yet the end",
    source: ANTHROPIC,
    server: { view: (batch, look) => (look === 1 ? { ...batch, processing_status: "canceling" } : batch) },
  },
  {
    at: ["Anthropic"],
    says: "results_url is null until processing has ended",
    source: ANTHROPIC,
    server: { view: (batch, look) => (look < 4 ? { ...batch, results_url: null } : batch) },
  },
  {
    at: ["Azure"],
    says: "statuses are capitalized, times are ISO dates, counts are null",
    source: AZURE,
    server: { view: azureView },
  },
  {
    at: ["Azure"],
    says: "the files of a completed batch are named late, while its counts are null",
    source: AZURE,
    server: {
      view: (batch, look) => azureView(look < 5 ? { ...batch, output_file_id: null } : batch),
    },
  },
  // Ends.
  {
    at: OPENAIS,
    says: "expired: what was done is in the output file, the rest has code batch_expired",
    source: OPENAI,
    server: { ...half("expired"), state: (batch) => (batch === 1 ? "expired" : "completed") },
    batches: [19, 9],
  },
  {
    at: OPENAIS,
    says: "a request that timed out has code request_timeout",
    source: OPENAI_API,
    server: half({ code: "request_timeout" }),
    batches: [19, 9],
  },
  {
    at: ["Anthropic"],
    says: "expired after 24 hours: those requests are not billed",
    source: ANTHROPIC,
    server: half({ code: "expired" }),
    batches: [19, 9],
  },
  {
    at: ["Anthropic"],
    says: "canceled requests are not billed",
    source: ANTHROPIC,
    server: half({ code: "canceled" }),
    batches: [19, 9],
  },
  {
    at: OPENAIS,
    says: "cancelled: partial results are in the output file",
    source: OPENAI,
    server: { ...half({ code: "batch_cancelled" }), state: () => "cancelled" },
    ends: /^BatchEnded: .*cancelled/,
    only: -2,
    paid: 11,
  },
  {
    at: ["Anthropic"],
    says: "a batch that was cancelled ends with partial results",
    source: ANTHROPIC,
    server: {
      ...half({ code: "canceled" }),
      view: (batch, look) => (look > 0 ? { ...batch, cancel_initiated_at: "2026-11-01T00:00:00Z" } : batch),
    },
    ends: /^BatchEnded: .*cancelled/,
    only: -2,
    paid: 11,
  },
  {
    at: OPENAIS,
    says: "a failed batch names an output file: what is in it is paid for",
    source: AZURE,
    server: {
      ...half("expired"),
      state: () => "completed",
      view: (batch) => (batch.id === "batch_1" && batch.output_file_id ? { ...batch, status: "failed" } : batch),
    },
    batches: [19, 9],
  },
  // Files.
  {
    at: OPENAIS,
    says: "the file of errors can be empty",
    source: AZURE,
    server: {
      view: (batch) => (batch.output_file_id ? { ...batch, error_file_id: "empty" } : batch),
      intercept: (path) => (path.endsWith("/files/empty/content") ? [200, ""] : null),
    },
  },
  {
    at: ["Azure"],
    says: "an uploaded file is pending for a time",
    source: AZURE,
    server: { file: (look) => (look < 3 ? "pending" : "processed") },
  },
  {
    at: ["Azure"],
    says: "an uploaded file can't be processed",
    source: AZURE,
    server: { file: (look) => (look < 2 ? "pending" : "error") },
    ends: /error/,
    batches: [],
    paid: 1,
  },
  {
    at: OPENAIS,
    says: "the input file is gone before the batch is made of it",
    source: OPENAI_API,
    server: {
      intercept: (path, method, nth) =>
        isCreate(path, method) && nth === 1 ? [404, message("No such File object: file-1")] : null,
    },
  },
  {
    at: OPENAIS,
    says: "results are deleted after 30 days",
    source: OPENAI,
    server: {
      intercept: (path) =>
        /\/(content|results)$/.test(path) && path.includes("batch_1") ? [404, message("No such File object")] : null,
    },
    batches: [19, 19],
    paid: 39,
  },
  {
    at: OPENAIS,
    says: "the output file is not there yet when the batch is completed",
    source: OPENAI,
    server: {
      intercept: (path, _, nth) =>
        /\/(content|results)$/.test(path) && nth < 3 ? [404, message("No such File object")] : null,
    },
  },
  {
    at: ALL,
    says: "a batch is not found for a moment",
    source: "https://github.com/anthropics/anthropic-sdk-python/issues/1432",
    server: {
      intercept: (path, method, nth) => (isLook(path, method) && nth < 4 ? [404, message("Not found")] : null),
    },
  },
  {
    at: ["Anthropic"],
    says: "results are deleted after 29 days",
    source: ANTHROPIC,
    server: {
      intercept: (path) => (path.endsWith("batch_1/results") ? [404, message("Not found")] : null),
    },
    batches: [19, 19],
  },
  // Lines.
  ...[429, 500, 503].map(
    (status): Documented => ({
      at: OPENAIS,
      says: `a line has status ${status}`,
      source: OPENAI_API,
      server: half({ status, error: { message: "for now" } }),
      batches: [19, 9],
    }),
  ),
  {
    at: OPENAIS,
    says: "a line is invalid on its own",
    source: OPENAI,
    server: one(400, {
      message: "This model's maximum context length is 128000 tokens.",
      code: "context_length_exceeded",
    }),
    ends: /^RequestRefused/,
    only: 7,
    paid: 19,
  },
  ...[
    ["invalid_request_error", /^RequestRefused/],
    ["authentication_error", /^KeyRefused/],
    ["billing_error", /^AccessRefused/],
    ["permission_error", /^KeyRefused/],
    ["not_found_error", /^ModelUnknown/],
    ["request_too_large", /^RequestRefused/],
  ].map(
    ([type, ends]): Documented => ({
      at: ["Anthropic"],
      says: `errored with ${type}`,
      source: ANTHROPIC_ERRORS,
      server: one(0, { type, message: "no" }),
      ends: ends as RegExp,
      only: 7,
      paid: 19,
    }),
  ),
  ...["conflict_error", "rate_limit_error", "api_error", "timeout_error", "overloaded_error"].map(
    (type): Documented => ({
      at: ["Anthropic"],
      says: `errored with ${type}`,
      source: ANTHROPIC_ERRORS,
      server: half({ status: 0, error: { type, message: "for now" } }),
      batches: [19, 9],
    }),
  ),
  // Limits.
  {
    at: OPENAIS,
    says: "the file is too large, with status 400",
    source: OPENAI,
    server: {
      intercept: (path, method, nth) =>
        isUpload(path, method) && nth === 1 ? [400, message("File is too large.")] : null,
    },
    batches: [9, 9, 1],
  },
  {
    at: ALL,
    says: "a batch is too large, with status 413",
    source: ANTHROPIC,
    server: (held) => ({
      intercept: (path, method) =>
        (isCreate(path, method) || isUpload(path, method)) &&
        held().log.filter((line) => /^POST .*(files|batches)$/.test(line)).length === 1
          ? [413, { error: { type: "request_too_large", message: "Request exceeds the maximum size" } }]
          : null,
    }),
    batches: [9, 9, 1],
  },
  {
    at: OPENAIS,
    says: "too_many_tasks: the batch has more requests than it may",
    source: AZURE,
    server: failed("too_many_tasks"),
    batches: [19, 9, 9, 1],
  },
  ...["token_limit_exceeded", "The number of enqueued tokens has surpassed the configured limit"].map(
    (code): Documented => ({
      at: OPENAIS,
      says: `more tokens than the queue takes: ${code}`,
      source: AZURE,
      server: failed(code),
      batches: [19, 19],
    }),
  ),
  {
    at: ALL,
    says: "the rate of batches is limited",
    source: OPENAI,
    server: {
      intercept: (path, method, nth) =>
        isCreate(path, method) && nth < 4 ? [429, message("Rate limit reached")] : null,
    },
  },
  {
    at: ALL,
    says: "the rate of looks is limited",
    source: AZURE,
    server: {
      intercept: (path, method, nth) => (isLook(path, method) && nth < 4 ? [429, message("Rate limit reached")] : null),
    },
  },
  // Refusals of a whole batch: nothing can be paid for, and the reason is said.
  ...[
    "invalid_json_line",
    "url_mismatch",
    "duplicate_custom_id",
    "empty_file",
    "empty_batch",
    "model_mismatch",
    "invalid_request",
  ].map(
    (code): Documented => ({
      at: OPENAIS,
      says: `validation fails with ${code}`,
      source: AZURE,
      server: failed(code),
      ends: new RegExp(`^BatchEnded: .*${code}`),
      paid: 1,
    }),
  ),
  ...[
    ["model_not_found", /^ModelUnknown: .*why: model_not_found/],
    ["billing_hard_limit_reached", /^AccessRefused: .*why: billing_hard_limit_reached/],
  ].map(
    ([code, ends]): Documented => ({
      at: OPENAIS,
      says: `validation fails with ${code}`,
      source: code === "model_not_found" ? AZURE : OPENAI,
      server: failed(code as string),
      ends: ends as RegExp,
      paid: 1,
    }),
  ),
  {
    at: ["Anthropic"],
    says: "a batch with an unsupported parameter is refused as a whole",
    source: ANTHROPIC,
    server: {
      intercept: (path, method) =>
        isCreate(path, method)
          ? [400, { error: { type: "invalid_request_error", message: "requests.0.params: not allowed" } }]
          : null,
    },
    ends: /^RequestRefused: .*requests\.0\.params/,
    batches: [],
    paid: 1,
  },
  {
    at: ALL,
    says: "the key may not use batches",
    source: OPENAI,
    server: {
      intercept: (path, method) =>
        isCreate(path, method) || isUpload(path, method)
          ? [403, message("You have insufficient permissions for this operation.")]
          : null,
    },
    ends: /^KeyRefused: .*insufficient permissions/,
    batches: [],
    paid: 1,
  },
  {
    at: ["Azure"],
    says: "a batch deployment answers no single request",
    source: AZURE,
    server: {
      intercept: (path) =>
        path.endsWith("/chat/completions")
          ? [
              400,
              message(
                "The chatCompletion operation does not work with the specified model, fake. Please choose different model and try again.",
                "OperationNotSupported",
              ),
            ]
          : null,
    },
    batches: [20],
  },
  // Answers that are lost.
  ...[
    ["is cut off", "cut"],
    ["names no batch", [200, {}]],
    ["is not JSON", [200, "<html>"]],
  ].map(
    ([says, how]): Documented => ({
      at: ALL,
      says: `the answer to a batch's creation ${says}`,
      source: OPENAI_API,
      server: (held) => ({
        intercept: (path, method, nth) => {
          if (!isCreate(path, method) || nth > 1) return null;
          if (how === "cut") return "cut";
          held().accept();
          return how as [number, unknown];
        },
      }),
    }),
  ),
];

const CASES = DOCUMENTED.flatMap((row) => row.at.map((vendor) => [vendor, row.says, row] as const));

describe("documented batches", () => {
  it.each(CASES)("%s: %s", async (vendor, _, { server: given, ends, only, batches = [19], paid = 20 }) => {
    let held: BatchServer | undefined;
    const server = await serve(typeof given === "function" ? given(() => held!) : given);
    held = server;
    const connect = connects.find(([name]) => name === vendor)![1];
    const played = texts(await play(tiered(connect(server.url)), PROMPTS));
    const isFailed = (index: number) =>
      ends !== undefined &&
      (only === undefined ? index > 0 : only === -2 ? index > 0 && index % 2 === 0 : index === only);
    for (const [index, end] of played.entries()) {
      if (isFailed(index)) expect(end).toMatch(ends!);
      else expect(end).toBe(ECHOES[index]);
    }
    expect(server.batches.map(({ lines }) => lines.size)).toEqual(batches);
    expect(server.paid).toHaveLength(paid);
  });

  it("have at most the requests and bytes that the vendors take", () => {
    const http = {} as Http;
    const limits = [
      [openaiBatches(http, false, () => false), 50_000, 200_000_000],
      [openaiBatches(http, true, () => false), 100_000, 200_000_000],
      [anthropicBatches(http), 100_000, 256_000_000],
    ] as const;
    for (const [{ most }, requests, bytes] of limits) {
      expect(most.requests).toBe(requests);
      expect(most.bytes).toBeLessThanOrEqual(bytes);
    }
  });
});
