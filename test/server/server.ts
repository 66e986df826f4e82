import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Message, Model, ModelReply } from "../../src/models/model.ts";
import { type Asked, type Fault, type Faults, unitOf } from "./faults.ts";

export interface ServerOptions {
  /** Answers what comes through without a fault. */
  readonly model: Model;
  readonly faults?: Faults;
  /** Milliseconds a reply takes, or the least and the most, spread by content. */
  readonly latency?: number | readonly [number, number];
  readonly seed?: number;
  /** Default: any free one. */
  readonly port?: number;
  /** Speaks Azure's paths alone: `/openai/deployments/NAME/chat/completions?api-version=…`, the key as `api-key`. */
  readonly azure?: boolean;
  /** Asked for as a bearer token (or Azure's `api-key`); every other one is refused. */
  readonly key?: string;
  /** Names of models; every other one gets a 404. Default: every name is known. */
  readonly models?: readonly string[];
  /** Parameters that are answered with a 400, as a reasoning model's server does. */
  readonly refuses?: readonly string[];
  /** Names of models that take no images: a request with one is answered with OpenAI's 400. */
  readonly sightless?: readonly string[];
  /** The most that `response_format` may ask for. */
  readonly format?: "json_schema" | "json_object" | "none";
  /** Tokens of thinking before each answer, which count as its own. */
  readonly thinks?: number;
  /** Off: replies come without token counts, as from some local servers. */
  readonly usage?: boolean;
}

export interface LoggedRequest {
  readonly path: string;
  /** From `?` on; empty where there is nothing. */
  readonly query: string;
  readonly body: ChatBody;
  readonly headers: IncomingMessage["headers"];
  readonly fault: Fault | null;
  /** Milliseconds since the server's start. */
  readonly at: number;
  /** When the answer was sent or its connection ended, in the same milliseconds; infinite before. */
  readonly endedAt: number;
}

export interface Server {
  /** Base address, with `/v1`. */
  readonly url: string;
  /** Chat requests that arrived, refused ones included. */
  requests(): number;
  /** Requests that are being answered now, and the most that ever were. */
  inFlight(): { now: number; most: number };
  readonly log: readonly LoggedRequest[];
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface ChatBody {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { name: string; schema: Record<string, unknown> };
  };
  readonly [parameter: string]: unknown;
}

const HUGE = 11 * 1024 * 1024;

/** An OpenAI-compatible server on this computer that counts, and fails as told. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const log: LoggedRequest[] = [];
  const seen = new Map<string, number>();
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const started = Date.now();
  let now = 0;
  let most = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname: path, search: query, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const text = await bodyOf(request);
    if (path.endsWith("/models")) return hasKey(request) ? answerModels(response) : refuseKey(response);
    const deployment = options.azure
      ? /^\/openai\/deployments\/([^/]+)\/chat\/completions$/.exec(path)?.[1]
      : undefined;
    if (options.azure && (!deployment || !searchParams.has("api-version"))) {
      return fail(response, 404, "Resource not found", { code: "404" });
    }
    if (!path.endsWith("/chat/completions")) return fail(response, 404, `there is nothing at ${path}`);

    const content = createHash("sha256").update(text).digest("hex");
    const nth = (seen.get(content) ?? 0) + 1;
    seen.set(content, nth);
    const body: ChatBody = JSON.parse(text);
    const asked: Asked = { count: log.length + 1, nth, content };
    const fault = options.faults?.(asked) ?? null;
    const at = Date.now() - started;
    const logged = { path, query, body, headers: request.headers, fault, at, endedAt: Number.POSITIVE_INFINITY };
    response.once("close", () => {
      logged.endedAt = Date.now() - started;
    });
    log.push(logged);

    if (!hasKey(request)) return refuseKey(response);
    await wait(latencyOf(content), closing.signal);
    if (fault !== null && !ANSWERED.includes(fault)) return misbehave(response, fault, body);
    const refusal = refusalOf(body, options);
    if (refusal) return fail(response, 400, refusal.message, { param: refusal.param, code: "unsupported_parameter" });
    if (deployment && options.models && !options.models.includes(deployment)) {
      return fail(response, 404, "The API deployment for this resource does not exist.", {
        code: "DeploymentNotFound",
      });
    }
    if (options.models && !options.models.includes(body.model)) {
      return fail(response, 404, `The model \`${body.model}\` does not exist.`, { code: "model_not_found" });
    }
    const reply = await ask(options.model, body, nth, closing.signal);
    const shown = completion(faulty(within(reply, body, options), fault), options.usage ?? true);
    if (fault === "stream") return stream(response, shown);
    send(response, 200, shown);
  };

  const answerModels = (response: ServerResponse) => {
    const names = options.models ?? ["simulated"];
    send(response, 200, {
      object: "list",
      data: names.map((id) => ({ id, object: "model", created: 0, owned_by: "test" })),
    });
  };

  const refuseKey = (response: ServerResponse) =>
    fail(response, 401, "Incorrect API key provided.", { code: "invalid_api_key" });

  const hasKey = ({ headers }: IncomingMessage) =>
    options.key === undefined ||
    (!options.azure && headers.authorization === `Bearer ${options.key}`) ||
    headers["api-key"] === options.key;

  const latencyOf = (content: string) => {
    const { latency = 0, seed = 0 } = options;
    if (typeof latency === "number") return latency;
    return latency[0] + (latency[1] - latency[0]) * unitOf(`latency ${seed} ${content}`);
  };

  const server = createServer((request, response) => {
    now++;
    most = Math.max(most, now);
    response.on("close", () => now--);
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) fail(response, 500, String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: () => log.length,
    inFlight: () => ({ now, most }),
    log,
    close: () => {
      closing.abort();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Faults of a reply that comes all the same. */
const ANSWERED: readonly Fault[] = ["no schema", "length", "filter", "stream"];

function faulty(reply: Shown, fault: Fault | null): Shown {
  if (fault === "no schema") return { ...reply, text: "I would rather not answer in JSON." };
  if (fault === "length") return { ...reply, text: reply.text.slice(0, reply.text.length / 2), finish: "length" };
  return fault === "filter" ? { ...reply, text: "", finish: "filter" } : reply;
}

/** As far as the request's own limit reaches: thoughts first. */
function within(reply: ModelReply, body: ChatBody, { thinks = 0 }: ServerOptions): Shown {
  const { text, usage } = reply;
  const limit = Number(body.max_completion_tokens ?? body.max_tokens ?? Number.POSITIVE_INFINITY);
  if (thinks + usage.completion <= limit)
    return { ...reply, usage: { ...usage, completion: thinks + usage.completion } };
  const share = Math.max(0, limit - thinks) / usage.completion;
  const cut = text.slice(0, Math.floor(share * text.length));
  return { ...reply, text: cut, finish: "length", usage: { ...usage, completion: limit } };
}

/** Faults that are answers, with what OpenAI's server says. */
const REFUSED: Partial<Record<Fault, readonly [status: number, message: string, code: string]>> = {
  "401": [401, "Incorrect API key provided.", "invalid_api_key"],
  "404": [404, "The model does not exist.", "model_not_found"],
  "429": [429, "Rate limit reached.", "rate_limit_exceeded"],
  "429 retry-after": [429, "Rate limit reached. Try again in 50 ms.", "rate_limit_exceeded"],
  "500": [500, "The server had an error.", "server_error"],
  "503": [503, "The server is overloaded.", "server_error"],
  "too long": [400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"],
  "too long 500": [500, "Context size has been exceeded.", "server_error"],
  quota: [429, "You exceeded your current quota.", "insufficient_quota"],
  "429 for hours": [429, "Rate limit reached. Come back later.", "rate_limit_exceeded"],
  "filtered prompt": [400, "The response was filtered due to the prompt.", "content_filter"],
};

function misbehave(response: ServerResponse, fault: Fault, body: ChatBody): void {
  const json = { "content-type": "application/json" };
  const refused = REFUSED[fault];
  if (refused) {
    const [status, message, code] = refused;
    if (fault === "429 retry-after") response.setHeader("retry-after-ms", "50");
    if (fault === "429 for hours") response.setHeader("retry-after", "7200");
    fail(response, status, message, { code });
  } else if (fault === "reset") {
    response.socket?.resetAndDestroy();
  } else if (fault === "cut") {
    const reply = { text: "This sentence never", usage: null, model: body.model, finish: "stop" } as const;
    const text = JSON.stringify(completion(reply, false));
    response.writeHead(200, { ...json, "content-length": String(text.length) });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  } else if (fault === "bad json") {
    response.writeHead(200, json).end('{"choices": [{"message": ');
  } else if (fault === "empty") {
    response.writeHead(200, json).end();
  } else if (fault === "portal") {
    const page = "<!doctype html><html><head><title>Hotel Wi-Fi: sign in</title></head></html>";
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  } else if (fault === "502 page") {
    const page = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    response.writeHead(502, { "content-type": "text/html" }).end(page);
  } else if (fault === "429 as 200") {
    response.writeHead(200, json).end(JSON.stringify({ error: { message: "Rate limit exceeded", code: 429 } }));
  } else if (fault === "huge") {
    response.writeHead(200, json).end(Buffer.alloc(HUGE, " "));
  }
  // What hangs is never answered.
}

/** The first thing about a request that this server does not take. */
function refusalOf(body: ChatBody, { refuses = [], sightless = [], format = "json_schema" }: ServerOptions) {
  if (sightless.includes(body.model) && JSON.stringify(body.messages).includes('"image_url"')) {
    const message = "Invalid content type. image_url is only supported by certain models.";
    return { param: "messages.[1].content.[0].type", message };
  }
  const param = refuses.find((name) => name in body);
  if (param !== undefined) {
    const instead = param === "max_tokens" ? " Use 'max_completion_tokens' instead." : "";
    return { param, message: `Unsupported parameter: '${param}' is not supported with this model.${instead}` };
  }
  const asked = body.response_format?.type ?? "none";
  const order = ["none", "json_object", "json_schema"];
  if (order.indexOf(asked) <= order.indexOf(format)) return null;
  return {
    param: "response_format",
    message: `'response_format' of type '${asked}' is not supported with this model.`,
  };
}

function ask(model: Model, body: ChatBody, nth: number, signal: AbortSignal): Promise<ModelReply> {
  const { model: name, messages, response_format: format, stream: _, ...params } = body;
  return model.complete(
    {
      model: name,
      messages,
      params,
      ...(format?.json_schema && { schema: format.json_schema }),
      draw: Number(params.temperature) > 0 ? nth : 0,
      tag: { purpose: "forward", node: null, sample: null },
    },
    signal,
  );
}

type Shown = Pick<ModelReply, "text" | "model" | "finish"> & { readonly usage: ModelReply["usage"] | null };

function completion({ text, usage, model, finish }: Shown, counts: boolean) {
  const [prompt, answer] = [usage?.prompt ?? 0, usage?.completion ?? 0];
  return {
    id: "chatcmpl-test",
    object: "chat.completion",
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text },
        finish_reason: finish === "filter" ? "content_filter" : finish,
      },
    ],
    ...(counts && { usage: { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer } }),
  };
}

/** The same in chunks of a few characters. */
function stream(response: ServerResponse, { choices, usage, ...rest }: ReturnType<typeof completion>): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const chunk = (delta: object, finish_reason: string | null, more: object = {}) =>
    response.write(`data: ${JSON.stringify({ ...rest, choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`);
  const [choice] = choices;
  for (const content of choice?.message.content.match(/[\s\S]{1,7}/g) ?? []) chunk({ content }, null);
  chunk({}, choice?.finish_reason ?? null, { usage });
  response.end("data: [DONE]\n\n");
}

function fail(response: ServerResponse, status: number, message: string, more: Record<string, string> = {}): void {
  send(response, status, { error: { message, type: "error", param: null, code: null, ...more } });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const leave = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", leave);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", leave, { once: true });
  });
}
