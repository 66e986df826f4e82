import { describe, expect, it } from "vitest";
import type { ModelErrorCode } from "../../../../src/models/errors.ts";
import type { ModelRequest } from "../../../../src/models/model.ts";
import { createOpenAI } from "../../../../src/models/protocols/openai.ts";
import { FakeClock, never, request, stackOver } from "../fakes.ts";
import { serve, serveRaw } from "../raw-server.ts";

/** What servers say of a request that they do not answer, in their own words, over HTTP through the SDK. */

const KEY = "sk-canary-5f1c0e7a9b";

async function thrownBy(status: number, body: unknown, asked: ModelRequest, headers = {}): Promise<unknown> {
  const { url, requests } = await serveRaw(status, body, headers);
  const model = createOpenAI({ baseUrl: url, key: KEY, clock: new FakeClock() });
  const error: unknown = await model.complete(asked, never).then(
    (reply) => expect.fail(`it was answered: ${reply.text}`),
    (reason: unknown) => reason,
  );
  expect(requests()).toBe(1);
  expect(JSON.stringify([error, String(error)])).not.toContain(KEY);
  return error;
}

interface Body {
  readonly messages: readonly { role: string; content: string }[];
  readonly response_format?: { type: string };
}

/** A model whose server answers by what it is sent. */
async function serveReplies(reply: (body: Body) => readonly [status: number, body: unknown]) {
  const { url } = await serve((text) => reply(JSON.parse(text)));
  return createOpenAI({ baseUrl: url, key: KEY, clock: new FakeClock() });
}

const answer = (content: string) => ({ choices: [{ message: { role: "assistant", content }, finish_reason: "stop" }] });

const openai = (message: string, more: object = {}) => ({ error: { message, type: "invalid_request_error", ...more } });

describe("a parameter that is refused", () => {
  const asked = request("hi", {
    messages: [
      { role: "system", content: "s" },
      { role: "user", content: "u" },
    ],
    params: {
      temperature: 0,
      top_p: 0.5,
      seed: 1,
      max_tokens: 9,
      stop: ["x"],
      reasoning_effort: "low",
      presence_penalty: 0,
      top_k: 4,
      n: 1,
    },
    schema: { name: "s", schema: { type: "object" } },
  });
  const format = "response_format json_schema";

  it.each<[server: string, status: number, body: unknown, parameter: string, renamedTo?: string]>([
    // One value only.
    [
      "OpenAI o3",
      400,
      openai(
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        { param: "temperature", code: "unsupported_value" },
      ),
      "temperature",
    ],
    [
      "a gateway that makes it a 500",
      500,
      openai(
        "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported. (request id: 2025)",
        { param: "temperature", code: "unsupported_value" },
      ),
      "temperature",
    ],
    ["Moonshot", 400, openai("invalid temperature: only 1 is allowed for this model"), "temperature"],
    [
      "Moonshot, without thinking",
      400,
      openai("invalid temperature: only 0.6 is allowed for this model"),
      "temperature",
    ],
    [
      "a gateway in front of Moonshot",
      400,
      openai("Error from provider (Moonshot AI): invalid temperature: only 1 is allowed for this model"),
      "temperature",
    ],
    [
      "Anthropic, thinking",
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "`temperature` may only be set to 1 when thinking is enabled.",
        },
      },
      "temperature",
    ],
    [
      "Anthropic, thinking, of top_p",
      400,
      openai("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."),
      "top_p",
    ],
    [
      "Bedrock",
      400,
      { message: "The model returned the following errors: `temperature` is deprecated for this model." },
      "temperature",
    ],
    [
      "Ollama",
      400,
      {
        error: {
          message: 'think value "medium" is not supported for this model',
          type: "api_error",
          param: null,
          code: null,
        },
      },
      "reasoning_effort",
    ],
    [
      "OpenAI, of an effort",
      400,
      openai(
        "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. Supported values are: 'low', 'medium', and 'high'.",
        { param: "reasoning_effort" },
      ),
      "reasoning_effort",
    ],
    // Two that exclude each other.
    [
      "Anthropic",
      400,
      openai("`temperature` and `top_p` cannot both be specified for this model. Please use only one."),
      "top_p",
    ],
    [
      "LiteLLM in front of Anthropic",
      400,
      {
        error: {
          message:
            'litellm.BadRequestError: AnthropicException - {"type":"error","error":{"type":"invalid_request_error","message":"temperature and top_p cannot both be specified for this model. Please use only one."}}',
          type: null,
          param: null,
          code: "400",
        },
      },
      "top_p",
    ],
    [
      "Bedrock, in camelCase",
      400,
      { message: "The model returned the following errors: temperature and topP are mutually exclusive." },
      "top_p",
    ],
    // Not known, or not for this model.
    [
      "OpenAI, a reasoning model",
      400,
      openai("Unsupported parameter: 'presence_penalty' is not supported with this model.", {
        param: "presence_penalty",
        code: "unsupported_parameter",
      }),
      "presence_penalty",
    ],
    [
      "xAI",
      400,
      { code: "Client specified an invalid argument", error: "Argument not supported on this model: presencePenalty" },
      "presence_penalty",
    ],
    [
      "xAI, newer",
      400,
      { code: "invalid-argument", error: "Model grok-4.20-0309-reasoning does not support parameter reasoningEffort." },
      "reasoning_effort",
    ],
    ["xAI, of stop", 400, { code: "invalid-argument", error: "Argument not supported on this model: stop" }, "stop"],
    [
      "Groq",
      400,
      openai("property 'reasoning_effort' is unsupported, did you mean 'reasoning_format'?"),
      "reasoning_effort",
    ],
    [
      "LiteLLM",
      400,
      {
        error: {
          message:
            "litellm.UnsupportedParamsError: groq does not support parameters: ['reasoning_effort'], for model=openai/gpt-oss-120b. To drop these, set `litellm.drop_params=True`",
          code: 400,
        },
      },
      "reasoning_effort",
    ],
    [
      "Mistral",
      422,
      {
        object: "error",
        message: {
          detail: [{ type: "extra_forbidden", loc: ["body", "seed"], msg: "Extra inputs are not permitted", input: 1 }],
        },
      },
      "seed",
    ],
    [
      "vLLM",
      400,
      {
        object: "error",
        message:
          "[{'type': 'extra_forbidden', 'loc': ('body', 'top_k'), 'msg': 'Extra inputs are not permitted', 'input': 4}]",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      "top_k",
    ],
    ["Fireworks", 400, openai("Extra inputs are not permitted, field: 'top_k'"), "top_k"],
    ["an older FastAPI", 400, { detail: [{ loc: ["body", "seed"], msg: "extra fields not permitted" }] }, "seed"],
    [
      "Gemini",
      400,
      [
        {
          error: {
            code: 400,
            message: 'Invalid JSON payload received. Unknown name "presencePenalty": Cannot find field.',
            status: "INVALID_ARGUMENT",
          },
        },
      ],
      "presence_penalty",
    ],
    [
      "Azure",
      400,
      {
        error: {
          message: "Unrecognized request argument supplied: reasoning_effort",
          type: "invalid_request_error",
          param: null,
          code: null,
        },
      },
      "reasoning_effort",
    ],
    ["Azure, of a plain word", 400, openai("Unrecognized request argument supplied: seed"), "seed"],
    [
      "llama.cpp",
      400,
      { error: { code: 400, message: "Unknown parameter: top_k", type: "invalid_request_error" } },
      "top_k",
    ],
    ["DeepInfra", 422, { detail: [{ loc: ["body", "n"], msg: "Input should be 1" }] }, "n"],
    [
      "HuggingFace",
      422,
      { error: "Input validation error: `seed` is not supported for this model", error_type: "validation" },
      "seed",
    ],
    // The limit of tokens, renamed both ways.
    [
      "OpenAI, of the limit",
      400,
      openai(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { param: "max_tokens" },
      ),
      "max_tokens",
      "max_completion_tokens",
    ],
    [
      "GitHub Copilot",
      400,
      {
        error: {
          message:
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
          code: "invalid_request_body",
        },
      },
      "max_tokens",
      "max_completion_tokens",
    ],
    [
      "Bedrock, under another name",
      400,
      {
        error: {
          message:
            'litellm.BadRequestError: BedrockException - {"message":"max_tokens_to_sample: Extra inputs are not permitted"}',
          code: "400",
        },
      },
      "max_tokens",
      "max_completion_tokens",
    ],
    [
      "Bedrock, of a key",
      400,
      {
        message:
          "Malformed input request: #: extraneous key [max_tokens] is not permitted, please reformat your input and try again.",
      },
      "max_tokens",
      "max_completion_tokens",
    ],
    [
      "Gemini, in camelCase",
      400,
      { error: { code: 400, message: "maxOutputTokens is not supported by this model", status: "INVALID_ARGUMENT" } },
      "max_tokens",
      "max_completion_tokens",
    ],
    // How JSON is asked for.
    [
      "OpenAI, an older model",
      400,
      openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", {
        param: "response_format",
      }),
      format,
    ],
    [
      "Groq, of the type",
      400,
      openai("'response_format.type' : value is not one of the allowed values ['text','json_object']"),
      format,
    ],
    [
      "Groq, in words",
      400,
      openai("This model does not support response format `json_schema`. See supported models."),
      format,
    ],
    [
      "xAI, of the format",
      400,
      {
        code: "Client specified an invalid argument",
        error: "The response_format parameter is unsupported at the moment. Leave it unset.",
      },
      format,
    ],
    ["DeepSeek", 400, openai("This response_format type is unavailable now"), format],
    ["LM Studio", 400, { error: "'response_format.type' must be 'json_schema' or 'text'" }, format],
    [
      "Gemini, JSON mode",
      400,
      [
        {
          error: {
            code: 400,
            message: "JSON mode is not enabled for models/gemma-3-27b-it",
            status: "INVALID_ARGUMENT",
          },
        },
      ],
      format,
    ],
    [
      "Gemini, of a key of the schema",
      400,
      {
        error: {
          message:
            "Invalid JSON payload received. Unknown name \"additional_properties\" at 'generation_config.response_schema': Cannot find field.",
        },
      },
      format,
    ],
    [
      "Gemini, camelCase",
      400,
      { error: { message: "responseFormat is not supported for this model", status: "INVALID_ARGUMENT" } },
      format,
    ],
    [
      "OpenAI, of the schema",
      400,
      openai(
        "Invalid schema for response_format 'vote': In context=(), 'required' is required to be supplied and to be an array including every key in properties.",
        { param: "response_format", code: null },
      ),
      format,
    ],
    [
      "vLLM's xgrammar",
      400,
      {
        object: "error",
        message: "The provided JSON schema contains features not supported by xgrammar.",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      format,
    ],
    [
      "vLLM's guided decoding, broken",
      500,
      {
        error: {
          message: "Failed to compile grammar for guided decoding: invalid json_schema",
          type: "InternalServerError",
          code: 500,
        },
      },
      format,
    ],
    [
      "llama.cpp's grammar",
      400,
      {
        error: {
          code: 400,
          message: "Failed to initialize samplers: failed to parse grammar",
          type: "invalid_request_error",
        },
      },
      format,
    ],
    [
      "llama.cpp's schema",
      500,
      { error: { code: 500, message: "JSON schema conversion failed: Unrecognized schema", type: "server_error" } },
      format,
    ],
    [
      "Azure in front of Claude",
      400,
      openai("The compiled grammar is too large, which would cause performance issues. Simplify your schema."),
      format,
    ],
    [
      "an old api-version of Azure",
      400,
      openai("response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"),
      format,
    ],
    [
      "Alibaba",
      400,
      openai(
        "<400> InternalError.Algo.InvalidParameter: 'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        { code: "invalid_parameter_error", param: null },
      ),
      format,
    ],
    [
      "OpenRouter, of something",
      404,
      {
        error: {
          message:
            "No endpoints found that can handle the requested parameters. To learn more about provider routing, visit: https://openrouter.ai/docs",
          code: 404,
        },
      },
      format,
    ],
    // Roles.
    [
      "Gemini of Gemma",
      400,
      [
        {
          error: {
            code: 400,
            message: "Developer instruction is not enabled for models/gemma-3-27b-it",
            status: "INVALID_ARGUMENT",
          },
        },
      ],
      "system message",
    ],
    [
      "OpenAI o1-mini",
      400,
      openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.", {
        param: "messages[0].role",
        code: "unsupported_value",
      }),
      "system message",
    ],
    [
      "vLLM, a template of Gemma",
      400,
      { object: "error", message: "System role not supported", type: "BadRequestError", param: null, code: 400 },
      "system message",
    ],
    [
      "vLLM, a template of Mistral",
      400,
      {
        object: "error",
        message: "Conversation roles must alternate user/assistant/user/assistant/...",
        type: "BadRequestError",
        param: null,
        code: 400,
      },
      "system message",
    ],
    [
      "vLLM, a newer template of Mistral",
      400,
      {
        error: {
          message:
            "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...",
          type: "BadRequestError",
          code: 400,
        },
      },
      "system message",
    ],
    [
      "llama.cpp's Jinja",
      500,
      { error: { code: 500, message: "Jinja Exception: System role not supported", type: "server_error" } },
      "system message",
    ],
    ["Llama 2's template", 400, { detail: "Only user and assistant roles are supported!" }, "system message"],
    [
      "a strict gateway",
      400,
      openai("'system' is not one of ['user', 'assistant'] - 'messages.0.role'"),
      "system message",
    ],
  ])("is read from %s", async (_, status, body, parameter, renamedTo) => {
    const error = await thrownBy(status, body, asked);
    expect(error).toMatchObject({ code: "ParameterRefused", parameter });
    if (renamedTo !== undefined) expect(error).toMatchObject({ renamedTo });
  });

  it("is read of a parameter of any name", async () => {
    const own = { ...asked, params: { ...asked.params, constructor: 1 } };
    const error = await thrownBy(400, openai("Unrecognized request argument supplied: constructor"), own);
    expect(error).toMatchObject({ code: "ParameterRefused", parameter: "constructor" });
  });

  it.each([
    [500, "The server had an error while processing your request. Sorry about that!"],
    [500, "The system encountered an unexpected error processing the message"],
    [502, "Bad gateway: failed to connect to upstream"],
    [503, "The model is currently overloaded and unavailable. Please stop sending requests for a while."],
    [503, "Service temporarily unavailable, seed node not reachable"],
    [504, "upstream request timeout: unexpected end of stream"],
    [529, "Overloaded: temperature of the data center is high"],
  ])("is none of what a failing server says (%s: %s)", async (status, message) => {
    expect(await thrownBy(status, { error: { message } }, asked)).toMatchObject({ code: "ProviderFault" });
  });

  it("is suspected if a plain 500 answers every request with a schema, and others are answered", async () => {
    const bodies: { response_format?: { type: string } }[] = [];
    const model = await serveReplies((body) => {
      bodies.push(body);
      return body.response_format?.type === "json_schema" ? [500, "Internal Server Error"] : [200, answer("fine")];
    });
    const { model: stack } = stackOver(model, new FakeClock());
    await stack.complete(request("plain"), never);
    const schema = { name: "s", schema: { type: "object" } };
    expect(await stack.complete(request("hi", { schema }), never)).toMatchObject({ text: "fine" });
    await stack.complete(request("again", { schema }), never);
    const formats = bodies.map(({ response_format }) => response_format?.type);
    expect(formats).toEqual([undefined, ...Array(3).fill("json_schema"), "json_object", "json_object"]);
  });

  it("of alternating roles gives one message for each turn", async () => {
    const model = await serveReplies(({ messages }) => {
      const roles = messages.map(({ role }) => role);
      const alternate = roles.every((role, at) => role === (at % 2 === 0 ? "user" : "assistant"));
      return alternate
        ? [200, answer(JSON.stringify(messages))]
        : [400, openai("Conversation roles must alternate user/assistant/user/assistant/...")];
    });
    const { model: stack } = stackOver(model, new FakeClock());
    const messages = [
      { role: "system", content: "s" },
      { role: "user", content: "a" },
      { role: "user", content: "b" },
      { role: "assistant", content: "c" },
      { role: "user", content: "d" },
    ] as const;
    const { text } = await stack.complete(request("hi", { messages }), never);
    expect(JSON.parse(text)).toEqual([
      { role: "user", content: "s\n\na\n\nb" },
      { role: "assistant", content: "c" },
      { role: "user", content: "d" },
    ]);
  });

  it("is called by its older name if the newer is not known", async () => {
    const body = {
      object: "error",
      message:
        "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 8192}]",
      code: 400,
    };
    const error = await thrownBy(400, body, request("hi", { params: { max_completion_tokens: 8192 } }));
    expect(error).toMatchObject({ parameter: "max_completion_tokens", renamedTo: "max_tokens" });
  });
});

describe("a request that is refused by itself", () => {
  const asked = request("a long text", { params: { max_tokens: 100, temperature: 0, stop: ["x"] } });

  it.each<[server: string, status: number, body: unknown]>([
    [
      "OpenAI",
      400,
      openai(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
        { code: "context_length_exceeded", param: "messages" },
      ),
    ],
    [
      "OpenAI, newer",
      400,
      openai("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.", {
        code: "context_length_exceeded",
      }),
    ],
    [
      "OpenAI, of a minute",
      429,
      openai("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.", {
        type: "tokens",
        code: "rate_limit_exceeded",
      }),
    ],
    [
      "Groq",
      413,
      openai(
        "Request too large for model `llama-3` on tokens per minute (TPM): Limit 6000, Requested 10000, please reduce your message size and try again.",
        { code: "rate_limit_exceeded" },
      ),
    ],
    [
      "vLLM",
      400,
      {
        object: "error",
        message:
          "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4900 in the messages, 100 in the completion).",
        code: 400,
      },
    ],
    [
      "vLLM, of the room that is left",
      400,
      { error: { message: "max_tokens must be at least 1, got -512.", type: "BadRequestError", code: 400 } },
    ],
    [
      "llama.cpp",
      400,
      {
        error: {
          code: 400,
          message: "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it",
          type: "exceed_context_size_error",
          n_prompt_tokens: 4390,
          n_ctx: 4096,
        },
      },
    ],
    [
      "llama.cpp, later",
      500,
      { error: { code: 500, message: "Context size has been exceeded.", type: "server_error" } },
    ],
    [
      "llama.cpp, of a batch",
      500,
      {
        error: {
          code: 500,
          message: "input is too large to process. increase the physical batch size",
          type: "server_error",
        },
      },
    ],
    [
      "llama.cpp, with status 200",
      200,
      {
        error: {
          code: 400,
          message:
            "the request exceeds the available context size. try increasing the context size or enable context shift",
          type: "exceed_context_size_error",
          n_prompt_tokens: 14429,
          n_ctx: 8192,
        },
      },
    ],
    [
      "ik_llama.cpp",
      500,
      { error: { code: 500, message: "Input prompt is too big compared to KV size. Please try increasing KV size." } },
    ],
    [
      "llama-cpp-python",
      500,
      { error: { message: "Requested tokens (2285) exceed context window of 2048", type: "internal_server_error" } },
    ],
    ["Ollama", 400, { error: { message: "the input length exceeds the context length", type: "api_error" } }],
    [
      "LM Studio",
      400,
      {
        error:
          "Trying to keep the first 15857 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough.",
      },
    ],
    [
      "LM Studio, newer",
      400,
      {
        error:
          "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: 13055>= n_ctx: 4096). Try to load the model with a larger context length, or provide a shorter input.",
      },
    ],
    [
      "Anthropic",
      400,
      {
        type: "error",
        error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" },
      },
    ],
    [
      "Anthropic, of the body",
      413,
      { type: "error", error: { type: "request_too_large", message: "Request exceeds the maximum size" } },
    ],
    [
      "Gemini",
      400,
      [
        {
          error: {
            code: 400,
            message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            status: "INVALID_ARGUMENT",
          },
        },
      ],
    ],
    [
      "Mistral",
      400,
      {
        object: "error",
        message:
          "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
        code: 3051,
      },
    ],
    [
      "xAI",
      400,
      {
        code: "invalid-argument",
        error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      },
    ],
    ["Bedrock", 400, { message: "The model returned the following errors: Input is too long for requested model." }],
    [
      "TGI",
      422,
      {
        error: "Input validation error: `inputs` must have less than 1024 tokens. Given: 4000",
        error_type: "validation",
      },
    ],
    [
      "SGLang",
      400,
      {
        object: "error",
        message: "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
        code: 400,
      },
    ],
    ["nginx", 413, "<html><head><title>413 Request Entity Too Large</title></head><body></body></html>"],
  ])("is too long for %s", async (_, status, body) => {
    const error = await thrownBy(status, body, asked);
    expect(error).toMatchObject({ code: "RequestRefused", reason: "too long", reach: "request" });
  });

  it.each<[server: string, status: number, body: unknown]>([
    [
      "Azure",
      400,
      {
        error: {
          message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
          param: "prompt",
          code: "content_filter",
          innererror: { code: "ResponsibleAIPolicyViolation" },
        },
      },
    ],
    [
      "OpenAI",
      400,
      openai("Your request was rejected as a result of our safety system.", { code: "content_policy_violation" }),
    ],
    [
      "OpenAI, of a prompt",
      400,
      openai("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", {
        code: "invalid_prompt",
      }),
    ],
    [
      "OpenRouter",
      403,
      { error: { message: "Your chosen model requires moderation and your input was flagged", code: 403 } },
    ],
    ["DeepSeek", 400, openai("Content Exists Risk")],
    [
      "Alibaba",
      400,
      { error: { message: "Input data may contain inappropriate content.", code: "data_inspection_failed" } },
    ],
    [
      "Zhipu, by a number",
      400,
      { error: { code: "1301", message: "系统检测到输入或生成内容可能包含不安全或敏感内容" } },
    ],
  ])("is withheld by %s", async (_, status, body) => {
    expect(await thrownBy(status, body, asked)).toMatchObject({ code: "ReplyWithheld", reach: "request" });
  });

  it.each([400, 422])("is refused for what it contains, with %s", async (status) => {
    const error = await thrownBy(status, { error: { message: "Something about this message is odd." } }, asked);
    expect(error).toMatchObject({ code: "RequestRefused", reason: "invalid", reach: "request" });
  });
});

describe("an account that has nothing left", () => {
  it.each<[server: string, status: number, body: unknown]>([
    [
      "OpenAI",
      429,
      openai("You exceeded your current quota, please check your plan and billing details.", {
        type: "insufficient_quota",
        code: "insufficient_quota",
      }),
    ],
    ["OpenAI, in the type alone", 429, openai("You exceeded your quota.", { type: "insufficient_quota", code: null })],
    ["OpenAI, of a limit", 400, openai("Billing hard limit has been reached", { code: "billing_hard_limit_reached" })],
    ["DeepSeek", 402, openai("Insufficient Balance", { code: "invalid_request_error" })],
    ["OpenRouter", 402, { error: { message: "This request requires more credits, or fewer max_tokens.", code: 402 } }],
    ["a gateway, with 200 and a number", 200, { error: { message: "Insufficient credits", code: 402 } }],
    ["a gateway, with 200 and text", 200, { error: { message: "no funds", code: "insufficient_quota" } }],
    ["a gateway, in an array with 200", 200, [{ error: { message: "no funds", code: "402" } }]],
    [
      "Anthropic",
      400,
      {
        type: "error",
        error: {
          type: "invalid_request_error",
          message: "Your credit balance is too low to access the Anthropic API.",
        },
      },
    ],
    ["Zhipu, by a number as text", 429, { error: { code: "1113", message: "您的账户已欠费，请充值后重试。" } }],
    [
      "SiliconFlow, by a number",
      403,
      { code: 30001, message: "Sorry, your account balance is insufficient", data: null },
    ],
    [
      "Alibaba",
      400,
      { error: { message: "Access denied, please make sure your account is in good standing.", code: "Arrearage" } },
    ],
    [
      "Moonshot",
      429,
      openai("Your account is suspended, please check your plan.", { type: "exceeded_current_quota_error" }),
    ],
    ["new-api", 403, openai("user quota is not enough", { code: "insufficient_user_quota" })],
    [
      "LiteLLM",
      400,
      {
        error: {
          message: "ExceededBudget: Budget has been exceeded! Current cost: 10.2, Max budget: 10.0",
          type: "budget_exceeded",
          code: "400",
        },
      },
    ],
    ["xAI", 403, { code: "personal-team-blocked", error: "You have run out of credits or need a Grok subscription." }],
    [
      "Gemini, of a day",
      429,
      [
        {
          error: {
            code: 429,
            message:
              "You exceeded your current quota. Quota exceeded for metric: generativelanguage.googleapis.com/generate_requests_per_day",
            status: "RESOURCE_EXHAUSTED",
          },
        },
      ],
    ],
    [
      "Gemini, of a day by its name alone",
      429,
      {
        error: {
          code: 429,
          message:
            "You exceeded your current quota. * Quota exceeded for metric: requests, limit: 20\nPlease retry in 12.5s.",
          status: "RESOURCE_EXHAUSTED",
          details: [
            { violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier", quotaValue: "20" }] },
            { retryDelay: "12s" },
          ],
        },
      },
    ],
    [
      "Gemini, without a free tier",
      429,
      {
        error: {
          code: 429,
          message:
            "You exceeded your current quota. * Quota exceeded for metric: free_tier_requests, limit: 0, model: gemini-3-pro\nPlease retry in 45.5s.",
          status: "RESOURCE_EXHAUSTED",
        },
      },
    ],
  ])("is told by %s, and the run ends", async (_, status, body) => {
    expect(await thrownBy(status, body, request("hi"))).toMatchObject({
      code: "AccessRefused",
      reason: "quota",
      reach: "run",
    });
  });

  it.each<[server: string, body: unknown, retryAfter: number | null]>([
    [
      "Gemini, of a minute",
      [
        {
          error: {
            code: 429,
            message: "You exceeded your current quota, please check your plan and billing details.",
            status: "RESOURCE_EXHAUSTED",
            details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "33s" }],
          },
        },
      ],
      33_000,
    ],
    [
      "Gemini, in words",
      {
        error: {
          code: 429,
          message: "Resource has been exhausted (e.g. check quota). Please retry in 45.5s.",
          status: "RESOURCE_EXHAUSTED",
        },
      },
      45_500,
    ],
    [
      "OpenAI",
      openai(
        "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 6m0s.",
        { code: "rate_limit_exceeded" },
      ),
      360_000,
    ],
    ["a gateway", openai("Too many requests. Please retry after 500 milliseconds."), 500],
    ["Bedrock", { message: "Too many tokens, please wait before trying again." }, null],
  ])("is not what %s means by a rate", async (_, body, retryAfter) => {
    expect(await thrownBy(429, body, request("hi"))).toMatchObject({
      code: "RateLimited",
      retryAfter,
      reach: "provider",
    });
  });
});

describe("a key, a model, a country", () => {
  it.each<[server: string, status: number, body: unknown, code: ModelErrorCode, fields: object]>([
    [
      "Gemini's key",
      400,
      [
        {
          error: {
            code: 400,
            message: "API key not valid. Please pass a valid API key.",
            status: "INVALID_ARGUMENT",
            details: [{ reason: "API_KEY_INVALID" }],
          },
        },
      ],
      "KeyRefused",
      {},
    ],
    ["OpenAI's key", 401, openai("Incorrect API key provided: sk-…", { code: "invalid_api_key" }), "KeyRefused", {}],
    [
      "OpenAI's country",
      403,
      {
        error: { message: "Country, region, or territory not supported", code: "unsupported_country_region_territory" },
      },
      "AccessRefused",
      { reason: "region" },
    ],
    [
      "Gemini's country",
      400,
      { error: { message: "User location is not supported for the API use.", status: "FAILED_PRECONDITION" } },
      "AccessRefused",
      { reason: "region" },
    ],
    ["DeepSeek's name", 400, openai("Model Not Exist"), "ModelUnknown", { reason: "unknown" }],
    [
      "OpenRouter's name",
      400,
      { error: { message: "foo/bar is not a valid model ID", code: 400 } },
      "ModelUnknown",
      {},
    ],
    [
      "Mistral's name",
      400,
      { object: "error", message: "Invalid model: foo", type: "invalid_model", code: "1500" },
      "ModelUnknown",
      {},
    ],
    [
      "Groq's end of a model",
      400,
      openai("The model `mixtral` has been decommissioned and is no longer supported.", {
        code: "model_decommissioned",
      }),
      "ModelUnknown",
      {},
    ],
    [
      "OpenAI's end of a model",
      404,
      openai("The model `gpt-4` has been deprecated", { code: "model_not_found" }),
      "ModelUnknown",
      {},
    ],
    [
      "LM Studio without a model",
      400,
      { error: "No models loaded. Please load a model in the developer page." },
      "ModelUnknown",
      {},
    ],
    [
      "Azure's deployment",
      404,
      { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
      "ModelUnknown",
      { reason: "deployment" },
    ],
  ])("%s is what it is", async (_, status, body, code, fields) => {
    expect(await thrownBy(status, body, request("hi"))).toMatchObject({ code, reach: "run", ...fields });
  });
});
