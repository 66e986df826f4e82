import type { Clock } from "../../deps.ts";
import type { Model } from "../../models/model.ts";
import type { Connection } from "./account.ts";
import { createVscodeModel } from "./vscode-models.ts";

/** The model behind a connection. Reads the SDK's bundle only when one is needed. */
export async function createProvider(connection: Connection, clock: Clock): Promise<Model> {
  const { provider, url, key, azureApiVersion } = connection;
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
    azureApiVersion,
  });
}
