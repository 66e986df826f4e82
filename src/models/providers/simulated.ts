import type { Provider } from "../provider.ts";

/** A model without a server, for a first try. */
export const simulated: Provider = {
  id: "simulated",
  label: (t) => t("Simulated model"),
  detail: (t) => t("No API key or network; works with the example graphs"),
  fields: { address: null, key: "none" },
  names: "one",
  concurrency: 16,
  async connect() {
    const { createSimulated } = await import("../simulated/simulated.ts");
    return createSimulated();
  },
  listModels: async () => [],
};
