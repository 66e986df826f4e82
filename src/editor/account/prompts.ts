import { l10n, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { NamedModel, Provider } from "../../models/provider.ts";
import { Cancelled } from "../errors.ts";
import { EDITOR_PROVIDERS } from "./providers.ts";

/** Asks for the provider. @throws Cancelled */
export async function pickProvider(current: Provider | null): Promise<Provider> {
  const items = EDITOR_PROVIDERS.map((provider): QuickPickItem & { provider: Provider } => ({
    provider,
    label: provider.label(l10n.t),
    detail: provider.detail(l10n.t),
    ...(provider === current && { description: l10n.t("used now") }),
  }));
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Which model provider should be used?"),
    placeHolder: l10n.t("Choose a model provider"),
    ignoreFocusOut: true,
    matchOnDetail: true,
  });
  if (!picked) throw new Cancelled();
  return picked.provider;
}

/** @param problem why an address is not usable; null if it is. @throws Cancelled */
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
      /^[\x21-\x7e]+$/.test(text.trim()) ? null : l10n.t("A key can't contain spaces or control characters."),
  });
  if (!key) throw new Cancelled();
  return key.trim();
}

/**
 * Asks for a model from a list, or one typed by hand.
 * @param none label for no model
 * @param first preselected if nothing was chosen before
 * @param current chosen before
 * @returns the name; null for none
 * @throws Cancelled
 */
export async function pickModel(
  title: string,
  models: readonly NamedModel[],
  { none, first, current }: { readonly none: string; readonly first: "none" | "models"; readonly current?: string },
): Promise<string | null> {
  const typed = { label: `$(edit) ${l10n.t("Enter a name…")}` };
  const file = { label: `$(file-code) ${none}` };
  const itemOf = ({ name, title: detail = "" }: NamedModel) => ({ label: name, detail });
  const isUsed = ({ name }: NamedModel) => name === current;
  const used = current ? [models.find(isUsed) ?? { name: current }] : [];
  const offered = models.filter((model) => !isUsed(model)).map(itemOf);
  const items: QuickPickItem[] = [
    ...used.map((model) => ({ ...itemOf(model), description: l10n.t("used now") })),
    ...(first === "none" ? [file, ...offered] : [...offered, file]),
    { label: "", kind: QuickPickItemKind.Separator },
    typed,
  ];
  const picked = await window.showQuickPick(items, { title, ignoreFocusOut: true, matchOnDetail: true });
  if (!picked) throw new Cancelled();
  if (picked === file) return null;
  if (picked !== typed) return picked.label;
  const name = await window.showInputBox({
    title,
    prompt: l10n.t("The model's name on the server"),
    value: current,
    ignoreFocusOut: true,
  });
  if (!name?.trim()) throw new Cancelled();
  return name.trim();
}

/** Asks for the origins whose keys to remove: one, or all. @throws Cancelled */
export async function pickKeys(origins: readonly string[]): Promise<readonly string[]> {
  const all = { label: `$(trash) ${l10n.t("All {0} keys", origins.length)}` };
  const separator = { label: "", kind: QuickPickItemKind.Separator };
  const items: QuickPickItem[] = origins.map((label) => ({ label }));
  if (origins.length > 1) items.push(separator, all);
  const picked = await window.showQuickPick(items, { title: l10n.t("Which API key should be removed?") });
  if (!picked) throw new Cancelled();
  return picked === all ? origins : [picked.label];
}
