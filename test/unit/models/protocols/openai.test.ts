import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Clock } from "../../../../src/deps.ts";
import {
  AccessRefused,
  AddressWrong,
  BodyBroken,
  KeyRefused,
  ModelUnknown,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  ReplyWithheld,
  RequestRefused,
} from "../../../../src/models/errors.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { createOpenAI, type OpenAIOptions } from "../../../../src/models/protocols/openai.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { type Fault, randomFaults, TRANSIENT } from "../../../server/faults.ts";
import { type Server, type ServerOptions, startServer } from "../../../server/server.ts";
import { FakeClock, FakeProvider, never, reply, request, stackOver } from "../fakes.ts";

const KEY = "sk-canary-5f1c0e7a9b";
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Time that passes by itself, where a wait has to be longer than a request. */
const { clock: realClock } = nodeDeps();
/** On a busy machine the first answer of a server can take longer than other requests wait for it. */
const patient: Clock = { ...realClock, sleep: (time, signal) => realClock.sleep(20 * time, signal) };

const echo = () =>
  new FakeProvider(async ({ messages, schema }) =>
    reply(schema ? '{"said":"yes"}' : `echo ${messages.at(-1)?.content}`),
  );

async function serve(more: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await startServer({ model: echo(), ...more });
  open.push(server);
  return server;
}

/** A server that answers everything with the same. */
async function serveRaw(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status, headers).end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

function connect(baseUrl: string, more: Partial<OpenAIOptions> = {}) {
  return createOpenAI({ baseUrl, key: KEY, clock: new FakeClock(), ...more });
}

/** What one call throws. */
async function thrownBy(baseUrl: string, more: Partial<OpenAIOptions> = {}, asked: ModelRequest = request("hi")) {
  const error: unknown = await connect(baseUrl, more)
    .complete(asked, never)
    .then(
      () => null,
      (reason: unknown) => reason,
    );
  expect(JSON.stringify([error, String(error), Object(error).stack])).not.toContain(KEY);
  return error;
}

describe("a reply", () => {
  it("comes from one request with what was asked for", async () => {
    const server = await serve({ key: KEY });
    const model = connect(`${server.url}/`);
    const asked = request("hi", {
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "hi" },
      ],
      params: { temperature: 0, top_p: 0.5, max_tokens: 9, reasoning_effort: "low", stop: undefined },
    });
    expect(await model.complete(asked, never)).toMatchObject({
      text: "echo hi",
      usage: { prompt: 10, completion: 5, estimated: false },
      model: "fake",
      finish: "stop",
    });
    expect(server.requests()).toBe(1);
    const { temperature, top_p, max_tokens, reasoning_effort, messages } = server.log[0]!.body;
    expect({ temperature, top_p, max_tokens, reasoning_effort }).toEqual(asked.params);
    expect(messages).toEqual(asked.messages);
    expect(model.identity).toBe(`openai ${new URL(server.url).origin}`);
    expect(await model.listModels(never)).toEqual([{ name: "simulated", end: null, price: null }]);
  });

  it("is asked for as JSON of a strict schema", async () => {
    const server = await serve();
    const schema = { type: "object", properties: { said: { type: "string" } } };
    await connect(server.url).complete(request("hi", { schema: { name: "what was said", schema } }), never);
    expect(server.log[0]!.body.response_format).toEqual({
      type: "json_schema",
      json_schema: { name: "what_was_said", schema, strict: true },
    });
  });

  it("goes without a key to a server that asks for none", async () => {
    const server = await serve();
    await connect(server.url, { key: "" }).complete(request("hi"), never);
    expect(server.log[0]!.headers.authorization).toBeUndefined();
  });

  it("has its tokens estimated if none are counted, by what was learned of the model", async () => {
    const counting = await serve();
    const silent = await serve({ usage: false });
    expect((await connect(silent.url).complete(request("x".repeat(350)), never)).usage).toEqual({
      prompt: 104,
      completion: Math.ceil(355 / 3.5),
      estimated: true,
    });
    expect((await connect(counting.url).complete(request("hi"), never)).usage.estimated).toBe(false);
  });

  it("is read in the shapes that compatible servers use", async () => {
    const parts = { choices: [{ message: { content: [{ type: "text", text: "a" }, { text: "b" }] } }] };
    const inParts = await connect(await serveRaw(200, JSON.stringify(parts), { "content-type": "text/plain" }));
    expect(await inParts.complete(request("hi"), never)).toMatchObject({ text: "ab", finish: "stop", model: "fake" });
    const refusing = { choices: [{ message: { content: null, refusal: "I will not" }, finish_reason: "stop" }] };
    const refused = connect(await serveRaw(200, JSON.stringify(refusing)));
    expect(await refused.complete(request("hi"), never)).toMatchObject({ text: "I will not" });
    const cutOff = { choices: [{ message: { content: "" }, finish_reason: "length" }], model: "m-2" };
    const empty = connect(await serveRaw(200, JSON.stringify(cutOff)));
    expect(await empty.complete(request("hi"), never)).toMatchObject({ text: "", finish: "length", model: "m-2" });
  });

  it.each([
    ["thoughts before it", { content: "<think>\n3? No.\n</think>\n\n4" }, "stop", "4"],
    ["thoughts that the template opened", { content: "3? No.\n</think>\n4" }, "stop", "4"],
    ["thoughts that were cut", { content: "<think>3? No, but" }, "length", ""],
    ["thoughts apart", { content: "4", reasoning_content: "3? No." }, "stop", "4"],
    ["thoughts apart, and cut", { content: null, reasoning_content: "3? No, but" }, "length", ""],
    [
      "thoughts among its parts",
      {
        content: [
          { type: "thinking", text: "3?" },
          { type: "text", text: "4" },
        ],
      },
      "stop",
      "4",
    ],
    ["words in a list", { content: ["4"] }, "stop", "4"],
    [
      "a tag that is spoken of",
      { content: "The tag <think> is closed by </think>." },
      "stop",
      "The tag <think> is closed by </think>.",
    ],
    ["nothing", { content: null }, "content_filter", ""],
  ])("is read if the message contains %s", async (_, message, finish_reason, text) => {
    const url = await serveRaw(200, JSON.stringify({ choices: [{ message, finish_reason }] }));
    expect(await connect(url).complete(request("hi"), never)).toMatchObject({ text });
  });

  it.each<[number, string]>([
    [400, "Invalid content type. image_url is only supported by certain models."],
    [400, "this model does not support image input"],
    [400, "Failed to deserialize: messages[1]: unknown variant `image_url`, expected `text`"],
    [400, "Image input is not enabled for this model"],
    [400, "Model does not support images. Please use a model that does."],
    [404, "No endpoints found that support image input"],
    [500, "image input is not supported - hint: you may need to provide the mmproj"],
    [400, "At most 0 image(s) may be provided in one request."],
  ])("is a refusal of images (%i): %s", async (status, message) => {
    const url = await serveRaw(status, JSON.stringify({ error: { message } }));
    await expect(connect(url).complete(request("hi"), never)).rejects.toMatchObject({
      code: "RequestRefused",
      reason: "images",
    });
  });

  it("of an image of the wrong format is none of all images", async () => {
    const message = "The model does not support image format image/bmp";
    const url = await serveRaw(400, JSON.stringify({ error: { message } }));
    await expect(connect(url).complete(request("hi"), never)).rejects.toMatchObject({ reason: "invalid" });
  });

  it.each([
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["content_filter", "filter"],
    ["content_filter: SAFETY", "filter"],
    ["model_length", "length"],
    ["end_turn", "stop"],
    ["STOP", "stop"],
    [null, "stop"],
    ["", "stop"],
    // vLLM, which found a loop; Baidu.
    ["repetition", "stop"],
    ["normal", "stop"],
    [{ type: "stop", matched: 2 }, "stop"],
    [{ type: "length", length: 9 }, "length"],
    ["FinishReason.STOP", "stop"],
    ["FINISH_REASON_MAX_TOKENS", "length"],
    ["null", "stop"],
    ["FINISH_REASON_UNSPECIFIED", "stop"],
  ])("that ended by %s is told apart", async (finish_reason, finish) => {
    const url = await serveRaw(200, JSON.stringify({ choices: [{ message: { content: "4" }, finish_reason }] }));
    expect(await connect(url).complete(request("hi"), never)).toMatchObject({ finish });
  });

  it.each<[string, object, unknown]>([
    ["empty", { content: "" }, "stop"],
    ["empty", { content: null }, "stop"],
    ["empty", { content: " \n" }, "stop"],
    ["empty", {}, "stop"],
    ["empty", { content: "<|im_end|>" }, "stop"],
    [
      "tool calls",
      { content: null, tool_calls: [{ id: "1", function: { name: "f", arguments: "{}" } }] },
      "tool_calls",
    ],
    ["tool calls", { content: "", function_call: { name: "f" } }, "stop"],
    ["tool calls", { content: "I will look it up." }, "tool_calls"],
    ["thoughts", { content: "<think>3? No.</think>" }, "stop"],
    ["thoughts", { content: null, reasoning_content: "4" }, "stop"],
    ["thoughts", { content: "", reasoning: "4" }, "stop"],
    ["thoughts", { content: [{ type: "thinking", text: "4" }] }, "stop"],
    ["not text", { content: { answer: 4 } }, "stop"],
    ["not text", { content: 4 }, "stop"],
    ["empty", { content: [] }, "stop"],
    ["not text", { content: [{ type: "image_url", image_url: { url: "x" } }] }, "stop"],
    ["finish", { content: "4" }, "abnormal"],
    ["finish", { content: "" }, "load"],
  ])("without an answer (%s) is none: %j, ended by %j", async (reason, message, finish_reason) => {
    const url = await serveRaw(200, JSON.stringify({ choices: [{ message, finish_reason }] }));
    const asked = connect(url).complete(request("hi"), never);
    await expect(asked).rejects.toMatchObject({ name: "AnswerMissing", reason, reach: "request" });
  });

  it.each(["abort", "aborted", "cancelled", "capacity", "error"])(
    "that the server broke off (%s) is requested again as after any fault of it",
    async (finish_reason) => {
      const url = await serveRaw(200, JSON.stringify({ choices: [{ message: { content: "ye" }, finish_reason }] }));
      const asked = connect(url).complete(request("hi"), never);
      await expect(asked).rejects.toMatchObject({
        name: "BodyBroken",
        detail: `the reply broke off: ${finish_reason}`,
      });
    },
  );

  it("without a choice is an empty one if it was charged: its tokens are counted", async () => {
    const url = await serveRaw(
      200,
      JSON.stringify({ choices: [], usage: { prompt_tokens: 4241, completion_tokens: 7 } }),
    );
    const asked = connect(url).complete(request("hi"), never);
    await expect(asked).rejects.toMatchObject({
      name: "AnswerMissing",
      reason: "empty",
      usage: { prompt: 4241, completion: 7 },
    });
    const free = await serveRaw(200, JSON.stringify({ choices: [] }));
    await expect(connect(free).complete(request("hi"), never)).rejects.toMatchObject({ name: "BodyBroken" });
  });

  it("speaks Azure's paths and header", async () => {
    const server = await serve({ key: KEY });
    const azure = connect(server.url, { azureApiVersion: "2024-10-21" });
    await azure.complete(request("hi", { model: "my-deployment" }), never);
    expect(server.log[0]!.path).toBe("/v1/deployments/my-deployment/chat/completions");
    expect(server.log[0]!.headers["api-key"]).toBe(KEY);
    expect(azure.identity).toMatch(/^azure /);
  });
});

describe("a failure", () => {
  it.each<[Fault, new (...args: never[]) => Error, Record<string, unknown>]>([
    ["401", KeyRefused, { status: 401 }],
    ["404", ModelUnknown, { status: 404, model: "fake", detail: "The model does not exist." }],
    ["429", RateLimited, { retryAfter: null }],
    ["429 retry-after", RateLimited, { retryAfter: 50 }],
    ["500", ProviderFault, { status: 500 }],
    ["503", ProviderFault, { status: 503 }],
    ["reset", ProviderFault, { status: null, detail: expect.stringMatching(/ECONNRESET|SOCKET/) }],
    ["cut", BodyBroken, { detail: "the body was cut off" }],
    ["bad json", BodyBroken, { detail: "the body isn't valid JSON" }],
    ["empty", BodyBroken, { detail: "the body is empty" }],
    ["huge", BodyBroken, { detail: "the body is larger than 10 MB" }],
  ])("by %s has its cause, after one request", async (fault, cause, fields) => {
    const server = await serve({ faults: () => fault });
    const error = await thrownBy(server.url);
    expect(error).toBeInstanceOf(cause);
    expect(error).toMatchObject(fields);
    expect(server.requests()).toBe(1);
  });

  it("by a server that never answers, or is not there, is transient", async () => {
    const server = await serve({ faults: () => "hang" });
    expect(await thrownBy(server.url, { timeout: 50 })).toMatchObject({ name: "ProviderFault", status: null });
    await server.close();
    expect(await thrownBy(server.url)).toMatchObject({ name: "ProviderFault", detail: "ECONNREFUSED" });
  });

  it.each([
    [403, '{"error":{"message":"no"}}', KeyRefused, { status: 403 }],
    [429, '{"error":{"message":"pay","code":"insufficient_quota"}}', AccessRefused, { reason: "quota", detail: "pay" }],
    [402, '{"error":{"message":"Insufficient Balance","code":"invalid_request_error"}}', AccessRefused, {}],
    [
      403,
      '{"error":{"message":"Project `p` does not have access to model `x`","code":"model_not_found"}}',
      ModelUnknown,
      { reason: "access" },
    ],
    [
      404,
      '{"error":{"message":"The model `x` does not exist or you do not have access to it.","code":"model_not_found"}}',
      ModelUnknown,
      { reason: "unknown" },
    ],
    [
      404,
      '{"error":{"code":404,"message":"Publisher Model `x` was not found or your project does not have access to it.","status":"NOT_FOUND"}}',
      ModelUnknown,
      { reason: "unknown" },
    ],
    [
      429,
      '{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM)"}}',
      RequestRefused,
      { reason: "too long" },
    ],
    [401, '{"statusCode":401,"message":"Access denied due to invalid subscription key"}', KeyRefused, {}],
    [
      404,
      '{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}',
      ModelUnknown,
      { reason: "deployment" },
    ],
    [404, "404 page not found", AddressWrong, { came: "not found" }],
    [404, '{"detail":"Not Found"}', AddressWrong, { came: "not found" }],
    [404, '{"error":{"message":"Invalid URL (POST /chat/completions)"}}', AddressWrong, { came: "not found" }],
    [200, '{"error":"Unexpected endpoint or method. (POST /chat/completions)"}', AddressWrong, { came: "not found" }],
    [200, '{"choices":[{"finish_reason":"error","message":{"content":"half"},"error":{"code":502}}]}', BodyBroken, {}],
    [200, '{"choices":[{"finish_reason":"error","message":{"content":"half"}}]}', BodyBroken, {}],
    [200, '{"choices":[{"finish_reason":"network_error","message":{"content":""}}]}', BodyBroken, {}],
    [200, '{"choices":[{"finish_reason":"insufficient_system_resource","message":{"content":"4"}}]}', BodyBroken, {}],
    [
      429,
      '{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"m is rate-limited upstream"}}}',
      RateLimited,
      { detail: "m is rate-limited upstream" },
    ],
    [
      400,
      '{"error":{"message":"Filtered.","code":"content_filter","innererror":{"content_filter_result":{"hate":{"filtered":false},"jailbreak":{"filtered":true}}}}}',
      ReplyWithheld,
      { detail: "jailbreak: Filtered." },
    ],
    [408, "", ProviderFault, { status: 408 }],
    [409, "{}", ProviderFault, { status: 409 }],
    [529, "overloaded", ProviderFault, { detail: "overloaded" }],
    [413, '{"detail":"too long"}', RequestRefused, { status: 413, detail: "too long" }],
    [404, '{"error":"model \\"x\\" not found, try pulling it first"}', ModelUnknown, { status: 404 }],
    [400, '{"error":{"message":"maximum context length","code":"context_length_exceeded"}}', RequestRefused, {}],
    [
      400,
      '{"error":{"message":"Filtered.","code":"content_filter","param":"prompt"}}',
      ReplyWithheld,
      { model: "fake" },
    ],
    [403, '{"error":{"message":"Your input was flagged","code":403}}', ReplyWithheld, {}],
    [200, '{"choices":[]}', BodyBroken, { detail: "the response has no choices" }],
    [200, "null", BodyBroken, {}],
    [204, "", BodyBroken, {}],
    [200, '{"error":{"message":"upstream","code":429}}', RateLimited, { detail: "upstream" }],
    [200, '{"error":{"message":"upstream","code":"x"}}', ProviderFault, { status: 502 }],
  ])("with status %s and body %s has its cause", async (status, body, cause, fields) => {
    const error = await thrownBy(await serveRaw(status, body));
    expect(error).toBeInstanceOf(cause);
    expect(error).toMatchObject(fields);
  });

  it("never quotes the key, nor what a server leaves of it", async () => {
    const message = `Incorrect key ${KEY} (sk-can***a9b, ca***ry). Header: Bearer ${KEY}`;
    const error = await thrownBy(await serveRaw(401, JSON.stringify({ error: { message } })));
    expect(error).toMatchObject({ name: "KeyRefused" });
    expect(String(error)).not.toMatch(/canary|sk-can|a9b|ry\)/);
    expect(await thrownBy(await serveRaw(500, `<html>${KEY}</html>`))).toMatchObject({ detail: "…" });
  });

  it("removes a placeholder for a key only where it stands alone, so that the reason is still read", async () => {
    const url = await serveRaw(404, `{"error":"model nonesuch not found, key none"}`);
    const server = connect(url, { key: "none" });
    expect(await server.complete(request("hi"), never).catch((error: unknown) => error)).toMatchObject({
      code: "ModelUnknown",
      detail: "model nonesuch not found, key …",
    });
  });

  it.each([
    [{ "retry-after": "3" }, 3000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after-ms": "120", "retry-after": "3" }, 120],
    [{ "retry-after": "Wed, 21 Oct 2026 07:28:10 GMT", date: "Wed, 21 Oct 2026 07:28:00 GMT" }, 10_000],
    [{ "retry-after": "Wed, 21 Oct 2015 07:28:10 GMT" }, 0],
    [{ "retry-after": "soon" }, null],
  ])("reads %o", async (headers, milliseconds) => {
    expect(await thrownBy(await serveRaw(429, "{}", headers))).toMatchObject({ retryAfter: milliseconds });
    expect(await thrownBy(await serveRaw(503, "{}", headers))).toMatchObject({ retryAfter: milliseconds });
  });

  it("is what a redirect is: the key goes nowhere else", async () => {
    const elsewhere = await serve();
    const location = `${elsewhere.url}/chat/completions`;
    for (const status of [301, 302, 307, 308]) {
      const error = await thrownBy(await serveRaw(status, "", { location }));
      expect(error).toMatchObject({ code: "AddressWrong", came: "redirect" });
    }
    expect(elsewhere.requests()).toBe(0);
  });

  it.each([
    ["https://127.0.0.1/v1/chat/completions", "https://127.0.0.1/v1"],
    ["https://elsewhere.example/v1/chat/completions", null],
    ["https://127.0.0.1/login?next=/v1/chat/completions", null],
    ["file:///v1/chat/completions", null],
  ])(
    "names the target of a redirect, and the base address if only the scheme or port moved: %s",
    async (location, suggestion) => {
      const error = await thrownBy(await serveRaw(308, "", { location }));
      expect(error).toMatchObject({ came: "redirect", detail: location.split("?")[0], suggestion });
    },
  );

  it("gives the reason of an abort, and closes the request", async () => {
    const server = await serve({ faults: () => "hang" });
    const controller = new AbortController();
    const call = connect(server.url).complete(request("hi"), controller.signal);
    while (server.requests() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    while (server.inFlight().now > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(connect(server.url).complete(request("hi"), controller.signal)).rejects.toThrow("enough");
    expect(server.requests()).toBe(1);
  });
});

describe("a refused parameter", () => {
  const schema = { name: "s", schema: { type: "object" } };

  it("is learned per model, renamed if the server says how", async () => {
    const server = await serve({ refuses: ["max_tokens", "temperature"] });
    const model = connect(server.url);
    const asked = request("hi", { params: { temperature: 0, max_tokens: 50, top_p: 1 } });
    const first = await model.complete(asked, never).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(ParameterRefused);
    expect(first).toMatchObject({ parameter: "max_tokens", renamedTo: "max_completion_tokens" });
    await expect(model.complete(asked, never)).rejects.toMatchObject({ parameter: "temperature", renamedTo: null });
    await model.complete(asked, never);
    expect(server.log.at(-1)!.body).toMatchObject({ max_completion_tokens: 50, top_p: 1 });
    expect(server.log.at(-1)!.body).not.toHaveProperty("temperature");
    expect(server.log.at(-1)!.body).not.toHaveProperty("max_tokens");
    await expect(model.complete({ ...asked, model: "other" }, never)).rejects.toBeInstanceOf(ParameterRefused);
  });

  it.each([
    ["json_schema", ["json_schema"]],
    ["json_object", ["json_schema", "json_object"]],
    ["none", ["json_schema", "json_object", undefined]],
  ] as const)("steps down to a server whose format is %s", async (format, tried) => {
    const server = await serve({ format });
    const refused: string[] = [];
    const { model, budget } = stackOver(connect(server.url), new FakeClock(), {
      onRefused: ({ parameter }) => refused.push(parameter),
    });
    await model.complete(request("hi", { schema }), never);
    await model.complete(request("again", { schema }), never);
    const formats = server.log.map(({ body }) => body.response_format?.type);
    expect(formats).toEqual([...tried, tried.at(-1)]);
    expect(refused).toHaveLength(tried.length - 1);
    expect(budget.spent.calls).toBe(server.requests());
  });

  it("is refused once, however many requests wait to go", async () => {
    const server: Server = await serve({
      refuses: ["temperature", "max_tokens"],
      format: "none",
      latency: 20,
      // The first answer shows what was learned; the others come when all that may go have gone.
      model: new FakeProvider(async (_request, _signal, count) => {
        if (count > 1) await vi.waitFor(() => expect(server.inFlight().most).toBeGreaterThanOrEqual(16), 60_000);
        return reply("hi");
      }),
    });
    const { model, budget } = stackOver(connect(server.url), patient, { concurrency: 16 });
    const ask = (name: string, more: Partial<ModelRequest>) =>
      Promise.all(
        Array.from({ length: 16 }, (_, at) =>
          model.complete(request(`${name} ${at}`, { params: { temperature: 0, max_tokens: 9 }, ...more }), never),
        ),
      );
    const replies = await Promise.all([ask("plain", {}), ask("json", { schema })]);
    expect(replies.flat()).toHaveLength(32);
    expect(server.log.filter(({ body }) => "temperature" in body)).toHaveLength(1);
    expect(server.log.filter(({ body }) => "max_tokens" in body)).toHaveLength(2);
    expect(server.log.filter(({ body }) => body.response_format)).toHaveLength(2);
    expect(server.requests()).toBe(32 + 4);
    expect(budget.spent.calls).toBe(server.requests());
    expect(server.inFlight().most).toBe(16);
  });

  it("that is not learned in time is waited for no longer: the others go", async () => {
    const server = await serve({ faults: ({ count }) => (count === 1 ? "hang" : null) });
    const { model } = stackOver(connect(server.url), new FakeClock());
    const stop = new AbortController();
    const first = model.complete(request("first"), stop.signal).catch((error: unknown) => error);
    while (server.requests() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const others = await Promise.all(["a", "b", "c"].map((each) => model.complete(request(each), never)));
    expect(others.map(({ text }) => text)).toEqual(["echo a", "echo b", "echo c"]);
    stop.abort(new Error("enough"));
    expect(await first).toMatchObject({ message: "enough" });
  });

  it("keeps no one waiting who has left", async () => {
    const server = await serve({ faults: () => "hang" });
    const { model } = stackOver(connect(server.url), patient);
    const stop = new AbortController();
    const calls = ["a", "b"].map((each) => model.complete(request(each), stop.signal).catch((error: unknown) => error));
    while (server.requests() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort(new Error("enough"));
    expect(await Promise.all(calls)).toMatchObject([{ message: "enough" }, { message: "enough" }]);
    expect(server.requests()).toBe(1);
  });

  it.each([
    [
      "OpenAI",
      "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
      "temperature",
    ],
    [
      "Mistral",
      '[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted","input":1}]',
      "seed",
    ],
    ["LM Studio", "'response_format.type' must be 'json_schema' or 'text'", "response_format json_schema"],
    ["llama.cpp", "Unknown parameter: top_k", "top_k"],
    ["a gateway", "this model does not support structured outputs", "response_format json_schema"],
    [
      "Groq",
      "This model does not support response format `json_schema`. See supported models.",
      "response_format json_schema",
    ],
    ["DeepSeek", "This response_format type is unavailable now", "response_format json_schema"],
    [
      "an old api-version of Azure",
      "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
      "response_format json_schema",
    ],
    ["llama.cpp's grammars", "Failed to initialize samplers: failed to parse grammar", "response_format json_schema"],
    [
      "Gemini",
      "Invalid JSON payload received. Unknown name \"additional_properties\" at 'generation_config.response_schema': Cannot find field.",
      "response_format json_schema",
    ],
    ["Gemini, of a parameter", 'Invalid JSON payload received. Unknown name "seed": Cannot find field.', "seed"],
    [
      "a strict reader of schemas",
      "Invalid schema for response_format 'vote': In context=(), 'required' is required to be supplied",
      "response_format json_schema",
    ],
    ["a reasoning model", "Unsupported parameter: 'temperature' is not supported with this model.", "temperature"],
    ["a chat template", "System role not supported", "system message"],
    ["o1-mini", "Unsupported value: 'messages[0].role' does not support 'system' with this model.", "system message"],
  ])("is understood from %s", async (_, message, parameter) => {
    const asked = request("hi", {
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "u" },
      ],
      params: { temperature: 0, seed: 1, top_k: 4, stop: "x" },
      schema,
    });
    const url = await serveRaw(
      400,
      JSON.stringify(message.startsWith("[") ? { detail: JSON.parse(message) } : { error: { message } }),
    );
    expect(await thrownBy(url, {}, asked)).toMatchObject({ name: "ParameterRefused", parameter });
  });

  it("is not an excuse to repeat what no parameter fixes", async () => {
    for (const message of [
      "This model's maximum context length is 8192 tokens. Please reduce the length of the messages or completion.",
      "Your request was stopped by the content filter",
      "Invalid 'messages[1].content': string too long",
      "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens.",
      "Failed to generate JSON. Please adjust your prompt.",
    ]) {
      const url = await serveRaw(400, JSON.stringify({ error: { message } }));
      const asked = request("hi", { params: { max_tokens: 99_999, stop: "x", seed: 1 } });
      expect(await thrownBy(url, {}, asked)).toBeInstanceOf(RequestRefused);
    }
  });

  it.each([
    "max_tokens is too large: 99999. This model supports at most 16384 completion tokens",
    "temperature: range: 0..1",
    "Input should be less than or equal to 2: temperature",
  ])("that is only wrong is not dropped, but named: the user corrects it (%s)", async (message) => {
    const url = await serveRaw(400, JSON.stringify({ error: { message } }));
    const asked = request("hi", { params: { temperature: 3, max_tokens: 99_999 } });
    expect(await thrownBy(url, {}, asked)).toMatchObject({ name: "ParameterInvalid", reach: "run" });
  });

  it("is not an excuse to drop a value that is only wrong: the user corrects it", async () => {
    const message = "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.";
    const body = { error: { message, param: "temperature", code: "decimal_above_max_value" } };
    const url = await serveRaw(400, JSON.stringify(body));
    const error = await thrownBy(url, {}, request("hi", { params: { temperature: 3 } }));
    expect(error).toMatchObject({ name: "ParameterInvalid", parameter: "temperature", detail: message });
  });

  it("can be the system message of a template that raises an exception", async () => {
    const message = "Jinja Exception: System role not supported";
    const url = await serveRaw(500, JSON.stringify({ error: { code: 500, message, type: "server_error" } }));
    const messages = [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
    ] as const;
    expect(await thrownBy(url, {}, request("hi", { messages }))).toMatchObject({ parameter: "system message" });
  });

  it("puts the system text into the user's message if a model knows no system role", async () => {
    let refuse = true;
    const server = createServer((incoming, response) => {
      let text = "";
      incoming.on("data", (part) => {
        text += part;
      });
      incoming.on("end", () => {
        const { messages } = JSON.parse(text);
        const body = refuse
          ? { error: { message: "System role not supported" } }
          : { choices: [{ message: { content: JSON.stringify(messages) } }] };
        response.writeHead(refuse ? 400 : 200).end(JSON.stringify(body));
        refuse = false;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push({ close: async () => void server.close() });
    const provider = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const { model } = stackOver(provider, new FakeClock());
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "hi" },
    ] as const;
    const { text } = await model.complete(request("hi", { messages }), never);
    expect(JSON.parse(text)).toEqual([{ role: "user", content: "Be brief.\n\nhi" }]);
  });
});

describe("the stack over real HTTP", () => {
  it("gives every reply under 20 % faults, and counts as the server counts", async () => {
    const contents = Array.from({ length: 150 }, (_, index) => `${index}`);
    const run = async (rate: number) => {
      const server = await serve({ faults: randomFaults(rate, 3), latency: [0, 3], key: KEY });
      const clock = new FakeClock();
      const { model, budget } = stackOver(connect(server.url, { clock }), clock, { concurrency: 8 });
      const replies = await Promise.all(contents.map((each) => model.complete(request(each), never)));
      expect(budget.spent.calls).toBe(server.requests());
      expect(server.inFlight().most).toBeLessThanOrEqual(8);
      return { texts: replies.map(({ text }) => text), kinds: new Set(server.log.map(({ fault }) => fault)) };
    };
    const [clean, faulty] = [await run(0), await run(0.2)];
    expect(faulty.texts).toEqual(clean.texts);
    expect([...faulty.kinds]).toEqual(expect.arrayContaining([null, ...TRANSIENT]));
  });

  it("leaves no request running after a cancel", async () => {
    const server = await serve({ latency: 60_000 });
    const clock = new FakeClock();
    const { model } = stackOver(connect(server.url), clock, { concurrency: 5 });
    const controller = new AbortController();
    const calls = Array.from({ length: 12 }, (_, index) => model.complete(request(`${index}`), controller.signal));
    while (server.requests() < 5) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error("cancelled"));
    for (const end of await Promise.allSettled(calls)) expect(end.status).toBe("rejected");
    while (server.inFlight().now > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(server.requests()).toBe(5);
  });
});
