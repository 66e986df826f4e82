import type { Provider } from "../../models/provider.ts";
import { PROVIDERS } from "../../models/providers.ts";
import { vscodeModels } from "./vscode-models.ts";

/** The providers of the editor in the order of the pick: the simulated model last. */
export const EDITOR_PROVIDERS: readonly Provider[] = [...PROVIDERS.slice(0, -1), vscodeModels, ...PROVIDERS.slice(-1)];

export function providerNamed(id: unknown): Provider | null {
  return EDITOR_PROVIDERS.find((provider) => provider.id === id) ?? null;
}
