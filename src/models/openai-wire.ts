import type { Clock } from "../deps.ts";
import { parseJson } from "../graph/json.ts";
import { BodyBroken } from "./errors.ts";
import { completionOf, isEventStream } from "./event-stream.ts";
import type { ModelReply, Usage } from "./model.ts";
import { property } from "./property.ts";
import { readError, type ServerError } from "./server-error.ts";

const LARGEST_BODY = 10 * 1024 * 1024;
/** Characters of an answer: what is made to be long would be searched for what it does not hold. */
const LONGEST_REPLY = 2 ** 20;

/** The server answered with an error. Only its fields leave this folder, by way of `failureOf`. */
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
  /** The server has answered as one before: something else now is a fault on the way. */
  readonly wasWell: boolean;
}

/**
 * Reads a body to its end. What comes back is JSON, whatever type it claims: a stream that was not asked for is put
 * together.
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
  const refused = (status: number, body: unknown) =>
    new Refused(readError({ status, headers: response.headers, body }, clock, key));
  const isStream = isEventStream(text);
  const body = isStream ? completionOf(text, identity) : parseJson(text)?.value;
  if (!response.ok) throw refused(response.status, body ?? text);
  if (body === undefined) {
    // What begins as JSON, or not at all, was broken on its way; the rest was never meant for us.
    if (reading.wasWell || /^\s*([[{]|$)/.test(text)) throw new BodyBroken(identity, "it is no JSON");
    throw refused(response.status, text);
  }
  const failure = failureIn(body);
  if (failure !== null) throw refused(failure, body);
  return isStream ? JSON.stringify(body) : text;
}

/** Gateways pass on a failure of what stands behind them as a success. @returns the status that it means; null for none */
function failureIn(body: unknown): number | null {
  if (property(body, "choices") !== undefined || property(body, "data") !== undefined) return null;
  const first = Array.isArray(body) ? body[0] : body;
  const error = property(first, "error") ?? property(first, "errors");
  const isFailure =
    error !== undefined ||
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
  // LM Studio answers a path that it does not have with 200.
  return status ?? (typeof error === "string" && /^unexpected endpoint/i.test(error) ? 404 : 502);
}

/** What is shorter is a word that a server asks for in a key's place, such as `ollama`. */
const SHORTEST_KEY = 16;

/** A server that gives the key back in its answer does not get it into a run's files. */
function withoutKey(text: string, key: string): string {
  return key.length < SHORTEST_KEY ? text : text.replaceAll(key, "…");
}

export interface Completion {
  readonly text: string;
  readonly finish: ModelReply["finish"];
  /** null where the server counts nothing. */
  readonly usage: Usage | null;
  /** null where the server names none. */
  readonly model: string | null;
}

/** JSON came, but of another kind: whoever answers is no model server. */
export class NoCompletion extends Error {
  override readonly name = "NoCompletion";
  constructor(readonly body: unknown) {
    super("the answer is no chat completion");
  }
}

/** Reads a chat completion. @throws NoCompletion; BodyBroken where it holds no choice. */
export function readCompletion(body: unknown, identity: string): Completion {
  const choices = property(body, "choices");
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = property(choice, "message");
  if (message === undefined && choices === undefined && body !== null) throw new NoCompletion(body);
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
