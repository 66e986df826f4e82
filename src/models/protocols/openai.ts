import { AzureOpenAI, OpenAI } from "openai";
import { imagesWithUser } from "../../graph/images.ts";
import { openaiBatches } from "../batch/openai-batches.ts";
import { withParts } from "./openai-wire.ts";
import {
  type Connecting,
  createServerModel,
  type Protocol,
  type ServerModel,
  type ServerOptions,
} from "./server-model.ts";

export interface OpenAIOptions extends ServerOptions {
  /** Set for Azure's own paths: `baseUrl` is `https://<resource>.openai.azure.com/openai` then, models are deployments. */
  readonly azureApiVersion?: string;
}

/** A provider that speaks OpenAI's chat completions. @throws AddressRefused, KeyUnusable */
export function createOpenAI(options: OpenAIOptions): ServerModel {
  const { azureApiVersion } = options;
  const isAzure = azureApiVersion !== undefined;
  const headers = (key: string): Record<string, string> => {
    if (key === "") return {};
    return isAzure ? { "api-key": key } : { authorization: `Bearer ${key}` };
  };
  const query = isAzure ? `api-version=${encodeURIComponent(azureApiVersion)}` : "";
  const connect = (connecting: Connecting): Protocol => {
    const client = createClient(connecting, azureApiVersion);
    return {
      ask: (model, { messages, params }, signal) =>
        client.chat.completions.create(
          { ...params, model, messages: imagesWithUser(messages).map(withParts), stream: false },
          { signal },
        ),
      list: async (signal) => (await client.models.list({ signal })).data,
    };
  };
  const server = createServerModel(isAzure ? "azure" : "openai", options, headers, connect, query);
  return { ...server, hasFlex: true, batches: openaiBatches(server.http, isAzure) };
}

/** The SDK knows paths, headers and Azure; neither address nor key comes from the environment, and nothing is repeated. */
function createClient({ address, key, timeout, fetch }: Connecting, apiVersion: string | undefined): OpenAI {
  const own = {
    baseURL: address.url,
    apiKey: key || "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    // Ours ends first, and says so.
    timeout: 2 * timeout,
    logLevel: "off" as const,
    fetch,
  };
  return apiVersion === undefined ? new OpenAI(own) : new AzureOpenAI({ ...own, apiVersion });
}
