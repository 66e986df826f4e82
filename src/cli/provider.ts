import type { Clock } from "../deps.ts";
import { azureAddress } from "../models/azure.ts";
import type { Model } from "../models/model.ts";
import { Misuse } from "./errors.ts";

const OPENAI = "https://api.openai.com/v1";

export interface Connection {
  readonly baseUrl?: string;
  /** Takes the address for Azure's. */
  readonly azureApiVersion?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/**
 * Whom to ask. Address and key come from the person who runs the command, never from a file.
 * @param models every model that the run asks for.
 * @throws Misuse, AddressRefused
 */
export async function connect(models: readonly string[], connection: Connection): Promise<Model> {
  const { baseUrl, azureApiVersion, env, clock } = connection;
  const simulated = models.filter((model) => model === "simulated");
  if (simulated.length > 0 && baseUrl === undefined) {
    const other = models.find((model) => model !== "simulated");
    if (other !== undefined) {
      throw new Misuse(
        `The simulated model cannot run beside ${other}. Use --model simulated for every role, or for none.`,
      );
    }
    const { createSimulated } = await import("../models/simulated.ts");
    return createSimulated();
  }
  const key = env.AGENTGRAPH_API_KEY || env.OPENAI_API_KEY || "";
  if (key === "" && baseUrl === undefined) {
    throw new Misuse(
      `There is no key for ${[...new Set(models)].join(", ")}. Put one into AGENTGRAPH_API_KEY (or OPENAI_API_KEY), name a server with --base-url, or try it without a key: --model simulated.`,
    );
  }
  const { createOpenAI } = await import("../models/openai.ts");
  const azure = baseUrl === undefined ? null : azureAddress(baseUrl, azureApiVersion);
  if (azure) return createOpenAI({ baseUrl: azure.baseUrl, key, clock, azureApiVersion: azure.apiVersion });
  return createOpenAI({ baseUrl: baseUrl ?? OPENAI, key, clock });
}
