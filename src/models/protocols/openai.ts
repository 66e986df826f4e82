import { AzureOpenAI, OpenAI } from "openai";
import { imagesWithUser } from "../../graph/images.ts";
import { openaiBatches } from "../batch/openai-batches.ts";
import { ParameterRefused } from "../errors.ts";
import { knownModel } from "../known-models.ts";
import { property } from "../property.ts";
import { ErrorResponse, withParts } from "./openai-wire.ts";
import { asksForResponses, completionFrom, responseRequest } from "./responses-wire.ts";
import type { ServerError } from "./server-error.ts";
import {
  type Connecting,
  createServerModel,
  type Protocol,
  type ServerModel,
  type ServerOptions,
} from "./server-model.ts";

export interface OpenAIOptions extends ServerOptions {
  /**
   * Set for Azure's own paths: `baseUrl` is then `https://<resource>.openai.azure.com/openai`, and models are
   * deployments.
   */
  readonly azureApiVersion?: string;
}

/**
 * A provider for OpenAI's chat completions, and its Responses API for models that need it.
 * @throws AddressRefused, KeyUnusable
 */
export function createOpenAI(options: OpenAIOptions): ServerModel {
  const { azureApiVersion } = options;
  const isAzure = azureApiVersion !== undefined;
  const headers = (key: string): Record<string, string> => {
    if (key === "") return {};
    return isAzure ? { "api-key": key } : { authorization: `Bearer ${key}` };
  };
  /** Models that the server only serves through the Responses API, according to its refusals. */
  const responsesOnly = new Set<string>();
  const asksResponses = (model: string) => responsesOnly.has(model) || knownModel(model)?.api === "responses";
  const query = isAzure ? `api-version=${encodeURIComponent(azureApiVersion)}` : "";
  const connect = (connecting: Connecting): Protocol => {
    const client = createClient(connecting, azureApiVersion);
    return {
      ask: async (model, sent, options) => {
        const messages = imagesWithUser(sent.messages);
        if (asksResponses(model)) {
          const body = responseRequest(model, { ...sent, messages });
          return completionFrom(await client.post<unknown>("/responses", { body, ...options }));
        }
        const body = { ...sent.params, model, messages: messages.map(withParts), stream: false as const };
        return client.chat.completions.create(body, options).catch((error: unknown) => {
          const refusal = refusalIn(error);
          if (refusal === null || !asksForResponses(refusal)) throw error;
          responsesOnly.add(model);
          throw new ParameterRefused(model, "chat/completions", "responses");
        });
      },
      list: async (signal) => listIn(await client.get<unknown>("/models", { signal })),
    };
  };
  const server = createServerModel(isAzure ? "azure" : "openai", options, headers, connect, query);
  const { hostname } = new URL(server.origin);
  return {
    ...server,
    hasFlex: !SAME_PRICE.test(hostname),
    ...(OWN_TIER.test(hostname) && { standardTier: "default" }),
    batches: openaiBatches(server.http, isAzure, asksResponses),
  };
}

/** Groq: its flex tier has higher limits, and costs the same. */
const SAME_PRICE = /(^|\.)groq\.com$/;

/** OpenAI, Azure: without a tier, a request has that of the project or deployment, which can be a dearer one. */
const OWN_TIER = /^([\w-]+\.)?api\.openai\.com$|\.azure\.com$/;

/** The list in an answer: some servers (Together, GitHub Models) send it alone. Ollama without models sends null. */
function listIn(answer: unknown): unknown {
  return Array.isArray(answer) ? answer : (property(answer, "data") ?? property(answer, "models") ?? []);
}

/** The server's error; null if it did not answer. */
function refusalIn(error: unknown): ServerError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ErrorResponse) return cause.error;
  }
  return null;
}

/**
 * The SDK provides paths, headers and Azure's variants. Neither the address nor the key comes from the environment,
 * and it doesn't retry.
 */
function createClient({ address, key, timeout, fetch }: Connecting, apiVersion: string | undefined): OpenAI {
  const own = {
    baseURL: address.url,
    apiKey: key || "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    // Our time limit is shorter and has its own error.
    timeout: 2 * timeout,
    logLevel: "off" as const,
    fetch,
  };
  return apiVersion === undefined ? new OpenAI(own) : new AzureOpenAI({ ...own, apiVersion });
}
