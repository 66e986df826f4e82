import { l10n, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import { Cancelled } from "../errors.ts";
import type { ProviderKind } from "./settings.ts";

/** Who answers the calls. @throws Cancelled */
export async function pickProvider(current: ProviderKind | null): Promise<ProviderKind> {
  const items: (QuickPickItem & { provider: ProviderKind })[] = [
    { provider: "openai", label: "OpenAI", detail: l10n.t("With your own API key.") },
    { provider: "azure", label: "Azure OpenAI", detail: l10n.t("With the address and the key of your own resource.") },
    {
      provider: "compatible",
      label: l10n.t("Any OpenAI-compatible server"),
      detail: l10n.t("Ollama, LM Studio, vLLM, llama.cpp and others, on this machine or elsewhere."),
    },
    {
      provider: "simulated",
      label: l10n.t("Simulated model"),
      detail: l10n.t("No key, nothing leaves this machine: for a first try. It understands the example graphs only."),
    },
  ];
  for (const item of items) if (item.provider === current) item.description = l10n.t("used now");
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Who answers the calls?"),
    placeHolder: l10n.t("Choose a model provider"),
    ignoreFocusOut: true,
    matchOnDetail: true,
  });
  if (!picked) throw new Cancelled();
  return picked.provider;
}

/** @param problem why an address cannot be used; null where it can. @throws Cancelled */
export async function askAddress(
  prompt: string,
  value: string,
  problem: (address: string) => string | null,
): Promise<string> {
  const address = await window.showInputBox({
    title: l10n.t("Address of the model server"),
    prompt,
    value,
    ignoreFocusOut: true,
    validateInput: (text) => problem(text.trim()),
  });
  if (!address) throw new Cancelled();
  return address.trim();
}

/** @throws Cancelled */
export async function askKey(origin: string): Promise<string> {
  const key = await window.showInputBox({
    title: l10n.t("API key for {0}", new URL(origin).host),
    prompt: l10n.t("Kept in VS Code's secret storage and sent to {0} only.", origin),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]+$/.test(text.trim()) ? null : l10n.t("A key has letters, digits and signs, no spaces."),
  });
  if (!key) throw new Cancelled();
  return key.trim();
}

/**
 * One model out of a server's list, or one typed by hand.
 * @param asInFile what an empty answer means; null where a name is needed
 * @returns the name; null for `asInFile`. @throws Cancelled
 */
export async function pickModel(
  title: string,
  names: readonly string[],
  asInFile: string | null,
): Promise<string | null> {
  const typed = { label: `$(edit) ${l10n.t("Type a name…")}` };
  const file = { label: `$(file-code) ${asInFile ?? ""}` };
  const items: QuickPickItem[] = [
    ...(asInFile === null ? [] : [file]),
    ...names.map((label) => ({ label })),
    { label: "", kind: QuickPickItemKind.Separator },
    typed,
  ];
  const picked = await window.showQuickPick(items, { title, ignoreFocusOut: true });
  if (!picked) throw new Cancelled();
  if (picked === file) return null;
  if (picked !== typed) return picked.label;
  const name = await window.showInputBox({
    title,
    prompt: l10n.t("The model's name, as the server knows it"),
    ignoreFocusOut: true,
  });
  if (!name?.trim()) throw new Cancelled();
  return name.trim();
}
