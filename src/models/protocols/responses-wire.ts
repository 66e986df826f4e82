import { hasImage, partsOf } from "../../graph/images.ts";
import type { Message } from "../model.ts";
import type { Sent } from "../parameters/parameter-support.ts";
import { property } from "../property.ts";
import type { ServerError } from "./server-error.ts";

// OpenAI's Responses API (developers.openai.com/api/reference/resources/responses): requests and answers of chat
// completions in its words. Nothing is kept on the server, and no request refers to an earlier one.

/** Parameters of chat completions → their location in the Responses API. */
const NAMES: Readonly<Record<string, string>> = {
  max_completion_tokens: "max_output_tokens",
  max_tokens: "max_output_tokens",
  reasoning_effort: "reasoning.effort",
  verbosity: "text.verbosity",
  response_format: "text.format",
};

/** The body of a request. @param messages with images in the user's messages alone (`imagesWithUser`) */
export function responseRequest(model: string, { messages, params }: Sent): Record<string, unknown> {
  const body: Record<string, unknown> = {
    model,
    input: messages.map(inputOf),
    store: false,
    stream: false,
  };
  for (const [name, value] of Object.entries(params)) {
    const [outer = name, inner] = (Object.hasOwn(NAMES, name) ? (NAMES[name] ?? name) : name).split(".");
    const own = name === "response_format" ? formatOf(value) : value;
    body[outer] = inner === undefined ? own : { ...Object(body[outer]), [inner]: own };
  }
  return body;
}

function inputOf({ role, content }: Message): object {
  if (role !== "user" || !hasImage(content)) return { role, content };
  const parts = partsOf(content).map((part) =>
    typeof part === "string"
      ? { type: "input_text", text: part }
      : { type: "input_image", image_url: `data:${part.type};base64,${part.data}` },
  );
  return { role, content: parts };
}

/** `{ type: "json_schema", json_schema: { name, schema, strict } }` without its inner object. */
function formatOf(format: unknown): unknown {
  const schema = property(format, "json_schema");
  return schema === undefined ? format : { type: "json_schema", ...Object(schema) };
}

/**
 * Converts a response into a chat completion. Texts of several messages are joined; if some are marked as the final
 * answer, only these count. A reply that ended before any text has the reason for its end and no text.
 * @returns the body itself if it is not a response
 */
export function completionFrom(response: unknown): unknown {
  const output = property(response, "output");
  if (property(response, "object") !== "response" && !Array.isArray(output)) return response;
  const items: readonly unknown[] = Array.isArray(output) ? output : [];
  const messages = items.filter((item) => property(item, "type") === "message");
  const final = messages.filter((item) => property(item, "phase") === "final_answer");
  const parts = (final.length > 0 ? final : messages).flatMap(partsIn);
  const refusals = parts.flatMap((part) => textIn(part, "refusal"));
  const texts = parts.flatMap((part) => textIn(part, "output_text"));
  const thoughts = items.filter((item) => property(item, "type") === "reasoning");
  const calls = items.filter((item) => /_call$/.test(String(property(item, "type"))));
  const message = {
    role: "assistant",
    content: texts.length === 0 && refusals.length > 0 ? null : texts.join(""),
    ...(refusals.length > 0 && { refusal: refusals.join("") }),
    ...(thoughts.length > 0 && { reasoning_details: thoughts }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return {
    object: "chat.completion",
    model: property(response, "model"),
    choices: [{ index: 0, message, finish_reason: endOf(response, items.length > 0), ...failureIn(response) }],
    usage: usageOf(property(response, "usage")),
    ...(property(response, "service_tier") !== undefined && { service_tier: property(response, "service_tier") }),
  };
}

function partsIn(message: unknown): readonly unknown[] {
  const content = property(message, "content");
  return Array.isArray(content) ? content : [];
}

function textIn(part: unknown, type: "refusal" | "output_text"): string[] {
  const text = property(part, "type") === type ? property(part, type === "refusal" ? "refusal" : "text") : undefined;
  return typeof text === "string" ? [text] : [];
}

/** Reason in the vocabulary of chat completions; unknown ones are passed on. */
function endOf(response: unknown, hasOutput: boolean): unknown {
  const status = property(response, "status");
  if (status !== "incomplete") return status === undefined && hasOutput ? "stop" : status;
  const reason = property(property(response, "incomplete_details"), "reason");
  if (reason === "max_output_tokens") return "length";
  // Some servers give no reason for a cut reply.
  return reason ?? "length";
}

/** An unfinished or cancelled response is not an answer: it is requested again. */
function failureIn(response: unknown): { readonly error?: object } {
  const status = property(response, "status");
  const isOpen = typeof status === "string" && ["queued", "in_progress", "cancelled", "failed"].includes(status);
  return isOpen ? { error: { message: `the response is ${status}` } } : {};
}

function usageOf(usage: unknown): object | undefined {
  const [input, output] = [property(usage, "input_tokens"), property(usage, "output_tokens")];
  if (input === undefined && output === undefined) return undefined;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    prompt_tokens_details: property(usage, "input_tokens_details"),
  };
}

/** Whether the server only serves this model through the Responses API. */
export function asksForResponses({ status, message }: ServerError): boolean {
  return (
    status >= 400 &&
    status < 500 &&
    /\bresponses\b/i.test(message) &&
    /(only|use|not|instead|must)[^.]*\bresponses\b|\bresponses\b[^.]*(only|instead)/i.test(message) &&
    /chat[/ _.]?completions?|endpoint|\/v1\/responses|responses api/i.test(message)
  );
}
