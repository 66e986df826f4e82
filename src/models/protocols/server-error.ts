import type { Clock } from "../../deps.ts";
import { parseJson } from "../../graph/replies/json.ts";
import { property } from "../property.ts";

/** A shorter key is a placeholder that a server asks for, such as `ollama`. */
export const SHORTEST_KEY = 16;
const LONGEST_DETAIL = 500;
/** Maximum depth of nested errors: a gateway quotes the error of the server behind it. */
const DEEPEST = 4;

/** A server's error, in whatever format, as far as it is useful. */
export interface ServerError {
  /** HTTP status; if the answer claims success, the status that its body means. */
  readonly status: number;
  /** One line without the key, at most 500 characters. */
  readonly message: string;
  /** Every code, type, status and reason in the body, numbers as text. */
  readonly codes: readonly string[];
  readonly param: string | null;
  /** Milliseconds; null if the server names none. */
  readonly retryAfter: number | null;
  /** Type of a body that is not JSON. */
  readonly page: "html" | "text" | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON, or the text of another body. */
  readonly body: unknown;
}

/**
 * Reads the body of an error: OpenAI's `{ error: { message, code, param } }`, and other formats (`[{ error }]`, `{
 * error: "…" }`, `{ message }`, `{ detail: […] }`, JSON inside a message, HTML, plain text).
 * @param key removed from the message
 */
export function readError({ status, headers, body }: Answer, clock: Clock, key: string): ServerError {
  const layers = layersOf(body);
  const error = layers.at(-1);
  const said = sayingOf(error) ?? layers.map(sayingOf).findLast((each) => each !== undefined) ?? body;
  const reasons = layers.map(filterOf).filter(Boolean);
  const text = [...reasons, typeof said === "string" ? said : JSON.stringify(said)].join(": ");
  const isPage = typeof body === "string" && /^\s*<(!doctype|html|head|body|\?xml|center|h1)/i.test(body);
  const param = layers.map((layer) => property(layer, "param")).find((each) => typeof each === "string");
  const message = oneLine(isPage ? titleOf(body) : text, key);
  return {
    status,
    message,
    codes: [...new Set(layers.flatMap(codesOf))],
    param: typeof param === "string" ? param : null,
    retryAfter: retryAfter(headers, clock) ?? delayIn(layers, message, clock),
    page: isPage ? "html" : typeof body === "string" && body.trim() !== "" ? "text" : null,
  };
}

/** What of Azure's content filter applied to a prompt. LiteLLM passes it on in a field of its own. */
function filterOf(layer: unknown): string {
  const inner = property(layer, "innererror") ?? property(property(layer, "provider_specific_fields"), "innererror");
  return filteredIn(property(inner, "content_filter_result"));
}

/** The categories of Azure's content filter that applied, such as `jailbreak, violence`. */
export function filteredIn(results: unknown): string {
  const names = Object.entries(Object(results)).filter(([, result]) => property(result, "filtered") === true);
  return names.map(([name]) => name.slice(0, 40)).join(", ");
}

/** The nested errors, from the outermost to the original one. */
function layersOf(body: unknown): unknown[] {
  const layers = [body];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const inner = innerOf(layers.at(-1));
    if (inner === undefined) break;
    layers.push(inner);
  }
  return layers;
}

function innerOf(value: unknown): unknown {
  if (Array.isArray(value)) return value[0];
  const raw = property(property(value, "metadata"), "raw");
  const quoted = typeof raw === "string" ? (read(raw) ?? (raw.trim() === "" ? undefined : raw)) : raw;
  const inner = property(value, "error") ?? property(value, "errors") ?? quoted;
  if (inner !== undefined) return inner;
  const message = property(value, "message");
  // `litellm.BadRequestError: BedrockException - {"message":"…"}` keeps its text, because the part before the JSON matters, too.
  return typeof message === "string" && message.trimStart().startsWith("{") ? read(message) : undefined;
}

function read(text: string): unknown {
  const value = parseJson(text)?.value;
  return typeof value === "object" && value !== null ? value : undefined;
}

function sayingOf(error: unknown): unknown {
  if (typeof error === "string") return error;
  return property(error, "message") ?? property(error, "msg") ?? property(error, "detail") ?? property(error, "title");
}

/** Codes of an error, wherever they are. */
function codesOf(layer: unknown): string[] {
  const details = property(layer, "details");
  const inner = property(layer, "innererror");
  const all: unknown[] = Array.isArray(details) ? details : [];
  // Google names the quota only here: its words are the same for a minute and a day.
  const quotas = all
    .map((detail) => property(detail, "violations"))
    .flatMap((each) => (Array.isArray(each) ? each : []));
  const reasons = [
    ...all.map((detail) => property(detail, "reason")),
    ...quotas.map((one) => property(one, "quotaId")),
  ];
  const names = ["code", "type", "status", "reason", "error_code", "errorCode"].map((name) => property(layer, name));
  return [...names, ...reasons, property(inner, "code")].flatMap((value) =>
    typeof value === "string" || typeof value === "number" ? [String(value)] : [],
  );
}

/** Milliseconds, from `retry-after-ms`, `retry-after` in seconds or as a date by the server's own clock. */
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

/** A wait in the body: Google's `retryDelay: "33s"`, OpenRouter's reset time, "try again in 6m0s". */
function delayIn(layers: readonly unknown[], message: string, clock: Clock): number | null {
  for (const layer of layers) {
    const details = property(layer, "details");
    const delay = Array.isArray(details) ? details.map((detail) => property(detail, "retryDelay")).find(Boolean) : null;
    const named = typeof delay === "string" ? durationOf(delay) : null;
    if (named !== null) return named;
    const reset = Number(property(property(property(layer, "metadata"), "headers"), "X-RateLimit-Reset"));
    if (reset > clock.now()) return reset - clock.now();
  }
  const said = /\b(?:try again|retry|wait)(?: again)?(?: in| after| for)? ((?:\d+(?:\.\d+)? ?(?:ms|h|m|s)[a-z]* ?)+)/i;
  const found = said.exec(message)?.[1];
  return found === undefined ? null : durationOf(found);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, milli: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `1h12m`, `33.4s`, `20 seconds`. */
function durationOf(text: string): number | null {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?) ?(ms|milli|h|m|s)[a-z]*/gi)];
  if (parts.length === 0) return null;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit!.toLowerCase()] ?? 0), 0);
}

/** The title of a page, else its first words. */
function titleOf(page: string): string {
  const start = page.slice(0, 20_000);
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(start)?.[1];
  return title?.trim() || start.replace(/<(style|script)[\s\S]*?(<\/\1>|$)/gi, " ").replace(/<[^>]*>/g, " ");
}

/** One line without the key. Servers quote keys that they refuse, in full or with asterisks in the middle. */
function oneLine(text: string, key: string): string {
  const whole = withoutKey(text, key);
  // A long text without spaces would be searched from each of its characters.
  const start = whole.slice(0, 4 * LONGEST_DETAIL);
  const line = start.replace(/\S*\*{3,}\S*/g, "…").replace(/\b(sk-|Bearer )[\w*.-]+/g, "$1…");
  return line.replace(/\s+/g, " ").trim().slice(0, LONGEST_DETAIL);
}

/** A placeholder is removed only where it stands alone, because a part of a word can be the same. */
function withoutKey(text: string, key: string): string {
  if (key === "") return text;
  if (key.length >= SHORTEST_KEY) return text.replaceAll(key, "…");
  const own = key.replace(/[^\w\s]/g, "\\$&");
  return text.replace(new RegExp(`(?<![\\w-])${own}(?![\\w-])`, "g"), "…");
}
