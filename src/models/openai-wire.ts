import type { Clock } from "../deps.ts";
import { parseJson } from "../graph/json.ts";
import {
  AccessRefused,
  AddressWrong,
  BodyBroken,
  KeyRefused,
  type ModelError,
  ModelUnknown,
  ProviderFault,
  RateLimited,
  ReplyWithheld,
  RequestRefused,
} from "./errors.ts";
import type { ModelReply, Usage } from "./model.ts";

const LARGEST_BODY = 10 * 1024 * 1024;
/** Characters of an answer: what is made to be long would be searched for what it does not hold. */
const LONGEST_REPLY = 2 ** 20;
const LONGEST_DETAIL = 500;

/** What servers say of a failure, in their various shapes, as far as it is of use. */
export interface ServerError {
  readonly status: number;
  readonly message: string;
  readonly code: string | null;
  readonly param: string | null;
  /** Milliseconds; null where the server names none. */
  readonly retryAfter: number | null;
}

/** Which cause a status stands for. `model` is empty where none was asked. */
export function errorOf(
  identity: string,
  model: string,
  { status, message, code, retryAfter }: ServerError,
): ModelError {
  const detail = message || "it gave no reason";
  if (isWithheld(status, code, message)) return new ReplyWithheld(identity, model, detail);
  if (isUsedUp(status, code)) return new AccessRefused(identity, "quota", detail);
  if (status === 403 && /model/i.test(code ?? "")) return new ModelUnknown(identity, status, model, detail, "access");
  if (status === 401 || status === 403) return new KeyRefused(identity, status, detail);
  if (status === 404 && isPathUnknown(message)) return new AddressWrong(identity, status, "not found", detail, null);
  if (status === 404) {
    return new ModelUnknown(identity, status, model, detail, code === "DeploymentNotFound" ? "deployment" : "unknown");
  }
  // A request that is larger than the limit of a minute never fits.
  if (status === 429 && /request too large/i.test(message))
    return new RequestRefused(identity, 413, model, detail, "too long");
  if (status === 429) return new RateLimited(identity, retryAfter, detail);
  if (status === 408 || status === 409 || status >= 500) return new ProviderFault(identity, status, retryAfter, detail);
  return new RequestRefused(identity, status, model, detail);
}

/** A content filter took the prompt: Azure and OpenAI say so by a code, gateways in words. */
function isWithheld(status: number, code: string | null, message: string): boolean {
  return /^content_(filter|policy_violation)$/.test(code ?? "") || (status === 403 && /\bflagged\b/i.test(message));
}

/** Nothing is left to spend with this key: waiting does not help. */
function isUsedUp(status: number, code: string | null): boolean {
  return status === 402 || /insufficient_quota|billing_hard_limit|credit/i.test(code ?? "");
}

/** The address is wrong, not the model: what servers say of a path that they do not have, if anything. */
function isPathUnknown(message: string): boolean {
  return /^$|^<|page not found|^"?(file )?not found"?$|resource not found|invalid url|unexpected endpoint|cannot post/i.test(
    message,
  );
}

/** The server answered with an error. Only its fields leave this folder, by way of `errorOf`. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly said: ServerError) {
    super("the server answered with an error");
  }
}

export interface Reading {
  readonly identity: string;
  /** Kept out of everything that is returned or thrown. */
  readonly key: string;
  readonly clock: Clock;
  /** Of the request: its time-out and its caller's. */
  readonly signal: AbortSignal | null;
}

/**
 * Reads a body to its end. What comes back is JSON, whatever type it claims.
 * @throws BodyBroken; Refused; what aborted the request.
 */
export async function readBody(response: Response, reading: Reading): Promise<string> {
  const { identity, key, clock, signal } = reading;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > LARGEST_BODY) throw new BodyBroken(identity, `it is larger than ${LARGEST_BODY / 1024 ** 2} MB`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof BodyBroken || signal?.aborted) throw error;
    throw new BodyBroken(identity, "it was cut");
  }
  const text = withoutKey(new TextDecoder().decode(Buffer.concat(parts)), key);
  const body = parseJson(text)?.value;
  if (!response.ok) throw new Refused(readError(response.status, body ?? text, response.headers, clock, key));
  if (body === undefined) throw new BodyBroken(identity, "it is no JSON");
  const failure = property(body, "error");
  if (failure !== undefined && property(body, "choices") === undefined) {
    // Gateways pass on a failure of what stands behind them as a success.
    const code = Number(property(failure, "code"));
    const status = code >= 400 && code < 600 ? code : isEndpointUnknown(failure) ? 404 : 502;
    throw new Refused(readError(status, body, response.headers, clock, key));
  }
  return text;
}

/** LM Studio answers a path that it does not have with 200. */
function isEndpointUnknown(failure: unknown): boolean {
  return typeof failure === "string" && /^unexpected endpoint/i.test(failure);
}

/**
 * Reads an error's body: OpenAI's `{ error: { message, code, param } }`, and what compatible servers send instead
 * (`{ error: "…" }`, `{ message }`, `{ detail: […] }`, plain text).
 */
function readError(status: number, body: unknown, headers: Headers, clock: Clock, key: string): ServerError {
  const error = property(body, "error") ?? body;
  const said = property(error, "message") ?? property(error, "detail") ?? error;
  const code = property(error, "code") ?? property(error, "type");
  const param = property(error, "param");
  return {
    status,
    message: words(typeof said === "string" ? said : JSON.stringify(said), key),
    code: typeof code === "string" ? code : null,
    param: typeof param === "string" ? param : null,
    retryAfter: retryAfter(headers, clock),
  };
}

/** What is shorter is a word that a server asks for in a key's place, such as `ollama`. */
const SHORTEST_KEY = 16;

/** A server that gives the key back in its answer does not get it into a run's files. */
function withoutKey(text: string, key: string): string {
  return key.length < SHORTEST_KEY ? text : text.replaceAll(key, "…");
}

/** One line without the key. Servers quote keys that they refuse, whole or with stars in the middle. */
function words(text: string, key: string): string {
  const whole = key === "" ? text : text.replaceAll(key, "…");
  // A page of an error without a space would be searched from each of its letters.
  const start = whole.slice(0, 4 * LONGEST_DETAIL);
  const line = start.replace(/\S*\*{3,}\S*/g, "…").replace(/\b(sk-|Bearer )[\w*.-]+/g, "$1…");
  return line.replace(/\s+/g, " ").trim().slice(0, LONGEST_DETAIL);
}

export interface Completion {
  readonly text: string;
  readonly finish: ModelReply["finish"];
  /** null where the server counts nothing. */
  readonly usage: Usage | null;
  /** null where the server names none. */
  readonly model: string | null;
}

/** Reads a chat completion. @throws BodyBroken where it holds no choice. */
export function readCompletion(body: unknown, identity: string): Completion {
  const choices = property(body, "choices");
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = property(choice, "message");
  if (message === undefined) throw new BodyBroken(identity, "it holds no choice");
  const finish = property(choice, "finish_reason");
  const model = property(body, "model");
  const failure = property(choice, "error");
  if (failure !== undefined)
    throw new BodyBroken(identity, `the reply broke off: ${JSON.stringify(failure).slice(0, 200)}`);
  const answer = answerOf(message, finish);
  const isCut = answer.length > LONGEST_REPLY;
  return {
    text: isCut ? answer.slice(0, LONGEST_REPLY) : answer,
    finish: isCut ? "length" : finishOf(finish),
    usage: usageOf(property(body, "usage")),
    model: typeof model === "string" && model !== "" ? model : null,
  };
}

/** Gateways pass on what other vendors call it: `MAX_TOKENS`, `content_filter: SAFETY`. */
function finishOf(reason: unknown): ModelReply["finish"] {
  if (reason === "stop") return "stop";
  if (typeof reason !== "string") return "other";
  if (/^(length|max_tokens)$/i.test(reason)) return "length";
  return /^(content_filter|safety|prohibited_content)\b/i.test(reason) ? "filter" : "other";
}

/**
 * The answer without the thoughts before it. Servers that know their model put these into a field of their own — and
 * the answer of a model that did not think, too: it stands there alone, then, and is finished.
 */
function answerOf(message: unknown, finish: unknown): string {
  const said = textOf(property(message, "content")) ?? textOf(property(message, "refusal")) ?? "";
  const answer = withoutThoughts(said);
  if (said.trim() !== "" || finish !== "stop") return answer;
  return textOf(property(message, "reasoning_content")) ?? textOf(property(message, "reasoning")) ?? answer;
}

/** A template may have opened the thoughts already, so the first `</think>` ends them; without it, they were cut. */
function withoutThoughts(text: string): string {
  const end = /<\/think>\s*/.exec(text);
  const opened = /^\s*<think>/.test(text);
  const before = end ? text.slice(0, end.index) : text;
  if (end && (opened || !before.includes("<think>"))) return text.slice(end.index + end[0].length);
  return opened ? "" : text;
}

/** The property's value; undefined where there is none, or null. */
function property(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return Reflect.get(value, name) ?? undefined;
}

/** Milliseconds, from `retry-after-ms` or `retry-after` in seconds or as a date by the server's own clock. */
function retryAfter(headers: Headers, clock: Clock): number | null {
  const milliseconds = Number.parseFloat(headers.get("retry-after-ms") ?? "");
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds);
  const text = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return null;
  const serverNow = Date.parse(headers.get("date") ?? "");
  return Math.max(0, until - (Number.isNaN(serverNow) ? clock.now() : serverNow));
}

/** Some servers send the content in parts. */
function textOf(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  return content.map((part) => property(part, "text") ?? "").join("");
}

function usageOf(usage: unknown): Usage | null {
  const [prompt, completion] = [property(usage, "prompt_tokens"), property(usage, "completion_tokens")];
  return isCount(prompt) && isCount(completion) && prompt > 0 ? { prompt, completion, estimated: false } : null;
}

/** Tokens: no context window comes near it. JSON's `1e999` is a number, too, and could not be written down again. */
const MOST_TOKENS = 1e9;

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MOST_TOKENS;
}

/** More are offered to nobody: a list of a million would hold the editor up. */
const MOST_MODELS = 2_000;
const LONGEST_NAME = 200;

/** Names in a list of models, sorted. @throws BodyBroken where it is none. */
export function readModelNames(list: unknown, identity: string): string[] {
  if (!Array.isArray(list)) throw new BodyBroken(identity, "it lists no models");
  const names = list.map((model) => property(model, "id"));
  const usable = names.filter((name): name is string => typeof name === "string" && name.length <= LONGEST_NAME);
  return [...new Set(usable)].sort().slice(0, MOST_MODELS);
}
