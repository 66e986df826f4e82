import { l10n, ProgressLocation, window } from "vscode";
import type { Clock } from "../../deps.ts";
import { AddressRefused, isLoopback, suggestBaseUrl } from "../../models/address.ts";
import { KeyRefused, ProviderFault } from "../../models/errors.ts";
import type { AddressField, NamedModel, Provider } from "../../models/provider.ts";
import { Cancelled, describe } from "../errors.ts";
import { withoutLinks } from "../ui/notifications.ts";
import type { ApiKeys } from "./api-keys.ts";
import { networkOf } from "./network.ts";
import { askAddress, askKey, pickProvider } from "./prompts.ts";
import { EDITOR_PROVIDERS } from "./providers.ts";
import { readSettings } from "./settings.ts";
import { hasModels, vscodeModels } from "./vscode-models.ts";

/** The chosen provider. */
export interface Source {
  readonly provider: Provider;
  /** Address in the settings. Empty for the provider's own address, or for a provider without one. */
  readonly address: string;
  /** The origin that a key and a choice of models belong to, or the id of a provider without an address. */
  readonly origin: string;
  /** Models of the provider. Empty if it did not list them. */
  readonly models: readonly NamedModel[];
}

/** Maximum milliseconds for a server to list its models. */
const LISTING = 15_000;

/** Asks for the provider, and for its address and key where needed. @throws Cancelled */
export async function askSource(keys: ApiKeys, clock: Clock): Promise<Source> {
  const { provider: current, baseUrl } = readSettings();
  const provider = await pickProvider(current, await readyProviders(keys));
  const { address, key } = provider.fields;
  if (address === null) {
    const source = { provider, address: "", origin: provider.id, models: [] };
    return { ...source, models: await listModels(source, keys, clock) };
  }
  let value = (provider === current && baseUrl) || address.initial;
  for (let answer: "address" | "again" = "address"; ; ) {
    if (address.isAsked && answer === "address")
      value = await askAddress(address.prompt(l10n.t), value, (text) => addressProblem(address, text));
    const { origin, line, model } = address.read(value);
    if (key === "required" && (await keys.get(origin)) === null) await askAndStoreKey(origin, keys);
    const models = model === undefined ? [] : [{ name: model }];
    const source: Source = { provider, address: line, origin, models };
    if (!address.isTried) return source;
    try {
      return await listed(source, address, keys, clock);
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const next = await insists(value, error);
      if (next === "use") return source;
      answer = next;
    }
  }
}

/** Providers that can be used at once, each with the reason. Nothing is sent to find them. */
async function readyProviders(keys: ApiKeys): Promise<ReadonlyMap<Provider, string>> {
  const [origins, isHosted] = await Promise.all([keys.origins(), hasModels()]);
  const ready = new Map<Provider, string>();
  for (const provider of EDITOR_PROVIDERS) {
    const { address } = provider.fields;
    if (provider === vscodeModels && isHosted) ready.set(provider, l10n.t("available"));
    if (address === null || !URL.canParse(address.initial)) continue;
    if (origins.includes(new URL(address.initial).origin)) ready.set(provider, l10n.t("key stored"));
  }
  return ready;
}

/** The source with its models, read from its address or else from its usual path, such as `/v1`. */
async function listed(source: Source, field: AddressField, keys: ApiKeys, clock: Clock): Promise<Source> {
  try {
    return { ...source, models: await listModels(source, keys, clock) };
  } catch (error) {
    const { url } = field.read(source.address);
    const likely = error instanceof Cancelled || error instanceof KeyRefused ? null : suggestBaseUrl(url);
    if (likely === null) throw error;
    // The same origin, so that no key goes elsewhere. What is wrong with the address as entered is reported if it fails, too.
    const other = { ...source, address: field.read(likely).line };
    return { ...other, models: await listModels(other, keys, clock).catch(() => Promise.reject(error)) };
  }
}

/** The models of a provider; asks for a key if its server requires one. @throws ModelError, NotFound, Cancelled */
export async function listModels(source: Source, keys: ApiKeys, clock: Clock): Promise<readonly NamedModel[]> {
  const { fields } = source.provider;
  if (fields.address === null) return listOf(source, "", clock);
  const key = (await keys.get(source.origin)) ?? "";
  try {
    return await withProgress(source.origin, () => listOf(source, key, clock));
  } catch (error) {
    // Also one that usually needs none can be behind a proxy that does.
    if (!(error instanceof KeyRefused)) throw error;
    const other = await askAndStoreKey(source.origin, keys);
    return withProgress(source.origin, () => listOf(source, other, clock));
  }
}

/** @throws Cancelled */
export async function askAndStoreKey(origin: string, keys: ApiKeys): Promise<string> {
  const key = await askKey(origin);
  await keys.set(origin, key);
  return key;
}

/** Asks whether to use an address that lists no models. @throws Cancelled */
async function insists(address: string, error: unknown): Promise<"address" | "again" | "use"> {
  const isUnreached = error instanceof ProviderFault && error.reason === "unreached";
  const start = isUnreached && isLoopback(new URL(address).hostname) ? l10n.t("Start the server, then try again.") : "";
  const detail = [describe(error).message, start].filter(Boolean).join(" ");
  const choices = {
    ...(isUnreached && { again: l10n.t("Try again") }),
    address: l10n.t("Change the address"),
    use: l10n.t("Use anyway"),
  };
  const message = l10n.t("The server at {0} did not list its models.", address);
  const answer = await window.showWarningMessage(message, { modal: true, detail }, ...Object.values(choices));
  if (answer === undefined) throw new Cancelled();
  return answer === choices.use ? "use" : answer === choices.again ? "again" : "address";
}

async function listOf({ provider, address: own }: Source, key: string, clock: Clock): Promise<readonly NamedModel[]> {
  const field = provider.fields.address;
  const address = own || (field?.initial ?? "");
  const network = field === null ? undefined : networkOf(field.read(address).url, LISTING);
  const connection = { address, key, clock, timeout: LISTING, ...(network && { network }) };
  return provider.listModels(connection, AbortSignal.timeout(LISTING));
}

/** Shows a notification that can be cancelled. @throws Cancelled */
function withProgress<T>(origin: string, work: () => Promise<T>): Promise<T> {
  const title = l10n.t("Getting the models of {0}", new URL(origin).host);
  const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
  return Promise.resolve(
    window.withProgress(options, (_, token) => {
      const cancelled = new Promise<never>((_resolve, reject) =>
        token.onCancellationRequested(() => reject(new Cancelled())),
      );
      return Promise.race([work(), cancelled]);
    }),
  );
}

function addressProblem(field: AddressField, text: string): string | null {
  try {
    field.read(text);
    return null;
  } catch (error) {
    return error instanceof AddressRefused ? describe(error).message : String(error);
  }
}
