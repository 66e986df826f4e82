import { parseJson } from "../../graph/replies/json.ts";
import { BodyBroken } from "../errors.ts";
import { property } from "../property.ts";

/** Whether a body is a stream of server-sent events, regardless of its content type. */
export function isEventStream(text: string): boolean {
  return /^\s*(data|event|id|retry)?: ?/.test(text) && /^\s*data:/m.test(text);
}

/** Assembles the chat completion from a stream, or returns the error in it. @throws BodyBroken if the stream is cut or damaged */
export function completionOf(text: string, identity: string): unknown {
  // JSON can contain other characters that end a line for a regular expression.
  const chunks = text.split(/\r\n|\r|\n/).flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trim()] : []));
  const isDone = chunks.includes("[DONE]");
  const bodies = chunks.flatMap((data) => {
    const body = parseJson(data)?.value;
    // Without it, the answer would lack words.
    if (body === undefined && data.startsWith("{"))
      throw new BodyBroken(identity, "a part of the stream isn't valid JSON");
    return data === "" || data === "[DONE]" ? [] : [body];
  });
  const failure = bodies.find((body) => property(body, "error") !== undefined);
  if (failure !== undefined) return failure;
  const whole = bodies.find((body) => property(first(property(body, "choices")), "message") !== undefined);
  if (whole !== undefined) return whole;

  let [content, reasoning] = ["", ""];
  let finish: unknown = null;
  for (const body of bodies) {
    // Only one choice was requested.
    const choice = first(property(body, "choices"));
    const delta = property(choice, "delta");
    content += wordsOf(property(delta, "content"));
    reasoning += wordsOf(property(delta, "reasoning_content") ?? property(delta, "reasoning"));
    finish = property(choice, "finish_reason") ?? finish;
  }
  if (!isDone && finish === null) throw new BodyBroken(identity, "the stream broke off");
  const last = (name: string) => bodies.map((body) => property(body, name)).findLast((value) => value !== undefined);
  const message = { role: "assistant", content, ...(reasoning !== "" && { reasoning_content: reasoning }) };
  return { model: last("model"), choices: [{ index: 0, message, finish_reason: finish }], usage: last("usage") };
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
