import { checkAddress, OPENAI_ADDRESS } from "../address.ts";
import type { Provider } from "../provider.ts";
import { connectCompatible, listCompatible } from "./compatible.ts";

export const openai: Provider = {
  id: "openai",
  label: () => "OpenAI",
  detail: (t) => t("With your own API key"),
  fields: {
    address: {
      initial: OPENAI_ADDRESS,
      isAsked: false,
      isTried: false,
      prompt: () => "",
      read: (text) => ({ ...checkAddress(text), line: "" }),
    },
    key: "required",
  },
  names: "file",
  concurrency: 16,
  listsEnds: true,
  connect: connectCompatible,
  listModels: listCompatible,
};
