import type { Clock } from "../../deps.ts";
import type { Model } from "../../models/model.ts";
import type { Connection } from "./account.ts";
import { createVscodeModel } from "./vscode-models.ts";

const AZURE_API = "2024-10-21";

/** The model behind a connection. Reads the SDK's bundle only when one is needed. */
export async function createProvider({ provider, url, key }: Connection, clock: Clock): Promise<Model> {
  if (provider === "vscode") return createVscodeModel(clock);
  if (url === null) {
    const { createSimulated } = await import("../../models/simulated.ts");
    return createSimulated();
  }
  const { createOpenAI } = await import("../../models/openai.ts");
  return createOpenAI({
    baseUrl: url,
    key: key ?? "",
    clock,
    azureApiVersion: provider === "azure" ? AZURE_API : undefined,
  });
}
