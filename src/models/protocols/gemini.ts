import { type GenerateContentConfig, GoogleGenAI } from "@google/genai";
import { imagesWithUser, partsOf } from "../../graph/images.ts";
import type { Sent } from "../parameters/parameter-support.ts";
import { countAt, property, textsAmong } from "../property.ts";
import { createServerModel, type ServerModel, type ServerOptions } from "./server-model.ts";

/** Google's Gemini API. @throws AddressRefused, KeyUnusable */
export function createGemini(options: ServerOptions): ServerModel {
  const headers = (key: string): Record<string, string> => (key === "" ? {} : { "x-goog-api-key": key });
  const server = createServerModel("gemini", options, headers, ({ address, key, timeout, fetch }) => {
    const [, base = address.url, apiVersion = "v1beta"] = /^(.*?)\/(v\d\w*)$/.exec(address.url) ?? [];
    const client = new GoogleGenAI({
      vertexai: false,
      apiKey: key || "none",
      apiVersion,
      httpOptions: { baseUrl: base, apiVersion, timeout: 2 * timeout, fetch },
    });
    return {
      ask: async (model, sent, { signal, headers }) => {
        const { contents, config } = contentBody(sent);
        const options = { abortSignal: signal, httpOptions: { headers } };
        return contentCompletion(
          await client.models.generateContent({ model, contents, config: { ...config, ...options } }),
        );
      },
      list: async (signal) => {
        const models: { id: string }[] = [];
        for await (const { name = "" } of await client.models.list({
          config: { pageSize: 1000, abortSignal: signal },
        })) {
          models.push({ id: name.replace(/^models\//, "") });
        }
        return models;
      },
    };
  });
  return { ...server, hasFlex: true, flexFull: [503] };
}

type Part = { readonly text: string } | { readonly inlineData: { mimeType: string; data: string } };

interface Content {
  readonly role: "user" | "model";
  readonly parts: Part[];
}

/** A request in Google's format. */
export function contentBody({ messages: sent, params }: Sent): { contents: Content[]; config: GenerateContentConfig } {
  const { max_tokens, max_completion_tokens, response_format, reasoning_effort, service_tier, ...others } = params;
  const { stop, top_p, top_k, ...rest } = others;
  const messages = imagesWithUser(sent);
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const schema = property(property(response_format, "json_schema"), "schema");
  const limit = max_tokens ?? max_completion_tokens;
  const config = {
    ...rest,
    ...(service_tier !== undefined && { serviceTier: service_tier }),
    ...(top_p !== undefined && { topP: top_p }),
    ...(top_k !== undefined && { topK: top_k }),
    ...(limit !== undefined && { maxOutputTokens: limit }),
    ...(stop !== undefined && { stopSequences: Array.isArray(stop) ? stop : [stop] }),
    ...(system.length > 0 && { systemInstruction: system.join("\n\n") }),
    ...(response_format !== undefined && { responseMimeType: "application/json" }),
    ...(schema !== undefined && { responseJsonSchema: schema }),
    ...(typeof reasoning_effort === "string" && { thinkingConfig: thinkingOf(reasoning_effort) }),
  } as GenerateContentConfig;
  const contents = messages
    .filter(({ role }) => role !== "system")
    .map(
      ({ role, content }): Content => ({
        role: role === "assistant" ? "model" : "user",
        parts: partsOf(content).map((part) =>
          typeof part === "string" ? { text: part } : { inlineData: { mimeType: part.type, data: part.data } },
        ),
      }),
    );
  return { contents, config };
}

function thinkingOf(effort: string) {
  return effort === "none" ? { thinkingBudget: 0 } : { thinkingLevel: effort.toUpperCase() };
}

/** An answer as a chat completion, so that the same rules read both. */
function contentCompletion(answer: unknown): unknown {
  const candidates = property(answer, "candidates");
  const candidate: unknown = Array.isArray(candidates) ? candidates[0] : undefined;
  const feedback = property(answer, "promptFeedback");
  const blocked = property(feedback, "blockReason");
  const usage = property(answer, "usageMetadata");
  if (candidate === undefined && blocked === undefined && usage === undefined)
    return JSON.parse(JSON.stringify(answer));
  const parts = property(property(candidate, "content"), "parts");
  const all = Array.isArray(parts) ? parts : [];
  const finish = property(candidate, "finishReason") ?? "stop";
  // Google also sends neither a candidate nor a reason: that is an empty reply.
  const isBlocked = candidate === undefined && blocked !== undefined;
  const calls = all.some((part) => property(part, "functionCall") !== undefined);
  return {
    model: property(answer, "modelVersion"),
    service_tier: property(usage, "serviceTier"),
    choices: [
      {
        finish_reason: isBlocked ? "SAFETY" : finish,
        withheld: isBlocked
          ? textsAmong("the prompt was blocked", blocked, property(feedback, "blockReasonMessage"))
          : textsAmong(finish, property(candidate, "finishMessage")),
        message: {
          role: "assistant",
          content: all.map((part) => ({
            type: property(part, "thought") === true ? "thought" : "text",
            text: property(part, "text"),
          })),
          ...(calls && { tool_calls: [{}] }),
        },
      },
    ],
    usage: {
      prompt_tokens: countAt(usage, "promptTokenCount"),
      completion_tokens: countAt(usage, "candidatesTokenCount") + countAt(usage, "thoughtsTokenCount"),
      prompt_tokens_details: { cached_tokens: countAt(usage, "cachedContentTokenCount") },
    },
  };
}
