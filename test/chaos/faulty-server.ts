import type { Clock } from "../../src/deps.ts";
import type { Message, ModelRequest, Usage } from "../../src/models/model.ts";
import { type Fault, unitOf } from "../server/faults.ts";
import { chaosModel, contentId } from "./model.ts";
import type { RandomGraph } from "./random-graph.ts";

export interface ServerConditions {
  readonly seed: string;
  /** Share of requests that meet a fault, and which. */
  readonly rate: number;
  readonly faults: readonly Fault[];
  /** Milliseconds of a reply, at most. */
  readonly latency: number;
}

/** A request that timed out is tried three times. */
const HANGS = 2;
/** More in a row than this, and a call would be lost for good: the run would then rightly differ from the clean one. */
const IN_A_ROW = 5;
const HUGE = 11 * 1024 * 1024;
/** Milliseconds after which the client gives up what hangs: here, because its own timer knows nothing of this clock. */
const PATIENCE = 120_000;

/** A server at the other end of `fetch`: it counts, remembers every reply it delivered, and fails as told. */
export class FaultyServer {
  /** Requests that arrived. */
  requests = 0;
  /** Content → replies that were read to their end, and what one costs. */
  readonly delivered = new Map<string, number>();
  readonly usage = new Map<string, Usage>();
  /** How it treats what comes now. */
  mode: "fair" | "refuses keys" | "unreachable" = "fair";
  /** Base address of the process that is alive; empty while none is. What a dead one asks for never arrives. */
  address = "";
  onRequest: () => void = () => {};
  readonly #seen = new Map<string, number>();

  constructor(
    readonly world: RandomGraph,
    readonly weather: ServerConditions,
    readonly clock: Clock,
  ) {}

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const from = this.address;
    const isDead = () => from === "" || !url.startsWith(from) || from !== this.address;
    if (isDead()) return never();
    const signal = init.signal ?? new AbortController().signal;
    signal.throwIfAborted();
    if (this.mode === "unreachable") {
      // A refused connection is no request.
      this.onRequest();
      throw lost("ECONNREFUSED");
    }
    this.requests += 1;
    const body: Body = JSON.parse(String(init.body));
    const id = contentId(body.messages);
    const nth = (this.#seen.get(id) ?? 0) + 1;
    this.#seen.set(id, nth);
    this.onRequest();
    const fault = this.#faultOf(id, nth);
    if (fault === "hang") {
      await this.clock.sleep(PATIENCE, signal);
      throw new DOMException("This operation was aborted", "AbortError");
    }
    await this.clock.sleep(100 * Math.ceil((this.weather.latency / 100) * unitOf(`latency ${id}`)), signal);
    if (this.mode === "refuses keys") return said(401, "Incorrect API key provided.", { code: "invalid_api_key" });
    const refusal = this.#refusalOf(body);
    if (refusal) return refusal;
    const isReply = fault === null || fault === "stream";
    return isReply ? this.#reply(body, id, signal, isDead, fault === "stream") : misbehave(fault, signal);
  }

  #faultOf(id: string, nth: number): Fault | null {
    const { seed, rate, faults } = this.weather;
    if (nth > IN_A_ROW || unitOf(`fault ${seed} ${id} ${nth}`) >= rate) return null;
    const fault = faults[Math.floor(unitOf(`kind ${seed} ${id} ${nth}`) * faults.length)] ?? null;
    return fault === "hang" && nth > HANGS ? null : fault;
  }

  #refusalOf(body: Body): Response | null {
    const { refuses, format } = this.world;
    const param = refuses.find((name) => name in body);
    if (param !== undefined) {
      const instead = param === "max_tokens" ? " Use 'max_completion_tokens' instead." : "";
      return said(400, `Unsupported parameter: '${param}' is not supported with this model.${instead}`, { param });
    }
    const order = ["none", "json_object", "json_schema"];
    const type = body.response_format?.type ?? "none";
    if (order.indexOf(type) <= order.indexOf(format)) return null;
    return said(400, `'response_format' of type '${type}' is not supported with this model.`, {
      param: "response_format",
    });
  }

  async #reply({ messages, model }: Body, id: string, signal: AbortSignal, isDead: () => boolean, inChunks: boolean) {
    const request: ModelRequest = {
      model,
      messages,
      params: {},
      draw: 0,
      tag: { purpose: "forward", node: null, sample: null },
    };
    const reply = await chaosModel.complete(request, signal);
    const { prompt, completion } = reply.usage;
    const head = { id: "chatcmpl-chaos", object: "chat.completion", created: 0, model: reply.model };
    const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
    const message = { role: "assistant", content: reply.text };
    const whole = JSON.stringify({ ...head, choices: [{ index: 0, message, finish_reason: reply.finish }], usage });
    const chunks = [
      { ...head, choices: [{ index: 0, delta: message, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, finish_reason: reply.finish }], usage },
    ].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
    const parts = inChunks ? [...chunks, "data: [DONE]\n\n"] : [whole.slice(0, 20), whole.slice(20)];
    return streamed(parts, signal, () => {
      if (isDead()) return;
      this.delivered.set(id, (this.delivered.get(id) ?? 0) + 1);
      this.usage.set(id, reply.usage);
    });
  }
}

interface Body {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly response_format?: { readonly type: string };
}

const JSON_TYPE = { "content-type": "application/json" };

function said(status: number, message: string, more: object = {}, headers: Record<string, string> = {}): Response {
  const error = { message, type: "error", param: null, code: null, ...more };
  return new Response(JSON.stringify({ error }), { status, headers: { ...JSON_TYPE, ...headers } });
}

function misbehave(fault: Fault, signal: AbortSignal): Response {
  switch (fault) {
    case "429":
      return said(429, "Rate limit reached.", { code: "rate_limit_exceeded" });
    case "429 retry-after":
      return said(429, "Rate limit reached.", { code: "rate_limit_exceeded" }, { "retry-after": "2" });
    case "500":
      return said(500, "The server had an error.");
    case "503":
      return said(503, "The server is overloaded.");
    case "reset":
      throw lost("ECONNRESET");
    case "cut":
      return streamed(['{"choices": [{"mess'], signal, () => {
        throw new TypeError("terminated");
      });
    case "bad json":
      return streamed(['{"choices": [{"message": '], signal);
    case "empty":
      return streamed([], signal);
    case "502 page":
      return new Response("<html><head><title>502 Bad Gateway</title></head></html>", { status: 502 });
    case "429 as 200":
      return said(200, "Rate limit exceeded", { code: 429 });
    case "huge":
      return streamed([" ".repeat(HUGE)], signal);
    default:
      throw new Error(`there is no fault named ${fault}`);
  }
}

/** A body that comes in parts. @param end called when all of it was read */
function streamed(parts: readonly string[], signal: AbortSignal, end: () => void = () => {}): Response {
  const encoder = new TextEncoder();
  let next = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (signal.aborted) return controller.error(signal.reason);
        const part = parts[next++];
        if (part !== undefined) return controller.enqueue(encoder.encode(part));
        try {
          end();
          controller.close();
        } catch (error) {
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: JSON_TYPE });
}

/** As undici says it. */
function lost(code: string): TypeError {
  return new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
}

function never(): Promise<never> {
  return new Promise(() => {});
}
