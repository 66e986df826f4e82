import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { EvaluationReport, RunReport } from "../../src/cli/output/json.ts";
import type { ModelReply } from "../../src/models/model.ts";
import { open } from "./cli.ts";
import { rows, scripted, writeGraph } from "./scripted.ts";

/**
 * What users of other programs reported about model servers, played to ours over HTTP: `repository#number` of each. The server
 * answers four of eight samples so, and the others well.
 */

type Kind = "chat" | "anthropic" | "gemini";
type Reply = readonly [status: number, body: unknown];

const usage = { prompt_tokens: 20, completion_tokens: 400 };
const chat = (message: object, finish_reason: string, more: object = {}): Reply => [
  200,
  { choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason }], usage, ...more },
];
const claude = (stop_reason: string, content: object[], more: object = {}): Reply => [
  200,
  {
    type: "message",
    role: "assistant",
    model: "m",
    content,
    stop_reason,
    usage: { input_tokens: 20, output_tokens: 400 },
    ...more,
  },
];
const gemini = (more: object): Reply => [200, { usageMetadata: { promptTokenCount: 20 }, modelVersion: "m", ...more }];

const PROTOCOLS = {
  chat: { provider: "compatible", path: "/v1", yes: chat({ content: "yes" }, "stop") },
  anthropic: { provider: "anthropic", path: "", yes: claude("end_turn", [{ type: "text", text: "yes" }]) },
  gemini: {
    provider: "gemini",
    path: "/v1beta",
    yes: gemini({ candidates: [{ content: { parts: [{ text: "yes" }] }, finishReason: "STOP" }] }),
  },
} as const;

const REPLY: ModelReply = {
  text: "",
  usage: { prompt: 0, completion: 0, estimated: false },
  model: "m",
  finish: "stop",
  key: "",
  source: "provider",
  requests: 1,
  milliseconds: 0,
};

/** Runs `evaluate` against a server that answers some samples with `reply`. */
async function evaluate(
  kind: Kind,
  reply: (nth: number) => Reply | null,
): Promise<{ report: EvaluationReport; requests: number }> {
  const seen = new Map<string, number>();
  let requests = 0;
  const { provider, path, yes } = PROTOCOLS[kind];
  const server = createServer(async (incoming, response) => {
    let text = "";
    for await (const part of incoming.setEncoding("utf8")) text += part;
    if (incoming.method === "GET") return response.end('{"data":[]}');
    requests++;
    const sample = /question (\d)\?/.exec(text)?.[1] ?? "9";
    const nth = (seen.get(sample) ?? 0) + 1;
    seen.set(sample, nth);
    const [status, body] = (Number(sample) < 4 ? reply(nth) : null) ?? yes;
    return response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bench = await open();
  const file = await writeGraph(bench, { data: rows(8, () => "yes"), loss: { kind: "exact" } });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const { stdout, stderr } = await bench.keyed(
    "evaluate",
    file,
    "--json",
    "--provider",
    provider,
    "--base-url",
    address,
    "--model",
    "m",
  );
  return { report: stdout === "" ? expect.fail(stderr) : JSON.parse(stdout), requests };
}

it.each<[report: string, kind: Kind, reply: Reply, said: RegExp]>([
  [
    "langchain-ai/langchain#32477: a limit that thoughts used up",
    "chat",
    chat({ content: "" }, "length"),
    /cut before the answer began; raise max_tokens/,
  ],
  [
    "AstrBotDevs/AstrBot#7410: null, although it stopped",
    "chat",
    chat({ content: null }, "stop"),
    /the reply is empty\)/,
  ],
  [
    "ollama/ollama#13371: null, and no tokens",
    "chat",
    chat({ content: null, refusal: null }, "stop", { usage: { prompt_tokens: 0, completion_tokens: 0 } }),
    /the reply is empty\)/,
  ],
  [
    "can1357/oh-my-pi#7465: the model was only loaded",
    "chat",
    chat({ content: "" }, "load"),
    /ended for an unknown reason \("load"\)/,
  ],
  [
    "langgenius/dify-official-plugins#2740: vLLM's `reasoning` alone",
    "chat",
    chat({ content: null, reasoning: "Yes or no?" }, "stop"),
    /holds only thoughts/,
  ],
  [
    "microsoft/TinyTroupe#100: a filter's categories",
    "chat",
    [
      200,
      {
        choices: [
          {
            finish_reason: "content_filter",
            content_filter_results: { hate: { filtered: false }, violence: { filtered: true } },
            message: {},
          },
        ],
      },
    ],
    /withheld an answer of model m: violence/,
  ],
  [
    "BerriAI/litellm#16231: a proxy's filter",
    "chat",
    [
      400,
      {
        error: {
          message:
            "litellm.ContentPolicyViolationError: The response was filtered due to the content management policy.",
          code: "400",
          provider_specific_fields: { innererror: { content_filter_result: { hate: { filtered: true } } } },
        },
      },
    ],
    /withheld an answer of model m: hate: litellm/,
  ],
  [
    "LiveBench/LiveBench#425: a thinking block alone",
    "anthropic",
    claude("end_turn", [{ type: "thinking", thinking: "", signature: "x" }]),
    /holds only thoughts/,
  ],
  ["spacedriveapp/spacebot#171: no blocks", "anthropic", claude("end_turn", []), /the reply is empty\)/],
  [
    "prism-php/prism#1003: a turn that is paused",
    "anthropic",
    claude("pause_turn", [{ type: "text", text: "no" }]),
    /unknown reason \("pause_turn"\)/,
  ],
  [
    "earendil-works/pi#5666: the reason of a refusal",
    "anthropic",
    claude("refusal", [], {
      stop_details: { type: "refusal", category: "cyber", explanation: "It may help an attack." },
    }),
    /withheld an answer of model m: cyber: It may help an attack/,
  ],
  [
    "inngest/agent-kit#178: content without parts",
    "gemini",
    gemini({ candidates: [{ content: {}, finishReason: "MALFORMED_FUNCTION_CALL" }] }),
    /unknown reason \("MALFORMED_FUNCTION_CALL"\)/,
  ],
  [
    "MaKTaiL/gemini-srt-translator#133: why a prompt is blocked",
    "gemini",
    gemini({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }),
    /the prompt was blocked: PROHIBITED_CONTENT/,
  ],
  [
    "google/adk-python#1357: a limit that thoughts used up",
    "gemini",
    gemini({ candidates: [{ content: { role: "model" }, finishReason: "MAX_TOKENS" }] }),
    /cut before the answer began/,
  ],
  [
    "epam/ai-dial-adapter-vertexai#85: a recitation",
    "gemini",
    gemini({ candidates: [{ finishReason: "RECITATION" }] }),
    /withheld an answer of model m: RECITATION/,
  ],
  [
    "google-gemini/deprecated-generative-ai-python#744: no parts, although it stopped",
    "gemini",
    gemini({ candidates: [{ content: { role: "model" }, finishReason: "STOP" }] }),
    /the reply is empty\)/,
  ],
  ["genkit-ai/genkit-dart#425: no candidate and no reason", "gemini", gemini({}), /the reply is empty\)/],
])("%s: no answer, and never a wrong one", async (_, kind, reply, said) => {
  const { report } = await evaluate(kind, () => reply);
  expect(report).toMatchObject({ status: "done", n: 8, unscored: 4, score: 1 });
  expect(report.warnings.join("\n")).toMatch(said);
});

it.each<[report: string, kind: Kind, reply: Reply]>([
  [
    "anthropics/claude-code#82500: overloaded",
    "anthropic",
    [529, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }],
  ],
  [
    "Doriandarko/claude-engineer#161: an error in a stream that began well",
    "anthropic",
    [200, 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'],
  ],
  [
    "google-gemini/gemini-cli#5191: overloaded",
    "gemini",
    [503, { error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" } }],
  ],
  [
    "xyOz-dev/Saturn#43: an error with status 200",
    "chat",
    [200, { error: { message: "Provider returned error", code: 502, metadata: { raw: "upstream connect error" } } }],
  ],
  [
    "maximhq/bifrost#5425: a reply that broke off, without an error",
    "chat",
    chat({ content: "n" }, "error", { usage: { prompt_tokens: null, completion_tokens: null } }),
  ],
  [
    "maximhq/bifrost#5963: no choices",
    "chat",
    [200, { choices: null, usage: null, error: { code: 502, message: "in-band" } }],
  ],
  [
    "lmstudio-ai/lmstudio-bug-tracker#1057: a model that has crashed",
    "chat",
    [400, { error: "The model has crashed without additional information. (Exit code: 18446744072635812000)" }],
  ],
  ["lmstudio-ai/lmstudio-bug-tracker#1492: a model that was unloaded", "chat", [400, { error: "Model is unloaded." }]],
  [
    "mostlygeek/llama-swap#146: a model that is being loaded",
    "chat",
    [503, { error: { code: 503, message: "Loading model", type: "unavailable_error" } }],
  ],
])("%s: asked again", async (_, kind, reply) => {
  const { report, requests } = await evaluate(kind, (nth) => (nth < 3 ? reply : null));
  expect(report).toMatchObject({ status: "done", n: 8, unscored: 0, score: 1 });
  expect(requests).toBe(8 + 4 * 2);
});

it("ollama/ollama#4967: a prompt that the server cuts silently is told, and its reply not kept", async () => {
  const more = "Lorem ipsum dolor sit amet consectetur adipiscing elit. ".repeat(400);
  const long = rows(8, () => "yes");
  const data = {
    ...long,
    validation: long.validation.map((row, at) => (at < 4 ? { ...row, question: more + row.question } : row)),
  };
  let context = 4_096;
  const bench = await open({
    model: {
      identity: "ollama",
      complete: async ({ messages }) => {
        const tokens = Math.ceil(messages.map(({ content }) => content).join().length / 4);
        const isCut = tokens > context;
        const prompt = isCut ? context / 2 + 3 : tokens;
        return {
          ...REPLY,
          text: isCut ? "What do you mean?" : "yes",
          usage: { prompt, completion: 5, estimated: false },
        };
      },
    },
  });
  const file = await writeGraph(bench, { data, loss: { kind: "exact" } });
  const evaluated = async (): Promise<EvaluationReport> =>
    JSON.parse((await bench.online("evaluate", file, "--json")).stdout);
  const { warnings, score } = await evaluated();
  expect(score).toBe(0.5);
  expect(warnings.join("\n")).toMatch(
    /2,?051 tokens in a prompt of 3,?2\d\d words.+OLLAMA_CONTEXT_LENGTH.+node solve.+\(3 more like this/,
  );
  context = 32_768;
  expect(await evaluated()).toMatchObject({ score: 1, calls: 4, warnings: [] });
});

it("onyx-dot-app/onyx#10893: a filter that withholds the prompt of the optimizer is told with the node", async () => {
  const model = scripted({ forward: () => "no" });
  const bench = await open({
    model: {
      ...model,
      complete: async (request, signal) => ({
        ...(await model.complete(request, signal)),
        ...(request.schema && { text: "", finish: "filter" as const }),
      }),
    },
  });
  const file = await writeGraph(bench, {
    data: rows(8, () => "yes"),
    loss: { kind: "exact" },
    optimize: { iterations: 1 },
  });
  const { stdout, stderr } = await bench.online("optimize", file, "--json", "--model", "scripted");
  const report: RunReport = stdout === "" ? expect.fail(stderr) : JSON.parse(stdout);
  expect(report).toMatchObject({ status: "done", proposals: [] });
  expect(report.warnings.join("\n")).toMatch(
    /No text was proposed because the call to the optimizer model failed\. \(node solve: .+withheld/,
  );
});
