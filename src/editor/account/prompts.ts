import { l10n, type QuickPickItem, QuickPickItemKind, window } from "vscode";
import { ROLES, type Role } from "../../graph/graph.ts";
import { isForChat } from "../../models/chat-models.ts";
import type { NamedModel, Provider } from "../../models/provider.ts";
import { Cancelled } from "../errors.ts";
import { type Group, groupsOf } from "./provider-groups.ts";
import { EDITOR_PROVIDERS } from "./providers.ts";
import type { ModelNames } from "./settings.ts";

/**
 * Asks for the provider.
 * @param ready providers that can be used at once, each with the reason: a stored key, models that VS Code has
 * @throws Cancelled
 */
export async function pickProvider(current: Provider | null, ready: ReadonlyMap<Provider, string>): Promise<Provider> {
  const titles: Record<Group, string> = {
    ready: l10n.t("ready to use"),
    cloud: l10n.t("cloud services"),
    local: l10n.t("on this computer"),
    other: l10n.t("other servers"),
    none: l10n.t("without a server"),
  };
  const notes = new Map(ready);
  if (current !== null) notes.set(current, l10n.t("used now"));
  const itemOf = (provider: Provider): QuickPickItem & { provider: Provider } => {
    const description = notes.get(provider);
    return {
      provider,
      label: provider.label(l10n.t),
      detail: provider.detail(l10n.t),
      ...(description !== undefined && { description }),
    };
  };
  const inOrder = EDITOR_PROVIDERS.toSorted((a, b) => Number(b === current) - Number(a === current));
  const items = groupsOf(inOrder, new Set(notes.keys())).flatMap(([group, providers]) => [
    { label: titles[group], kind: QuickPickItemKind.Separator, provider: null },
    ...providers.map(itemOf),
  ]);
  const picked = await window.showQuickPick(items, {
    title: l10n.t("Which model provider should be used?"),
    placeHolder: l10n.t("Choose a model provider"),
    ignoreFocusOut: true,
    matchOnDetail: true,
  });
  if (!picked?.provider) throw new Cancelled();
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
    prompt: l10n.t("Stored in VS Code's secret storage and sent only to {0}.", origin),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) =>
      /^[\x21-\x7e]+$/.test(text.trim()) ? null : l10n.t("A key can't contain spaces or control characters."),
  });
  if (!key) throw new Cancelled();
  return key.trim();
}

/** An entry of the model list that is not a model. */
export type Other = "roles" | "provider";

/**
 * Asks for a model from a list, or one typed by hand. Models that do not answer chats come last.
 * @param none label for no model; without it, one has to be chosen
 * @param first preselected if nothing was chosen before
 * @param current chosen before
 * @param others further entries, with their labels
 * @returns the name; null for none
 * @throws Cancelled
 */
export async function pickModel(
  title: string,
  models: readonly NamedModel[],
  {
    none,
    first,
    current,
    others = {},
  }: {
    readonly none?: string;
    readonly first: "none" | "models";
    readonly current?: string | undefined;
    readonly others?: Readonly<Partial<Record<Other, string>>>;
  },
): Promise<{ readonly name: string | null } | Other> {
  type Item = QuickPickItem & { readonly picks?: { readonly name: string | null } | Other | "typed" };
  const file: Item[] = none === undefined ? [] : [{ label: `$(file-code) ${none}`, picks: { name: null } }];
  const itemOf = ({ name, title: detail = "", end }: NamedModel): Item => ({
    label: name,
    detail,
    ...(end !== undefined && { description: l10n.t("ends {0}", end) }),
    picks: { name },
  });
  const separator = (label = ""): Item => ({ label, kind: QuickPickItemKind.Separator });
  const isUsed = ({ name }: NamedModel) => name === current;
  const used = current ? [models.find(isUsed) ?? { name: current }] : [];
  const left = models.filter((model) => !isUsed(model));
  const chats = left.filter(isForChat).map(itemOf);
  const rest = left.filter((model) => !isForChat(model)).map(itemOf);
  const typed: Item = { label: `$(edit) ${l10n.t("Enter a name…")}`, picks: "typed" };
  // A server whose models are unknown seldom has those of the file.
  const isNameFirst = first === "models" && models.length === 0;
  const offered: Item[] = [
    ...used.map((model) => ({ ...itemOf(model), description: l10n.t("used now") })),
    ...(first === "none" ? [...file, ...chats] : [...chats, ...(isNameFirst ? [typed] : []), ...file]),
  ];
  const more: Item[] = [
    ...(isNameFirst ? [] : [typed]),
    ...(others.roles ? [{ label: `$(list-tree) ${others.roles}`, picks: "roles" as const }] : []),
    ...(others.provider ? [{ label: `$(server) ${others.provider}`, picks: "provider" as const }] : []),
  ];
  const items = [
    ...offered,
    separator(),
    ...more,
    ...(rest.length > 0 ? [separator(l10n.t("probably not for chat")), ...rest] : []),
  ];
  const placeHolder = models.length === 0 ? l10n.t("The server lists no models") : "";
  const picked = await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true, matchOnDetail: true });
  if (!picked?.picks) throw new Cancelled();
  return picked.picks === "typed" ? { name: await askName(title, current) } : picked.picks;
}

/** @throws Cancelled */
async function askName(title: string, current = ""): Promise<string> {
  const prompt = l10n.t("The model's name on the server");
  const name = await window.showInputBox({ title, prompt, value: current, ignoreFocusOut: true });
  if (!name?.trim()) throw new Cancelled();
  return name.trim();
}

/**
 * Asks for the role to change, in a list with the model of each.
 * @returns null if the user is done
 * @throws Cancelled
 */
export async function pickRole(
  chosen: ModelNames,
  titles: Readonly<Record<Role, string>>,
  none: string,
): Promise<Role | null> {
  const items = [
    ...ROLES.map((role): QuickPickItem & { readonly role: Role | null } => ({
      label: titles[role],
      description: chosen[role] ?? none,
      role,
    })),
    { label: "", kind: QuickPickItemKind.Separator, role: null },
    { label: `$(check) ${l10n.t("Use these models")}`, role: null },
  ];
  const picked = await window.showQuickPick(items, { title: l10n.t("A model for each role"), ignoreFocusOut: true });
  if (!picked) throw new Cancelled();
  return picked.role;
}

/** Asks for the origins whose keys to remove: one or all. @throws Cancelled */
export async function pickKeys(origins: readonly string[]): Promise<readonly string[]> {
  const all = { label: `$(trash) ${l10n.t("All {0} keys", origins.length)}` };
  const separator = { label: "", kind: QuickPickItemKind.Separator };
  const items: QuickPickItem[] = origins.map((label) => ({ label }));
  if (origins.length > 1) items.push(separator, all);
  const picked = await window.showQuickPick(items, { title: l10n.t("Which API key should be removed?") });
  if (!picked) throw new Cancelled();
  return picked === all ? origins : [picked.label];
}
