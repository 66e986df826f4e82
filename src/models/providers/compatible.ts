import { checkAddress } from "../address.ts";
import { knownModel } from "../known-models.ts";
import type { NamedModel, Provider, ProviderConnection } from "../provider.ts";

const LOCAL = "http://127.0.0.1:11434/v1";

/** Any server that speaks OpenAI's chat completions. */
export const compatible: Provider = {
  id: "compatible",
  label: (t) => t("Any OpenAI-compatible server"),
  detail: (t) => t("Ollama, LM Studio, vLLM, llama.cpp …"),
  fields: {
    address: {
      initial: LOCAL,
      isAsked: true,
      isTried: true,
      prompt: (t) => t("Include /v1. Ollama: {0}. LM Studio: http://127.0.0.1:1234/v1.", LOCAL),
      read: (text) => {
        const address = checkAddress(text);
        return { ...address, line: address.url };
      },
    },
    key: "optional",
  },
  names: "own",
  concurrency: 16,
  connect: connectCompatible,
  listModels: listCompatible,
};

/** Reads the SDK's bundle only when it is needed. */
export async function connectCompatible({ address, ...rest }: ProviderConnection) {
  const { createOpenAI } = await import("../openai.ts");
  return createOpenAI({ ...rest, baseUrl: address });
}

export async function listCompatible(connection: ProviderConnection, signal: AbortSignal): Promise<NamedModel[]> {
  const models = await (await connectCompatible(connection)).listModels(signal);
  return models.map(({ name, end }) => {
    const known = end ?? knownModel(name)?.end;
    return known === undefined ? { name } : { name, end: known };
  });
}
