import type { Tools } from "../../deps.ts";

/** Calls tools only in a trusted workspace. @param refuse throws if the workspace is not trusted */
export function trustedTools(tools: Tools, refuse: () => void): Tools {
  return {
    async identify(name) {
      refuse();
      return tools.identify(name);
    },
    async call(name, input) {
      refuse();
      return tools.call(name, input);
    },
  };
}
