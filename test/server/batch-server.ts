import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Requests of one batch, by their custom id. */
export interface Held {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
  readonly lines: Map<string, any>;
  readonly made: number;
  readonly mark: string | null;
  looks: number;
  cancelled: boolean;
}

/** How one line of a batch ends. Text: the reply. */
export type LineEnd =
  | string
  | { readonly status: number; readonly error: object }
  /** The batch's own error in place of a response. */
  | { readonly code: string }
  | "expired"
  | "missing";

export interface BatchServerOptions {
  /** What a request is answered with. @param batch 1 for the first batch; 0 for a request by itself */
  readonly answer: (prompt: string, batch: number) => LineEnd | `${string}`;
  /** What a look at a batch finds; `n` is 1 for the first look. Default: completed at the second. */
  readonly state?: (batch: number, n: number) => string;
  /** Answers a request in place of the server; null: the server does. */
  readonly intercept?: (
    path: string,
    method: string,
    nth: number,
    body: string,
  ) => readonly [status: number, body: unknown] | "cut" | "stall" | null;
  /** Entries of a page of the list of batches, newest first. Default: all of them. */
  readonly page?: number;
  /** Turns the result lines into what is sent. */
  readonly shape?: (lines: string[]) => string;
  /** Turns a batch into what is shown of it. @param look 0 when it is created, 1 for the first look */
  // biome-ignore lint/suspicious/noExplicitAny: whatever a vendor shows
  readonly view?: (batch: any, look: number) => object;
  /** Status of an uploaded file at a look, 0 for the upload. Until it is `processed`, no batch can be made of it. */
  readonly file?: (look: number) => string;
}

export interface BatchServer {
  readonly url: string;
  readonly batches: Held[];
  /** Prompts that were answered, whether by a batch or by themselves: what is paid for. */
  readonly paid: string[];
  readonly log: string[];
  /** Carries out the request that is being intercepted, whose answer is then another one. */
  accept(): void;
  /** Adds a batch that someone else made at this time. */
  add(made: number): void;
  close(): Promise<void>;
}

/** OpenAI's Batch API and Anthropic's Message Batches on this computer, which misbehave as told. */
export async function startBatchServer(options: BatchServerOptions): Promise<BatchServer> {
  let carryOut = () => {};
  const batches: Held[] = [];
  const files = new Map<string, string>();
  const paid: string[] = [];
  const log: string[] = [];
  const seen = new Map<string, number>();
  const fileLooks = new Map<string, number>();
  const fileStatus = (id: string) => options.file?.(fileLooks.get(id) ?? 0) ?? "processed";
  const shown = (view: object, look: number) => options.view?.(view, look) ?? view;
  const state = (held: Held) => {
    held.looks++;
    if (held.cancelled) return "cancelled";
    return (options.state ?? ((_, n) => (n < 2 ? "in_progress" : "completed")))(batches.indexOf(held) + 1, held.looks);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? "").replace(/\?.*/, "");
    const after = new URL(request.url ?? "", "http://x").searchParams;
    const method = request.method ?? "";
    const body = await bodyOf(request);
    log.push(`${method} ${path}`);
    const nth = (seen.get(`${method} ${path}`) ?? 0) + 1;
    seen.set(`${method} ${path}`, nth);
    carryOut = () => void route(path, method, body, null);
    const other = options.intercept?.(path, method, nth, body.toString("utf8")) ?? null;
    if (other === "stall") return void response.writeHead(200).write("\n");
    const isCut = other === "cut";
    if (other !== null && !isCut) {
      const [status, body] = other;
      return typeof body === "string" ? response.writeHead(status).end(body) : send(response, status, body);
    }
    const [status, value] = route(path, method, body, after.get("after") ?? after.get("after_id"));
    if (isCut) return response.socket?.destroy();
    if (typeof value === "string") response.writeHead(status).end(value);
    else send(response, status, value);
  };

  const make = (lines: Held["lines"], mark: string | null, made = Date.now()): Held => {
    const held = { id: `batch_${batches.length + 1}`, lines, made, mark, looks: 0, cancelled: false };
    batches.push(held);
    return held;
  };

  const route = (path: string, method: string, body: Buffer, after: string | null): readonly [number, unknown] => {
    const named = /\/batches\/([^/]+)(\/\w+)?$/.exec(path);
    const held = batches.find(({ id }) => id === named?.[1]);
    const isAnthropic = path.includes("/messages");
    if (path.endsWith("/files")) {
      const text = body.toString("utf8");
      const id = `file-${files.size + 1}`;
      files.set(id, /\r\n\r\n(\{[\s\S]*?\n)\r\n--/.exec(text)?.[1] ?? "");
      fileLooks.set(id, 0);
      return [200, { id, object: "file", purpose: "batch", status: fileStatus(id) }];
    }
    const looked = /\/files\/([^/]+)$/.exec(path)?.[1];
    if (looked) {
      fileLooks.set(looked, (fileLooks.get(looked) ?? 0) + 1);
      return [200, { id: looked, object: "file", purpose: "batch", status: fileStatus(looked) }];
    }
    if (path.endsWith("/models")) return [200, { data: [] }];
    const content = /\/files\/([^/]+)\/content$/.exec(path)?.[1];
    if (content) return [200, files.get(content) ?? ""];
    if (path.endsWith("/batches") && method === "POST") {
      const asked = JSON.parse(body.toString("utf8"));
      if (isAnthropic) {
        // biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
        const lines = asked.requests.map(({ custom_id, params }: any) => [custom_id, params] as const);
        return [200, shown(anthropicView(make(new Map(lines), null), "in_progress"), 0)];
      }
      if (fileStatus(asked.input_file_id) !== "processed") {
        const message = `The file ${asked.input_file_id} is not in a valid state for this operation.`;
        return [400, { error: { code: "invalidPayload", message } }];
      }
      const lines = (files.get(asked.input_file_id) ?? "")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const held = make(new Map(lines.map((line) => [line.custom_id, line.body])), asked.metadata?.agentgraph ?? null);
      return [200, shown(openaiView(held, "validating", []), 0)];
    }
    if (path.endsWith("/batches")) {
      const all = [...batches].sort((a, b) => b.made - a.made);
      const start = all.findIndex(({ id }) => id === after) + 1;
      const { page = all.length } = options;
      const data = all
        .slice(start, start + page)
        .map((each) => (isAnthropic ? anthropicView(each, "in_progress") : openaiView(each, "in_progress", [])));
      return [200, { data, has_more: start + page < all.length }];
    }
    if (!held) {
      const params = JSON.parse(body.toString("utf8") || "{}");
      const text = promptOf(params);
      const end = options.answer(text, 0);
      if (typeof end !== "string") return "code" in end ? [500, {}] : [end.status, { error: end.error }];
      paid.push(text);
      return [200, isAnthropic ? message(end) : completion(end)];
    }
    if (named?.[2] === "/cancel") {
      held.cancelled = true;
      return [200, {}];
    }
    if (named?.[2] === "/results") return [200, resultsOf(held, anthropicLine)];
    const now = state(held);
    if (isAnthropic) return [200, shown(anthropicView(held, now), held.looks)];
    if (now === "completed" || now === "expired" || now === "cancelled") {
      files.set(`out-${held.id}`, resultsOf(held, openaiLine));
      return [200, shown(openaiView(held, now, [`out-${held.id}`]), held.looks)];
    }
    return [200, shown(openaiView(held, now, []), held.looks)];
  };

  const resultsOf = (held: Held, lineOf: (key: string, end: LineEnd) => string): string => {
    const lines: string[] = [];
    for (const [key, params] of held.lines) {
      const text = promptOf(params);
      const end = options.answer(text, batches.indexOf(held) + 1);
      if (end === "missing") continue;
      if (typeof end === "string" && end !== "expired" && held.looks > 0 && !paid.includes(`${held.id} ${text}`)) {
        paid.push(`${held.id} ${text}`);
      }
      lines.push(lineOf(key, end));
    }
    // In another order than they were asked in.
    const shuffled = lines.reverse();
    return options.shape ? options.shape(shuffled) : shuffled.map((line) => `${line}\n`).join("");
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches,
    paid,
    log,
    accept: () => carryOut(),
    add: (made) => void make(new Map(), "of someone else", made),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
function promptOf({ messages = [] }: any): string {
  const { content } = messages.at(-1) ?? { content: "" };
  return typeof content === "string" ? content : content[0].text;
}

function completion(text: string) {
  return {
    object: "chat.completion",
    model: "fake",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 5 },
  };
}

function message(text: string) {
  return {
    type: "message",
    model: "fake",
    content: [{ type: "text", text }],
    stop_reason: "end_turn",
    usage: { input_tokens: 10, output_tokens: 5 },
  };
}

function openaiLine(key: string, end: LineEnd): string {
  const head = { id: `r_${key.slice(0, 6)}`, custom_id: key };
  const isUndone = typeof end === "object" && "code" in end;
  if (end === "expired" || isUndone) {
    const code = isUndone ? end.code : "batch_expired";
    const message = "This request could not be executed before the completion window expired.";
    return JSON.stringify({ ...head, response: null, error: { code, message } });
  }
  const [status, body] = typeof end === "string" ? [200, completion(end)] : [end.status, { error: end.error }];
  return JSON.stringify({ ...head, response: { status_code: status, request_id: "x", body }, error: null });
}

function anthropicLine(key: string, end: LineEnd): string {
  if (end === "expired") return JSON.stringify({ custom_id: key, result: { type: "expired" } });
  if (typeof end === "object" && "code" in end) return JSON.stringify({ custom_id: key, result: { type: end.code } });
  const result =
    typeof end === "string"
      ? { type: "succeeded", message: message(end) }
      : { type: "errored", error: { type: "error", error: end.error } };
  return JSON.stringify({ custom_id: key, result });
}

function openaiView(held: Held, status: string, outputs: string[]) {
  const isFailed = status.startsWith("failed");
  return {
    id: held.id,
    object: "batch",
    status: isFailed ? "failed" : status,
    errors: isFailed
      ? { data: [{ code: status.slice(7) || "invalid", message: `why: ${status.slice(7)}`, line: 1 }] }
      : null,
    output_file_id: outputs[0] ?? null,
    error_file_id: null,
    created_at: Math.round(held.made / 1000),
    expires_at: Math.round(held.made / 1000) + 86_400,
    request_counts: { total: held.lines.size, completed: outputs.length > 0 ? held.lines.size : 0, failed: 0 },
    metadata: { agentgraph: held.mark },
  };
}

function anthropicView(held: Held, status: string) {
  const hasEnded = ["completed", "expired", "cancelled"].includes(status);
  const size = held.lines.size;
  return {
    id: held.id,
    type: "message_batch",
    processing_status: hasEnded ? "ended" : "in_progress",
    request_counts: {
      processing: hasEnded ? 0 : size,
      succeeded: hasEnded ? size : 0,
      errored: 0,
      canceled: 0,
      expired: 0,
    },
    created_at: new Date(held.made).toISOString(),
    expires_at: new Date(held.made + 86_400_000).toISOString(),
    results_url: hasEnded ? `https://api.anthropic.com/v1/messages/batches/${held.id}/results` : null,
    cancel_initiated_at: held.cancelled ? new Date().toISOString() : null,
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
