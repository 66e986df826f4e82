import type { Clock } from "../../deps.ts";
import { hasImage, partsOf } from "../../graph/images.ts";
import { endOfString, parseJson } from "../../graph/replies/json.ts";
import { BodyBroken, type MissingReason } from "../errors.ts";
import type { Price } from "../known-models.ts";
import type { Message, ModelReply, Usage } from "../model.ts";
import { property } from "../property.ts";
import { answerText } from "./answer-text.ts";
import { completionOf, isEventStream } from "./event-stream.ts";
import { filteredIn, readError, type ServerError, SHORTEST_KEY } from "./server-error.ts";

const LARGEST_BODY = 10 * 1024 * 1024;
/** Maximum characters of an answer: searching a hostile, longer one would take too long. */
const LONGEST_REPLY = 2 ** 20;

/** The server answered with an error. It leaves this folder only as the result of `failureOf`. */
export class ErrorResponse extends Error {
  override readonly name = "Refused";
  constructor(readonly error: ServerError) {
    super("the server answered with an error");
  }
}

export interface ResponseContext {
  readonly identity: string;
  /** Removed from everything that is returned or thrown. */
  readonly key: string;
  readonly clock: Clock;
  /** Signal of the request: its time limit and its caller's. */
  readonly signal: AbortSignal | null;
  /** Whether the server has given valid answers before: other answers are then transient faults. */
  readonly wasWell: boolean;
  /** Whether it is not a reply of a model, and so can mention errors without being one. Default: no. */
  readonly isOther?: boolean;
  /** Called if the body is not encoded as its header says: the server should be asked for a plain one. */
  readonly onMisencoded?: () => void;
}

/**
 * Reads a whole body. Returns its JSON, regardless of its content type: an unrequested stream is assembled.
 * @throws BodyBroken; ErrorResponse; what aborted the request
 */
export async function readBody(response: Response, reading: ResponseContext): Promise<string> {
  const { identity, key, clock, signal } = reading;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > LARGEST_BODY)
        throw new BodyBroken(identity, `the body is larger than ${LARGEST_BODY / 1024 ** 2} MB`);
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof BodyBroken || signal?.aborted) throw error;
    if (isMisencoded(error)) {
      reading.onMisencoded?.();
      const encoding = JSON.stringify(response.headers.get("content-encoding"));
      throw new BodyBroken(identity, `the body is not encoded as its header says (content-encoding: ${encoding})`);
    }
    // What is whole was paid for, however its connection ended.
    if (!isWhole(parts)) throw new BodyBroken(identity, "the body was cut off");
  }
  const text = withoutKey(new TextDecoder().decode(Buffer.concat(parts)), key);
  const refused = (status: number, body: unknown) =>
    new ErrorResponse(readError({ status, headers: response.headers, body }, clock, key));
  const isStream = isEventStream(text);
  const whole = isStream ? null : parseJson(text);
  const body = isStream ? completionOf(text, identity) : (whole ?? parseJson(repaired(text)))?.value;
  if (!response.ok) throw refused(response.status, body ?? text);
  if (body === undefined) {
    if (text.trim() === "") throw new BodyBroken(identity, "the body is empty");
    // A body that starts as JSON was damaged in transit; any other is not an answer of this API.
    if (reading.wasWell || /^\s*[[{]/.test(text)) throw new BodyBroken(identity, "the body isn't valid JSON");
    throw refused(response.status, text);
  }
  const failure = reading.isOther ? null : failureIn(body);
  if (failure !== null) throw refused(failure, body);
  return whole === null ? JSON.stringify(body) : text;
}

function isWhole(parts: readonly Uint8Array[]): boolean {
  const body = parseJson(new TextDecoder().decode(Buffer.concat(parts)))?.value;
  return typeof body === "object" && body !== null;
}

/** JSON as servers in Python can write it: `NaN` and `Infinity`, and line ends inside of texts. */
function repaired(text: string): string {
  let json = "";
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const start = quote < 0 ? text.length : quote;
    const end = quote < 0 ? text.length : endOfString(text, quote) + 1;
    json += text.slice(at, start).replace(/-?\bInfinity\b|\bNaN\b/g, "null");
    json += text.slice(start, end).replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
    at = end;
  }
  return json;
}

/** A proxy unpacked the body and kept the header, or named it twice. `Z_BUF_ERROR` is a body that was cut. */
function isMisencoded(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? String(cause.code) : "";
    if (
      /^(Z_DATA_ERROR|Z_STREAM_ERROR|ERR_+(BROTLI_)?(DECODER_)?ERROR_FORMAT\w*|ERR_?_ERROR_FORMAT\w*|ZSTD_\w+)$/.test(
        code,
      )
    )
      return true;
  }
  return false;
}

/**
 * Gateways can report a failure of the server behind them with a success status.
 * @returns the status that it stands for; null for none
 */
function failureIn(body: unknown): number | null {
  if (property(body, "choices") !== undefined || property(body, "data") !== undefined) return null;
  const first = Array.isArray(body) ? body[0] : body;
  const error = property(first, "error") ?? property(first, "errors");
  const isFailure =
    (error !== undefined && !isNothing(error)) ||
    property(first, "object") === "error" ||
    property(first, "success") === false ||
    property(first, "detail") !== undefined;
  if (!isFailure) return null;
  const codes = [
    property(error, "code"),
    property(error, "status"),
    property(first, "code"),
    property(first, "status"),
  ];
  const status = codes.map(Number).find((code) => code >= 400 && code < 600);
  // LM Studio answers an unknown path with 200.
  return status ?? (typeof error === "string" && /^unexpected endpoint/i.test(error) ? 404 : 502);
}

/** Cloudflare: a list of no errors. */
function isNothing(error: unknown): boolean {
  return error === "" || error === false || (Array.isArray(error) && error.length === 0);
}

/** Removes the key from an answer that repeats it, so that it doesn't get into the files of a run. */
function withoutKey(text: string, key: string): string {
  return key.length < SHORTEST_KEY ? text : text.replaceAll(key, "…");
}

export interface Completion {
  readonly text: string;
  /** Why there is no answer; null if there is one, even a cut or withheld one. */
  readonly missing: { readonly reason: MissingReason; readonly detail: string } | null;
  readonly finish: ModelReply["finish"];
  /** What the server says of a content filter that withheld it; null: nothing, or it was not withheld. */
  readonly withheld: string | null;
  /** null if the server reports none. */
  readonly usage: Usage | null;
  /** null if the server names none. */
  readonly model: string | null;
}

/** The server returned JSON of another kind, so it is not a model server. */
export class NoCompletion extends Error {
  override readonly name = "NoCompletion";
  constructor(readonly body: unknown) {
    super("the answer is no chat completion");
  }
}

function failureText(failure: unknown): string {
  const message = typeof failure === "string" ? failure : property(failure, "message");
  return typeof message === "string" && message !== "" ? message : JSON.stringify(failure);
}

/**
 * Reads a chat completion.
 * @param prompt the model's prompt
 * @throws NoCompletion; BodyBroken if it has no choice
 */
export function readCompletion(body: unknown, identity: string, prompt = ""): Completion {
  const choices = property(body, "choices");
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = property(choice, "message");
  const isCompletion = Array.isArray(choices) || property(body, "object") === "chat.completion";
  if (message === undefined && (!isCompletion || choice !== undefined) && body !== null) throw new NoCompletion(body);
  // Gemini, and LiteLLM for it: no choice, and tokens that are paid for.
  const isCharged = isCompletion && usageOf(property(body, "usage")) !== null;
  if (message === undefined && !isCharged) throw new BodyBroken(identity, "the response has no choices");
  const finish = endIn(choice);
  const model = property(body, "model");
  const failure = property(choice, "error") ?? (BROKEN.test(String(finish)) ? finish : undefined);
  if (failure !== undefined)
    throw new BodyBroken(identity, `the reply broke off: ${failureText(failure).slice(0, 200)}`);
  const { text: said, missing } = answerIn(message, prompt);
  const isLong = said.length > LONGEST_REPLY;
  const reason = isLong ? "length" : finishOf(finish);
  const isKnown = reason !== "other" || finish === undefined || finish === "";
  return {
    text: isLong ? said.slice(0, LONGEST_REPLY) : said,
    finish: isKnown && reason === "other" ? "stop" : reason,
    missing: reason === "length" || reason === "filter" ? null : missingOf(missing, endOf(finish, isKnown)),
    withheld: reason === "filter" ? withheldBy(choice, finish) : null,
    usage: usageOf(property(body, "usage")),
    model: typeof model === "string" && model !== "" ? model : null,
  };
}

/** `finish_reason`; as some servers write it: `{ type: "stop" }` (SGLang), `"FinishReason.STOP"`, `"null"`. */
function endIn(choice: unknown): unknown {
  const finish = property(choice, "finish_reason");
  const said = property(finish, "type") ?? finish;
  if (typeof said !== "string") return said;
  return /^(null|none|finish_reason_unspecified)$/i.test(said) ? undefined : said.replace(/^finish_?reason[._]/i, "");
}

function endOf(finish: unknown, isKnown: boolean): Completion["missing"] {
  if (typeof finish === "string" && /^(tool_?calls?|function_?call)$/i.test(finish)) {
    return { reason: "tool calls", detail: "" };
  }
  return isKnown ? null : { reason: "finish", detail: JSON.stringify(finish).slice(0, 100) };
}

/** An unknown end says more than that there is no text: `MALFORMED_FUNCTION_CALL`, `load`. */
function missingOf(missing: Completion["missing"], end: Completion["missing"]): Completion["missing"] {
  return missing?.reason === "empty" ? (end ?? missing) : (missing ?? end);
}

const LONGEST_REASON = 200;

/** Anthropic's and Google's reasons, which their protocols put here; the categories of Azure's filter; Google's words. */
function withheldBy(choice: unknown, finish: unknown): string | null {
  const filtered = filteredIn(property(choice, "content_filter_results"));
  const said = property(choice, "withheld") ?? (filtered || finish);
  const isPlain = typeof said !== "string" || /^content_?filter(ed)?$/i.test(said);
  return isPlain ? null : said.replace(/\s+/g, " ").trim().slice(0, LONGEST_REASON);
}

/** `repetition`: vLLM ends a loop of the model, which is what it says; `normal`: Baidu. */
const STOPS =
  /^(stop|stop_sequence|end_turn|eos|eos_token|eot|complete|completed|finished|finish|done|end|normal|repetition)$/i;
const LIMITS =
  /^(length|(model_)?(max_)?(length|(output_|new_)?tokens)|max_tokens_reached|token_limit|model_context_window_exceeded)$/i;
/** OpenRouter, Zhipu, DeepSeek, vLLM, SGLang: the server failed, or was stopped, while the model wrote. */
const BROKEN = /^(error|network_error|insufficient_system_resource|abort(ed)?|cancell?ed|capacity)$/i;
const FILTERS =
  /^(content_?filter(ed)?|safety|prohibited_content|recitation|blocklist|spii|refusal|sensitive|guardrail_intervened)\b/i;

/** Gateways pass on other vendors' values: `MAX_TOKENS`, `content_filter: SAFETY`. */
function finishOf(reason: unknown): ModelReply["finish"] {
  if (typeof reason !== "string") return "other";
  if (STOPS.test(reason)) return "stop";
  if (LIMITS.test(reason)) return "length";
  return FILTERS.test(reason) ? "filter" : "other";
}

/** The answer without the thoughts before it, or why there is none. @param prompt the model's prompt */
function answerIn(message: unknown, prompt: string): Pick<Completion, "text" | "missing"> {
  const content = property(message, "content");
  const said = textOf(content) ?? textOf(property(message, "refusal")) ?? "";
  const text = answerText(said, prompt);
  if (text.trim() !== "") return { text, missing: null };
  return { text: "", missing: { reason: missingReason(message, content, said), detail: detailOf(content) } };
}

function missingReason(message: unknown, content: unknown, said: string): MissingReason {
  if (property(message, "tool_calls") !== undefined || property(message, "function_call") !== undefined) {
    const calls = property(message, "tool_calls");
    if (!Array.isArray(calls) || calls.length > 0) return "tool calls";
  }
  // Marks of a chat template alone are not an answer.
  if (said.replace(/<[^<>]*>/g, "").trim() !== "") return "thoughts";
  const thoughts = ["reasoning_content", "reasoning", "thinking", "reasoning_details"];
  if (thoughts.some((name) => hasContent(property(message, name)))) return "thoughts";
  if (Array.isArray(content) && content.some(isThought)) return "thoughts";
  if (Array.isArray(content) && content.length === 0) return "empty";
  return content !== undefined && typeof content !== "string" ? "not text" : "empty";
}

function hasContent(value: unknown): boolean {
  return typeof value === "string" ? value.trim() !== "" : Array.isArray(value) && value.length > 0;
}

function detailOf(content: unknown): string {
  const isEmpty = content === undefined || (Array.isArray(content) && content.length === 0);
  return isEmpty || typeof content === "string" ? "" : JSON.stringify(content).slice(0, 100);
}

/** Some servers send the content in parts, including thoughts. */
function textOf(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  return content.map(partOf).join("");
}

function partOf(part: unknown): string {
  if (typeof part === "string") return part;
  const text = isThought(part) ? undefined : property(part, "text");
  return typeof text === "string" ? text : "";
}

function isThought(part: unknown): boolean {
  const type = property(part, "type");
  return typeof type === "string" && /think|thought|reason/i.test(type);
}

function usageOf(usage: unknown): Usage | null {
  const [prompt, completion] = [property(usage, "prompt_tokens"), property(usage, "completion_tokens")];
  if (!isCount(prompt) || !isCount(completion) || prompt === 0) return null;
  const details = property(usage, "prompt_tokens_details");
  // DeepSeek counts hits beside the prompt.
  const cached = property(details, "cached_tokens") ?? property(usage, "prompt_cache_hit_tokens");
  const written = property(details, "cache_write_tokens") ?? property(details, "cache_creation_tokens");
  return { prompt, completion, estimated: false, ...cacheUse(prompt, cached, written) };
}

/** Prompt tokens read from and written to the provider's cache: at most those of the prompt. */
export function cacheUse(prompt: number, cached: unknown, written: unknown): Pick<Usage, "cached" | "written"> {
  const read = isCount(cached) ? Math.min(cached, prompt) : 0;
  const wrote = isCount(written) ? Math.min(written, prompt - read) : 0;
  return { ...(read > 0 && { cached: read }), ...(wrote > 0 && { written: wrote }) };
}

/** More tokens than any context window has. JSON's `1e999` parses as Infinity, which can't be serialized. */
const MOST_TOKENS = 1e9;

export function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= MOST_TOKENS;
}

/** Maximum number of models to offer: a list of a million would block the editor. */
const MOST_MODELS = 2_000;
const LONGEST_NAME = 200;

/** A model that a server lists. */
export interface ListedModel {
  readonly name: string;
  /** End date as YYYY-MM-DD; null: the server names none. */
  readonly end: string | null;
  /** US dollars per million tokens; null: the server names none. */
  readonly price: Price | null;
}

/** OpenRouter's prices: US dollars per token as text, and -1 for a model that stands for others. */
function priceIn(pricing: unknown): Price | null {
  const of = (name: string) => {
    const amount = property(pricing, name);
    const perToken = typeof amount === "string" && amount.trim() !== "" ? Number(amount) : Number.NaN;
    // 0.00000125 × 1e6 is 1.2499999999999998.
    return perToken >= 0 && perToken < 1 ? Number((perToken * 1e6).toPrecision(12)) : null;
  };
  const [prompt, completion, cached, written] = [
    of("prompt"),
    of("completion"),
    of("input_cache_read"),
    of("input_cache_write"),
  ];
  if (prompt === null || completion === null) return null;
  return { prompt, completion, ...(cached !== null && { cached }), ...(written !== null && { written }) };
}

/** The models in a list, sorted by name. @throws BodyBroken if it is not a list of models */
export function readModels(list: unknown, identity: string): ListedModel[] {
  if (!Array.isArray(list)) throw new BodyBroken(identity, "it lists no models");
  const listed = new Map<string, ListedModel>();
  for (const model of list) {
    const [name, end] = [
      property(model, "id") ?? property(model, "name"),
      property(model, "shutdown_date") ?? property(model, "expiration_date"),
    ];
    if (typeof name !== "string" || name.trim() === "" || name.length > LONGEST_NAME) continue;
    const isDate = typeof end === "string" && /^\d{4}-\d\d-\d\d$/.test(end);
    listed.set(name, { name, end: isDate ? end : null, price: priceIn(property(model, "pricing")) });
  }
  return [...listed.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MOST_MODELS);
}

/**
 * A message in the format of the API: in parts if it has images, which only user messages can have
 * (`imagesWithUser`).
 */
export function withParts({ role, content }: Message) {
  if (role !== "user" || !hasImage(content)) return { role, content };
  const parts = partsOf(content).map((part) =>
    typeof part === "string"
      ? { type: "text" as const, text: part }
      : { type: "image_url" as const, image_url: { url: `data:${part.type};base64,${part.data}` } },
  );
  return { role, content: parts };
}
