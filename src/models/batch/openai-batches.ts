import { imagesWithUser } from "../../graph/images.ts";
import { BatchEnded, isModelError } from "../errors.ts";
import { property } from "../property.ts";
import { withParts } from "../protocols/openai-wire.ts";
import { completionFrom, responseRequest } from "../protocols/responses-wire.ts";
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

/** Name of the mark in a batch's metadata. */
const MARK = "agentgraph";

/**
 * OpenAI's and Azure's Batch API (developers.openai.com/api/docs/guides/batch): a file of lines goes up, and one of
 * results and one of errors come down.
 */
export function openaiBatches(
  http: Http,
  isAzure: boolean,
  /** Whether a model is used through the Responses API. */
  asksResponses: (model: string) => boolean,
): BatchApi {
  const urlFor = (lines: readonly BatchLine[]) => {
    const path = lines.some(({ model }) => asksResponses(model)) ? RESPONSES : "/chat/completions";
    return isAzure ? path : `/v1${path}`;
  };
  /** Mark → file of a batch that was not created yet, so that it is uploaded once. */
  const uploads = new Map<string, string>();
  return {
    most: { requests: isAzure ? 100_000 : 50_000, bytes: 190_000_000 },

    async submit(lines, mark, pause, signal) {
      // A batch has one model, and so one API.
      const url = urlFor(lines);
      const metadata = { [MARK]: mark };
      const create = async (file: string) => {
        const request = { input_file_id: file, endpoint: url, completion_window: "24h", metadata };
        return idOf(await http.json("/batches", request, signal), http);
      };
      const upload = async () => {
        const form = new FormData();
        form.set("purpose", "batch");
        form.set("file", new Blob(lines.map((line) => `${JSON.stringify(lineOf(line, url))}\n`)), "agentgraph.jsonl");
        const uploaded = await processed(http, await http.json("/files", form, signal), pause, signal);
        uploads.set(mark, uploaded);
        return uploaded;
      };
      const known = uploads.get(mark);
      const file = known ?? (await upload());
      const id = await create(file).catch(async (error: unknown) => {
        if (!isFileGone(error, file)) throw error;
        return create(await upload());
      });
      uploads.delete(mark);
      return id;
    },

    async find(mark, since, _requests, signal) {
      const page = (after: string | null) =>
        http.json(`/batches?limit=100${after === null ? "" : `&after=${encodeURIComponent(after)}`}`, null, signal);
      for await (const batch of batchesSince(page, since)) {
        if (property(property(batch, "metadata"), MARK) === mark) return idOf(batch, http);
      }
      return null;
    },

    status: async (id, signal) => statusOf(await http.json(`/batches/${encodeURIComponent(id)}`, null, signal), http),

    async *results({ results }, signal) {
      for (const file of results) {
        for await (const row of http.rows(`/files/${encodeURIComponent(file)}/content`, signal)) {
          const result = resultOf(row);
          if (result) yield result;
        }
      }
    },

    async cancel(id, signal) {
      await http.json(`/batches/${encodeURIComponent(id)}/cancel`, {}, signal);
    },
  };
}

const RESPONSES = "/responses";

function lineOf({ key, model, sent }: BatchLine, url: string): object {
  const messages = imagesWithUser(sent.messages);
  const body = url.endsWith(RESPONSES)
    ? responseRequest(model, { ...sent, messages })
    : { ...sent.params, model, messages: messages.map(withParts) };
  return { custom_id: key, method: "POST", url, body };
}

const STATES: Readonly<Record<string, BatchStatus["state"]>> = {
  completed: "ended",
  expired: "ended",
  cancelled: "cancelled",
  failed: "failed",
};

/** Azure processes a file before a batch can be made of it. @returns its id */
async function processed(
  http: Http,
  uploaded: unknown,
  pause: () => Promise<void>,
  signal: AbortSignal,
): Promise<string> {
  const id = idOf(uploaded, http);
  for (let file = uploaded; ; ) {
    const status = String(property(file, "status")).toLowerCase();
    if (status === "error" || status === "failed") {
      const detail = String(property(file, "status_details") ?? `the file has the status ${status}`);
      throw new BatchEnded(http.identity, id, "failed", detail);
    }
    if (status !== "pending" && status !== "running" && status !== "notrunning") return id;
    await pause();
    file = await http.json(`/files/${encodeURIComponent(id)}`, null, signal);
  }
}

/** Whether the server no longer has the file that a batch is made of. */
function isFileGone(error: unknown, file: string): boolean {
  const said = isModelError(error) && "detail" in error ? error.detail : "";
  return said.includes(file) && /no such|not (be )?found|not exist|expired|deleted/i.test(said);
}

/** Azure capitalizes it in some versions of its API. */
function statusOf(batch: unknown, http: Http): BatchStatus {
  const counts = property(batch, "request_counts");
  const errors = property(property(batch, "errors"), "data");
  const error: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const expires = timeOf(property(batch, "expires_at"));
  const files = [property(batch, "output_file_id"), property(batch, "error_file_id")];
  return {
    id: idOf(batch, http),
    state: STATES[String(property(batch, "status")).toLowerCase()] ?? "running",
    done: numberAt(counts, "completed") + numberAt(counts, "failed"),
    total: numberAt(counts, "total"),
    expires,
    detail: String(property(error, "message") ?? ""),
    code: String(property(error, "code") ?? ""),
    results: files.filter((file): file is string => typeof file === "string" && file !== ""),
  };
}

/** Codes of requests that had no result when the batch ended. */
const UNDONE = /^batch_(expired|cancelled)$/;

function resultOf(row: unknown): BatchResult | null {
  const key = property(row, "custom_id");
  if (typeof key !== "string") return null;
  const response = property(row, "response");
  const status = property(response, "status_code");
  if (typeof status === "number") return { key, status, body: completionFrom(property(response, "body")) ?? null };
  const error = property(row, "error");
  if (UNDONE.test(String(property(error, "code")))) return { key, status: null };
  return { key, status: 500, body: { error: error ?? { message: "the batch gave no reason" } } };
}
