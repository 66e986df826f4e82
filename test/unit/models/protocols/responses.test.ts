import { describe, expect, it } from "vitest";
import { imageValue } from "../../../../src/graph/images.ts";
import { openaiBatches } from "../../../../src/models/batch/openai-batches.ts";
import {
  AnswerMissing,
  BodyBroken,
  KeyRefused,
  ModelUnknown,
  ParameterRefused,
  ProviderFault,
  RateLimited,
  RequestRefused,
} from "../../../../src/models/errors.ts";
import { KNOWN_MODELS } from "../../../../src/models/known-models.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { createOpenAI } from "../../../../src/models/protocols/openai.ts";
import { nodeDeps } from "../../../../src/platform/node.ts";
import { never, request } from "../fakes.ts";
import { type Answer, type Seen, serve } from "../json-server.ts";

/** The Responses API, spoken to a local server that answers as OpenAI's does. */

const KEY = "canary-key-5f1c0e7a9b";
const MODEL = "gpt-5-pro";
const { clock } = nodeDeps();

const schema = { name: "sum", schema: { type: "object", properties: { sum: { type: "number" } } } };

function asked(more: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [
    { role: "system", content: "Add." },
    { role: "user", content: "What is 2 + 2?" },
    { role: "assistant", content: "5" },
    { role: "user", content: "Again." },
  ] as const;
  return request("", { model: MODEL, messages, params: { max_tokens: 100, reasoning_effort: "high" }, ...more });
}

const text = (said: string, more: object = {}) => ({
  type: "message",
  id: "msg_1",
  status: "completed",
  role: "assistant",
  content: [{ type: "output_text", text: said, annotations: [] }],
  ...more,
});
const thoughts = { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Two and two." }] };

function response(output: readonly object[], more: object = {}): Answer {
  const usage = {
    input_tokens: 1200,
    input_tokens_details: { cached_tokens: 1024 },
    output_tokens: 64,
    output_tokens_details: { reasoning_tokens: 60 },
    total_tokens: 1264,
  };
  const about = { id: "resp_1", object: "response", created_at: 1, model: `${MODEL}-2025-10-06`, error: null };
  return [200, { ...about, status: "completed", incomplete_details: null, output, usage, ...more }];
}

function refusal(status: number, error: object): Answer {
  return [status, { error: { type: "invalid_request_error", param: null, code: null, ...error } }];
}

async function connected(answer: (seen: Seen) => Answer | "hang", timeout = 60_000) {
  const { url, seen } = await serve(answer);
  return { model: createOpenAI({ baseUrl: `${url}/v1`, key: KEY, clock, timeout }), seen };
}

async function answered(answer: Answer, more: Partial<ModelRequest> = {}) {
  const { model } = await connected(() => answer);
  return model.complete(asked(more), never);
}

describe("a model that the Responses API alone answers", () => {
  it("is asked there, with everything in its words, and nothing is kept on the server", async () => {
    const { model, seen } = await connected(() => response([thoughts, text("4")]));
    const params = { max_completion_tokens: 50, reasoning_effort: "high", verbosity: "low", top_p: undefined };
    const reply = await model.complete(asked({ params, schema }), never);
    const [{ path, body, headers }] = seen as [Seen];
    expect(path).toBe("/v1/responses");
    expect(headers.authorization).toBe(`Bearer ${KEY}`);
    expect(body).toEqual({
      model: MODEL,
      input: asked().messages,
      max_output_tokens: 50,
      reasoning: { effort: "high" },
      text: { verbosity: "low", format: { type: "json_schema", name: "sum", schema: schema.schema, strict: true } },
      store: false,
      stream: false,
    });
    expect(reply).toMatchObject({ text: "4", finish: "stop", model: "gpt-5-pro-2025-10-06", source: "provider" });
    expect(reply.usage).toEqual({ prompt: 1200, completion: 64, estimated: false, cached: 1024 });
  });

  it("gets parameters of any name", async () => {
    const { model, seen } = await connected(() => response([text("4")]));
    await model.complete(asked({ params: { constructor: 1, verbosity: "low" } }), never);
    expect(Object.entries(seen[0]?.body ?? {})).toContainEqual(["constructor", 1]);
    expect(seen[0]?.body.text).toEqual({ verbosity: "low" });
  });

  it("sees images", async () => {
    const { model, seen } = await connected(() => response([text("4")]));
    const content = `How many? ${imageValue({ type: "image/png", data: "iVBORw0=" })}`;
    await model.complete(asked({ messages: [{ role: "user", content }], params: {} }), never);
    expect(seen[0]?.body.input[0].content).toEqual([
      { type: "input_text", text: "How many? " },
      { type: "input_image", image_url: "data:image/png;base64,iVBORw0=" },
    ]);
  });

  it("is known by the table, or by what the server says of it, which costs no attempt", async () => {
    expect(KNOWN_MODELS[MODEL]?.api).toBe("responses");
    for (const message of [
      "This model is only supported in v1/responses and not in v1/chat/completions.",
      "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Use the Responses API instead.",
      "Unsupported legacy protocol: /v1/chat/completions is not supported. Please use /v1/responses.",
    ]) {
      const { model, seen } = await connected(({ path }) =>
        path === "/v1/responses" ? response([text("4")]) : refusal(404, { message, param: "model" }),
      );
      const own = asked({ model: "gpt-7-codex", params: {} });
      await expect(model.complete(own, never)).rejects.toThrow(ParameterRefused);
      expect((await model.complete(own, never)).text).toBe("4");
      expect(seen.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/v1/responses"]);
    }
  });

  it("does not take other refusals of chat completions for that", async () => {
    for (const message of ["The model gpt-9 does not exist.", "Only 3 responses a minute are allowed."]) {
      const { model, seen } = await connected(() => refusal(404, { message, code: "model_not_found" }));
      const own = asked({ model: "gpt-9", params: {} });
      await expect(model.complete(own, never)).rejects.toThrow(ModelUnknown);
      await expect(model.complete(own, never)).rejects.toThrow(ModelUnknown);
      expect(seen.every(({ path }) => path === "/v1/chat/completions")).toBe(true);
    }
  });
});

describe("an answer of the Responses API", () => {
  it("is the text of its messages, and of the final ones where some are only on the way", async () => {
    expect((await answered(response([text("4"), thoughts, text(" it is")]))).text).toBe("4 it is");
    const commentary = text("Let me add.", { phase: "commentary" });
    expect((await answered(response([commentary, text("4", { phase: "final_answer" })]))).text).toBe("4");
    expect((await answered(response([text("<think>2</think>4")]))).text).toBe("4");
  });

  it("that is refused is the refusal, as with chat completions", async () => {
    const refused = { type: "message", role: "assistant", content: [{ type: "refusal", refusal: "I can't help." }] };
    expect(await answered(response([thoughts, refused]))).toMatchObject({ text: "I can't help.", finish: "stop" });
  });

  it("that was cut is cut, also where nothing but thoughts came, and one that was filtered is withheld", async () => {
    const cut = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    expect(await answered(response([text("The ans")], cut))).toMatchObject({ text: "The ans", finish: "length" });
    expect(await answered(response([thoughts], cut))).toMatchObject({ text: "", finish: "length" });
    expect(await answered(response([thoughts], { status: "incomplete" }))).toMatchObject({ finish: "length" });
    const filtered = { status: "incomplete", incomplete_details: { reason: "content_filter" } };
    expect(await answered(response([text("The")], filtered))).toMatchObject({ finish: "filter" });
  });

  it.each([
    ["thoughts alone", [thoughts], "thoughts"],
    ["nothing", [], "empty"],
    ["an empty text", [text("  ")], "empty"],
    ["an empty message", [text("", { content: [] })], "empty"],
    ["a call of a tool", [{ type: "function_call", name: "add", arguments: "{}" }], "tool calls"],
  ] as const)("without a text is never a wrong answer: %s", async (_, output, reason) => {
    const error = await answered(response(output)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AnswerMissing);
    expect(error).toMatchObject({ reason, usage: { prompt: 1200, completion: 64 } });
  });

  it.each(["queued", "in_progress", "cancelled", "failed"])(
    "that is %s is none, and asked for again",
    async (status) => {
      await expect(answered(response([text("4")], { status }))).rejects.toThrow(BodyBroken);
    },
  );

  it("with an error of its own is that error, though its status is 200", async () => {
    const failed = (code: string) => response([], { status: "failed", error: { code, message: "It went wrong." } });
    await expect(answered(failed("server_error"))).rejects.toThrow(ProviderFault);
    await expect(answered(failed("rate_limit_exceeded"))).rejects.toThrow(RateLimited);
    expect(await answered(failed("invalid_prompt")).catch(({ reach }) => reach)).not.toBe("run");
  });

  it("of another kind is said to be none", async () => {
    await expect(answered([200, { hello: "world" }])).rejects.toThrow(/other JSON|other|200/i);
    await expect(answered([200, '{"object": "response", "output": [{"type": "mess'])).rejects.toThrow(BodyBroken);
  });

  it("without counts has estimated ones", async () => {
    const { usage } = await answered(response([text("4")], { usage: null }));
    expect(usage.estimated).toBe(true);
  });

  it("of the flex tier is priced as such", async () => {
    expect((await answered(response([text("4")], { service_tier: "flex" }))).usage.tier).toBe("flex");
  });
});

describe("a refusal of the Responses API", () => {
  it.each([
    ["seed", { seed: 1 }, "Unsupported parameter: 'seed' is not supported with this model.", "seed"],
    [
      "reasoning_effort",
      { reasoning_effort: "none" },
      "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
      "reasoning.effort",
    ],
    [
      "verbosity",
      { verbosity: "low" },
      "Unsupported parameter: 'text.verbosity' is not supported with this model.",
      "text.verbosity",
    ],
    ["verbosity", { verbosity: "low" }, "This is not supported with this model.", "text.verbosity"],
    ["stop", { stop: ["x"] }, "Unknown parameter: 'stop'.", "stop"],
  ])("of %s leaves it out from then on", async (name, params, message, param) => {
    const { model, seen } = await connected(({ body }) =>
      seen.length === 1
        ? refusal(400, { message, param, code: "unsupported_parameter" })
        : response([text(JSON.stringify(body))]),
    );
    const own = asked({ params });
    await expect(model.complete(own, never)).rejects.toThrow(ParameterRefused);
    const { text: sent } = await model.complete(own, never);
    expect(sent).not.toContain(name === "reasoning_effort" ? "effort" : `"${name}"`);
  });

  it("of a schema asks for JSON alone, then for none", async () => {
    const { model, seen } = await connected(({ body }) => {
      if (!body.text) return response([text("4")]);
      const { type } = body.text.format;
      const message = `Invalid parameter: 'text.format' of type '${type}' is not supported with this model.`;
      return refusal(400, { message, param: "text.format" });
    });
    const own = asked({ params: {}, schema });
    await expect(model.complete(own, never)).rejects.toThrow(ParameterRefused);
    await expect(model.complete(own, never)).rejects.toThrow(ParameterRefused);
    expect((await model.complete(own, never)).text).toBe("4");
    expect(seen.map(({ body }) => body.text?.format.type)).toEqual(["json_schema", "json_object", undefined]);
  });

  it.each([
    ["text.format", { params: {}, schema }, "Invalid parameter: 'text.format' is not supported with this model."],
    ["text.format.type", { params: {}, schema }, "This is not supported with this model."],
    ["text.verbosity", { params: { verbosity: "low" } }, "Unsupported parameter: 'text.verbosity'."],
    [
      "max_output_tokens",
      { params: { max_tokens: 100 } },
      "Unsupported parameter: 'max_output_tokens' is not supported with this model.",
    ],
  ])("of %s in the line of a batch is learned as well", async (param, more, message) => {
    const { model } = await connected(() => response([text("4")]));
    const own = asked(more);
    const sent = await model.lines.fit(own);
    const said = { status: 400, message, codes: [], param, retryAfter: null, page: null };
    expect(model.lines.refused(own, sent, said)).toBeInstanceOf(ParameterRefused);
    expect(await model.lines.fit(own)).not.toEqual(sent);
  });

  it("of the key, the model, the rate or the content is what it is anywhere", async () => {
    await expect(answered(refusal(401, { message: "Incorrect API key.", code: "invalid_api_key" }))).rejects.toThrow(
      KeyRefused,
    );
    await expect(
      answered(refusal(404, { message: "The model does not exist.", code: "model_not_found" })),
    ).rejects.toThrow(ModelUnknown);
    await expect(answered([429, { error: { message: "Slow down.", code: "rate_limit_exceeded" } }])).rejects.toThrow(
      RateLimited,
    );
    await expect(answered([503, "overloaded"])).rejects.toThrow(ProviderFault);
    const long = refusal(400, { message: "Your input exceeds the context window.", code: "context_length_exceeded" });
    await expect(answered(long)).rejects.toThrow(RequestRefused);
  });

  it("that never comes is a timeout", async () => {
    const { model } = await connected(() => "hang", 100);
    await expect(model.complete(asked(), never)).rejects.toMatchObject({ reason: "timeout" });
  });
});

it("a batch asks such a model there, and reads its answers", async () => {
  let uploaded = "";
  const bodies: unknown[] = [];
  const [, answer] = response([thoughts, text("4")]);
  const http = {
    identity: "openai https://x",
    json: async (path: string, body: unknown) => {
      if (body instanceof FormData) uploaded = await (body.get("file") as Blob).text();
      else bodies.push(body);
      return { id: path === "/files" ? "file-1" : "batch-1" };
    },
    async *rows() {
      yield { custom_id: "k", response: { status_code: 200, body: answer } };
    },
  };
  const api = openaiBatches(http, false, (model) => model === MODEL);
  const sent = { messages: asked().messages, params: { max_tokens: 5 } };
  await api.submit([{ key: "k", model: MODEL, sent }], "mark", async () => {}, never);
  expect(bodies).toMatchObject([{ endpoint: "/v1/responses" }]);
  expect(JSON.parse(uploaded)).toMatchObject({ url: "/v1/responses", body: { max_output_tokens: 5, store: false } });
  const results = [];
  for await (const one of api.results({ results: ["file-2"] } as never, never)) results.push(one);
  expect(results).toMatchObject([{ key: "k", status: 200, body: { choices: [{ message: { content: "4" } }] } }]);
  await api.submit([{ key: "k", model: "gpt-6-luna", sent }], "mark", async () => {}, never);
  expect(bodies.at(-1)).toMatchObject({ endpoint: "/v1/chat/completions" });
});
