import { checkAddress } from "../address.ts";
import { knownModel } from "../known-models.ts";
import type { ServerModel } from "../protocols/server-model.ts";
import type { NamedModel, Provider, ProviderConnection } from "../provider.ts";

/** A server with an address of its own that is compatible with OpenAI's chat completions, as one line of a table. */
export interface ServerPreset {
  readonly id: string;
  readonly label: string;
  /** At most 40 characters. */
  readonly detail: Provider["detail"];
  /** Base address. The user fills in a part in capitals. */
  readonly address: string;
  readonly key: Provider["fields"]["key"];
  /** Environment variable in which the vendor's own tools look up the key. */
  readonly keyVariable?: string;
  /** Maximum number of concurrent requests. Default 16. */
  readonly concurrency?: number;
  /** Default: OpenAI's protocol. */
  readonly connect?: (connection: ProviderConnection) => Promise<ServerModel>;
}

export function serverProvider({ connect = connectOpenAI, ...preset }: ServerPreset): Provider {
  const listsEnds = connect === connectOpenAI;
  const { id, label, detail, address, key, keyVariable, concurrency = 16 } = preset;
  return {
    id,
    label: () => label,
    detail,
    ...(keyVariable !== undefined && { keyVariable }),
    fields: {
      address: {
        initial: address,
        isAsked: key !== "required" || /[A-Z]/.test(address),
        isTried: key !== "required",
        prompt: (t) => t("The address of {0}, such as {1}", label, address),
        read: (text) => {
          const checked = checkAddress(text);
          return { ...checked, line: checked.url };
        },
      },
      key,
    },
    names: "own",
    listsEnds,
    concurrency,
    connect: ({ address: given, ...rest }) => connect({ ...rest, address: given || address }),
    listModels: async (connection, signal) => listOf(await connect(connection), signal),
  };
}

/** Loads the SDK's bundle only when needed. */
async function connectOpenAI({ address, ...rest }: ProviderConnection): Promise<ServerModel> {
  const { createOpenAI } = await import("../protocols/openai.ts");
  return createOpenAI({ ...rest, baseUrl: address });
}

/** The models of a server, with end dates that it names or that are known. */
export async function listOf(model: ServerModel, signal: AbortSignal): Promise<NamedModel[]> {
  return (await model.listModels(signal)).map(({ name, end, price }) => {
    const known = end ?? knownModel(name)?.end;
    return { name, ...(known !== undefined && { end: known }), ...(price && { price }) };
  });
}
