import { checkAddress } from "../address.ts";
import type { NamedModel, Provider, ProviderConnection } from "../provider.ts";
import { listOf } from "./server.ts";

const LOCAL = "http://127.0.0.1:11434";
const STUDIO = "http://127.0.0.1:1234";

/** Any server that is compatible with OpenAI's chat completions. */
export const compatible: Provider = {
  id: "compatible",
  label: (t) => t("Any OpenAI-compatible server"),
  detail: (t) => t("By its address"),
  fields: {
    address: {
      initial: LOCAL,
      isAsked: true,
      isTried: true,
      prompt: (t) => t("Ollama: {0}. LM Studio: {1}. If the server needs /v1, it is added.", LOCAL, STUDIO),
      read: (text) => {
        const address = checkAddress(text);
        return { ...address, line: address.url };
      },
    },
    key: "optional",
  },
  names: "own",
  concurrency: 16,
  listsEnds: true,
  connect: connectCompatible,
  listModels: listCompatible,
};

/** Loads the SDK's bundle only when needed. */
export async function connectCompatible({ address, ...rest }: ProviderConnection) {
  const { createOpenAI } = await import("../protocols/openai.ts");
  return createOpenAI({ ...rest, baseUrl: address });
}

export async function listCompatible(connection: ProviderConnection, signal: AbortSignal): Promise<NamedModel[]> {
  return listOf(await connectCompatible(connection), signal);
}
