import { describe, expect, it } from "vitest";
import {
  AccessRefused,
  AnswerMissing,
  BodyBroken,
  KeyRefused,
  ModelUnknown,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  RequestRefused,
} from "../../../../src/models/errors.ts";
import type { Model } from "../../../../src/models/model.ts";
import { createAnthropic } from "../../../../src/models/protocols/anthropic.ts";
import { createGemini } from "../../../../src/models/protocols/gemini.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { never, request } from "../fakes.ts";
import { type Answer, type Seen, serve } from "../json-server.ts";

/** Anthropic's and Google's own protocols, spoken to local servers that answer as theirs do. */

const KEY = "canary-key-5f1c0e7a9b";
const { clock } = nodeDeps();

const asked = request("What is 2 + 2?", {
  model: "m-1",
  messages: [
    { role: "system", content: "Add. ".repeat(500) },
    { role: "user", content: "What is 2 + 2?" },
    { role: "assistant", content: "5" },
    { role: "user", content: "Again." },
  ],
  params: { temperature: 0, max_tokens: 100, stop: ["\n"] },
});
const schema = { name: "sum", schema: { type: "object", properties: { sum: { type: "number" } } } };

const thrown = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => {
      expect(JSON.stringify([error, String(error), Object(error).stack])).not.toContain(KEY);
      return error;
    },
  );

type Connect = (baseUrl: string, timeout?: number) => Model;

/** One request, and the error that its refusal becomes. */
async function expectRefusal(connect: Connect, answer: Answer, kind: new (...values: never[]) => Error): Promise<void> {
  const { url, seen } = await serve(() => answer);
  const error = await thrown(connect(url).complete({ ...asked, schema }, never));
  expect(error).toBeInstanceOf(kind);
  expect(seen).toHaveLength(1);
  if (error instanceof RateLimited) expect(error.retryAfter).toBe(7000);
}

async function expectTimeoutAndCancel(connect: Connect): Promise<void> {
  const { url } = await serve(() => "hang");
  expect(await thrown(connect(url, 50).complete(asked, never))).toMatchObject({
    code: "ProviderFault",
    reason: "timeout",
  });
  const cancel = new AbortController();
  const waiting = thrown(connect(url).complete(asked, cancel.signal));
  setTimeout(() => cancel.abort("enough"), 30);
  expect(await waiting).toBe("enough");
}

describe("Anthropic", () => {
  const message = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m-1-20261001",
    content: [
      { type: "thinking", thinking: "two and two", signature: "x" },
      { type: "text", text: "4" },
    ],
    stop_reason: "end_turn",
    usage: { input_tokens: 10, cache_read_input_tokens: 600, cache_creation_input_tokens: 40, output_tokens: 5 },
  };
  const connect = (baseUrl: string, timeout = 60_000) => createAnthropic({ baseUrl, key: KEY, clock, timeout });
  const refusal = (type: string, text: string) => ({ type: "error", error: { type, message: text } });

  it("is asked in its own words, and what it says of its cache is counted", async () => {
    const { url, seen } = await serve(() => [200, message]);
    const model = connect(url);
    expect(await model.complete(asked, never)).toMatchObject({
      text: "4",
      finish: "stop",
      model: "m-1-20261001",
      usage: { prompt: 650, completion: 5, estimated: false, cached: 600, written: 40 },
    });
    expect(model.identity).toBe(`anthropic ${url}`);
    const [{ path, headers, body }] = seen as [Seen];
    expect(path).toBe("/v1/messages");
    expect(headers["x-api-key"]).toBe(KEY);
    expect(headers).not.toHaveProperty("authorization");
    expect(headers["anthropic-version"]).toBeTruthy();
    expect(body).toMatchObject({ model: "m-1", max_tokens: 100, temperature: 0, stop_sequences: ["\n"] });
    expect(body.system).toEqual([{ type: "text", text: "Add. ".repeat(500), cache_control: { type: "ephemeral" } }]);
    expect(body.messages.map(({ role }: { role: string }) => role)).toEqual(["user", "assistant", "user"]);
  });

  it("gets a schema and an effort, and no mark on what is too short for its cache", async () => {
    const { url, seen } = await serve(() => [200, message]);
    const short = {
      ...asked,
      schema,
      messages: [{ role: "system", content: "Add." }, ...asked.messages.slice(1)] as const,
    };
    await connect(url).complete({ ...short, params: { reasoning_effort: "low" } }, never);
    await connect(url).complete({ ...short, params: { reasoning_effort: "none" } }, never);
    expect(seen[0]?.body.system).toEqual([{ type: "text", text: "Add." }]);
    expect(seen[0]?.body.output_config).toEqual({
      effort: "low",
      format: { type: "json_schema", schema: schema.schema },
    });
    expect(seen[0]?.body.max_tokens).toBeGreaterThan(1000);
    expect(seen[1]?.body.thinking).toEqual({ type: "disabled" });
  });

  it.each([
    ["a limit", { stop_reason: "max_tokens" }, { finish: "length" }],
    ["a context that is full", { stop_reason: "model_context_window_exceeded" }, { finish: "length" }],
    ["a refusal", { stop_reason: "refusal", content: [] }, { finish: "filter", withheld: "refusal" }],
    [
      "a refusal with its reason",
      {
        stop_reason: "refusal",
        content: [],
        stop_details: { category: "cyber", explanation: "It may help an attack." },
      },
      { finish: "filter", withheld: "cyber: It may help an attack." },
    ],
  ])("ends at %s", async (_, more, expected) => {
    const { url } = await serve(() => [200, { ...message, ...more }]);
    expect(await connect(url).complete(asked, never)).toMatchObject(expected);
  });

  it.each([
    ["nothing", { content: [] }, "empty"],
    ["thoughts", { content: [{ type: "thinking", thinking: "hm" }] }, "thoughts"],
    [
      "tool calls",
      { content: [{ type: "tool_use", id: "1", name: "x", input: {} }], stop_reason: "tool_use" },
      "tool calls",
    ],
  ])("that says %s has not answered", async (_, more, reason) => {
    const { url } = await serve(() => [200, { ...message, ...more }]);
    const error = await thrown(connect(url).complete(asked, never));
    expect(error).toBeInstanceOf(AnswerMissing);
    expect(error).toMatchObject({ reason });
  });

  it.each([
    [401, refusal("authentication_error", `invalid x-api-key: ${KEY}`), KeyRefused],
    [
      400,
      refusal(
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
      ),
      AccessRefused,
    ],
    [404, refusal("not_found_error", "model: m-1"), ModelUnknown],
    [413, refusal("request_too_large", "Request exceeds the maximum size"), RequestRefused],
    [400, refusal("invalid_request_error", "prompt is too long: 1200000 tokens > 1000000 maximum"), RequestRefused],
    [400, refusal("invalid_request_error", "`temperature` is deprecated for this model."), ParameterRefused],
    [400, refusal("invalid_request_error", "output_config.format: Extra inputs are not permitted"), ParameterRefused],
    [429, refusal("rate_limit_error", "This request would exceed your organization's rate limit"), RateLimited],
    [529, refusal("overloaded_error", "Overloaded"), ProviderFault],
    [500, refusal("api_error", "Internal server error"), ProviderFault],
    [200, "<html><title>Proxy</title></html>", Error],
  ])("says why it refuses: %s %j", async (status, body, kind) => {
    await expectRefusal(connect, [status, body, { "retry-after": "7" }], kind);
  });

  it("gives up what hangs, and leaves at once when cancelled", async () => {
    await expectTimeoutAndCancel(connect);
  });

  it("lists its models", async () => {
    const { url } = await serve(() => [
      200,
      {
        data: [
          { id: "m-2", type: "model" },
          { id: "m-1", type: "model" },
        ],
        has_more: false,
      },
    ]);
    expect((await connect(url).listModels(never)).map(({ name }) => name)).toEqual(["m-1", "m-2"]);
  });
});

describe("Gemini", () => {
  const answer = {
    candidates: [
      { content: { role: "model", parts: [{ text: "hm", thought: true }, { text: "4" }] }, finishReason: "STOP" },
    ],
    usageMetadata: {
      promptTokenCount: 650,
      candidatesTokenCount: 1,
      thoughtsTokenCount: 4,
      cachedContentTokenCount: 600,
    },
    modelVersion: "m-1-001",
  };
  const connect = (baseUrl: string, timeout = 60_000) =>
    createGemini({ baseUrl: `${baseUrl}/v1beta`, key: KEY, clock, timeout });
  const refusal = (code: number, status: string, message: string, details: unknown[] = []) => ({
    error: { code, status, message, details },
  });

  it("is asked in its own words, and its thoughts and its cache are counted", async () => {
    const { url, seen } = await serve(() => [200, answer]);
    const model = connect(url);
    expect(await model.complete({ ...asked, schema }, never)).toMatchObject({
      text: "4",
      finish: "stop",
      model: "m-1-001",
      usage: { prompt: 650, completion: 5, estimated: false, cached: 600 },
    });
    expect(model.identity).toBe(`gemini ${url}`);
    const [{ path, headers, body }] = seen as [Seen];
    expect(path).toBe("/v1beta/models/m-1:generateContent");
    expect(headers["x-goog-api-key"]).toBe(KEY);
    expect(body.contents.map(({ role }: { role: string }) => role)).toEqual(["user", "model", "user"]);
    expect(body.systemInstruction.parts[0].text).toBe("Add. ".repeat(500));
    expect(body.generationConfig).toMatchObject({
      temperature: 0,
      maxOutputTokens: 100,
      stopSequences: ["\n"],
      responseMimeType: "application/json",
      responseJsonSchema: schema.schema,
    });
  });

  it.each([
    [
      "a limit",
      { candidates: [{ content: { parts: [{ text: "fo" }] }, finishReason: "MAX_TOKENS" }] },
      { finish: "length" },
    ],
    ["a filter", { candidates: [{ finishReason: "RECITATION" }] }, { finish: "filter", withheld: "RECITATION" }],
    [
      "a blocked prompt",
      { candidates: undefined, promptFeedback: { blockReason: "PROHIBITED_CONTENT" } },
      { finish: "filter", withheld: "the prompt was blocked: PROHIBITED_CONTENT" },
    ],
  ])("ends at %s", async (_, more, expected) => {
    const { url } = await serve(() => [200, { ...answer, ...more }]);
    expect(await connect(url).complete(asked, never)).toMatchObject(expected);
  });

  it.each([
    [
      400,
      refusal(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
        { reason: "API_KEY_INVALID" },
      ]),
      KeyRefused,
    ],
    [404, refusal(404, "NOT_FOUND", "models/m-1 is not found for API version v1beta"), ModelUnknown],
    [429, refusal(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted.", [{ retryDelay: "7s" }]), RateLimited],
    [
      400,
      refusal(
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      ),
      RequestRefused,
    ],
    [
      400,
      refusal(
        400,
        "INVALID_ARGUMENT",
        "Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.",
      ),
      ParameterRefused,
    ],
    [503, refusal(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), ProviderFault],
    [200, "{", BodyBroken],
  ])("says why it refuses: %s %j", async (status, body, kind) => {
    await expectRefusal(connect, [status, body], kind);
  });

  it("gives up what hangs, and leaves at once when cancelled", async () => {
    await expectTimeoutAndCancel(connect);
  });

  it("lists its models", async () => {
    const { url } = await serve(() => [200, { models: [{ name: "models/m-2" }, { name: "models/m-1" }] }]);
    expect((await connect(url).listModels(never)).map(({ name }) => name)).toEqual(["m-1", "m-2"]);
  });
});
