import { checkAddress } from "../address.ts";
import { azureLine, calledAzure } from "../protocols/azure.ts";
import type { Provider } from "../provider.ts";
import { connectCompatible } from "./compatible.ts";

/** Azure OpenAI with its own paths: models are named by their deployments. */
export const azure: Provider = {
  id: "azure",
  label: () => "Azure OpenAI",
  detail: (t) => t("With your own endpoint and key"),
  fields: {
    address: {
      initial: "",
      isAsked: true,
      isTried: false,
      prompt: (t) =>
        t("The endpoint of your resource, such as https://NAME.openai.azure.com, or the target URI of a deployment"),
      read: (text) => {
        const own = calledAzure(text);
        const address = checkAddress(own?.baseUrl ?? text);
        const model = own?.deployment ?? undefined;
        return { ...address, line: own ? azureLine(own) : address.url, ...(model !== undefined && { model }) };
      },
    },
    key: "required",
  },
  names: "deployments",
  concurrency: 16,
  async connect({ address, ...rest }) {
    const own = calledAzure(address);
    if (!own) return connectCompatible({ address, ...rest });
    const { createOpenAI } = await import("../protocols/openai.ts");
    return createOpenAI({ ...rest, baseUrl: own.baseUrl, azureApiVersion: own.apiVersion });
  },
  // Azure lists what could be deployed, not what is.
  listModels: async () => [],
};
