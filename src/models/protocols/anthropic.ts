import { Anthropic } from "@anthropic-ai/sdk";
import { anthropicBatches } from "../batch/anthropic-batches.ts";
import { asCompletion, messageBody } from "./anthropic-wire.ts";
import { createServerModel, type ServerModel, type ServerOptions } from "./server-model.ts";

/** Anthropic's Messages API. @throws AddressRefused, KeyUnusable */
export function createAnthropic(options: ServerOptions): ServerModel {
  const headers = (key: string): Record<string, string> => ({
    "anthropic-version": "2023-06-01",
    ...(key !== "" && { "x-api-key": key }),
  });
  const server = createServerModel("anthropic", options, headers, ({ address, key, timeout, fetch }) => {
    const client = new Anthropic({
      baseURL: address.url,
      apiKey: key || "none",
      authToken: null,
      webhookKey: null,
      maxRetries: 0,
      timeout: 2 * timeout,
      logLevel: "off",
      fetch,
    });
    return {
      ask: async (model, sent, options) =>
        asCompletion(await client.messages.create({ ...messageBody(sent), model, stream: false }, options)),
      list: async (signal) => (await client.models.list({ limit: 1000 }, { signal })).data,
    };
  });
  return { ...server, batches: anthropicBatches(server.http) };
}
