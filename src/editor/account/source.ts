import { l10n, ProgressLocation, window } from "vscode";
import type { Clock } from "../../deps.ts";
import { AddressRefused, checkAddress } from "../../models/address.ts";
import { azureLine, calledAzure } from "../../models/azure.ts";
import { KeyRefused } from "../../models/errors.ts";
import { Cancelled, NothingThere, sentence } from "../errors.ts";
import { withoutLinks } from "../notifications.ts";
import type { Keys } from "./keys.ts";
import { askAddress, askKey, type NamedModel, pickProvider } from "./pick.ts";
import { type ProviderKind, readSettings } from "./settings.ts";
import { listVscodeModels, VSCODE } from "./vscode-models.ts";

/** Who answers, as the user has chosen it. */
export interface Source {
  readonly provider: ProviderKind;
  /** Base address; null where none is asked: the simulated model, and those of VS Code. */
  readonly url: string | null;
  /** What a key and the choice of models belong to: an origin, `vscode` or `simulated`. */
  readonly origin: string;
  /** Those it offers; empty where it was not asked. */
  readonly models: readonly NamedModel[];
}

export const OPENAI = "https://api.openai.com/v1";
const LOCAL = "http://127.0.0.1:11434/v1";
/** Milliseconds that a server may take to list its models. */
const LISTING = 15_000;

/** Asks who answers the calls, and for address and key as far as the answer needs them. @throws Cancelled */
export async function askSource(keys: Keys, clock: Clock): Promise<Source> {
  const { provider: current, baseUrl } = readSettings();
  const provider = await pickProvider(current);
  switch (provider) {
    case "simulated":
      return { provider, url: null, origin: provider, models: [] };
    case "vscode":
      return { provider, url: null, origin: VSCODE, models: await vscodeModels() };
    case "openai":
      return askOpenAI(keys);
    case "azure":
      return askAzure(keys, current === "azure" ? baseUrl : "");
    case "compatible":
      return askServer(keys, clock, current === "compatible" ? baseUrl : "");
  }
}

/** What a source offers; asks its server, and for a key where it wants one. @throws ModelError, NothingThere, Cancelled */
export async function listModels({ provider, url, origin }: Source, keys: Keys, clock: Clock): Promise<NamedModel[]> {
  if (provider === "vscode") return vscodeModels();
  // Azure lists what it could deploy, not what is deployed.
  if (url === null || provider === "azure") return [];
  try {
    return await listOf(url, await keys.get(origin), clock);
  } catch (error) {
    if (!(error instanceof KeyRefused)) throw error;
    return listOf(url, await askAndKeep(origin, keys), clock);
  }
}

/** @throws Cancelled */
export async function askAndKeep(origin: string, keys: Keys): Promise<string> {
  const key = await askKey(origin);
  await keys.set(origin, key);
  return key;
}

async function vscodeModels(): Promise<NamedModel[]> {
  const models = await listVscodeModels();
  if (models.length > 0) return models;
  throw new NothingThere(
    l10n.t(
      "VS Code has no models available. Install an extension that provides models, such as GitHub Copilot Chat, and sign in.",
    ),
  );
}

async function askOpenAI(keys: Keys): Promise<Source> {
  const { origin, url } = checkAddress(OPENAI);
  if ((await keys.get(origin)) === null) await askAndKeep(origin, keys);
  return { provider: "openai", origin, url, models: [] };
}

async function askAzure(keys: Keys, current: string): Promise<Source> {
  const prompt = l10n.t(
    "The endpoint of your resource, such as https://NAME.openai.azure.com, or the target URI of a deployment",
  );
  const given = await askAddress(prompt, current, (text) => addressProblem(calledAzure(text)?.baseUrl ?? text));
  const azure = calledAzure(given);
  const { origin, url } = checkAddress(azure?.baseUrl ?? given);
  if ((await keys.get(origin)) === null) await askAndKeep(origin, keys);
  return { provider: "azure", url: azure ? azureLine(azure) : url, origin, models: [] };
}

/** Asks for an address until a server answers there, or the user insists. */
async function askServer(keys: Keys, clock: Clock, current: string): Promise<Source> {
  const prompt = l10n.t("Include /v1. Ollama: {0}. LM Studio: http://127.0.0.1:1234/v1.", LOCAL);
  for (let value = current || LOCAL; ; ) {
    value = await askAddress(prompt, value, addressProblem);
    const source: Source = { provider: "compatible", ...checkAddress(value), models: [] };
    try {
      return { ...source, models: await listModels(source, keys, clock) };
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      const again = l10n.t("Change the address");
      const insist = l10n.t("Use anyway");
      const message = l10n.t("The server at {0} returned an unexpected response.", value);
      const detail = sentence(error);
      const answer = await window.showWarningMessage(message, { modal: true, detail }, again, insist);
      if (answer === insist) return source;
      if (answer !== again) throw new Cancelled();
    }
  }
}

async function listOf(url: string, key: string | null, clock: Clock): Promise<NamedModel[]> {
  const { createOpenAI } = await import("../../models/openai.ts");
  const server = createOpenAI({ baseUrl: url, key: key ?? "", clock });
  const title = l10n.t("Getting the models of {0}", new URL(url).host);
  const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
  const names = await window.withProgress(options, (_, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort(new Cancelled()));
    return server.listModels(AbortSignal.any([stop.signal, AbortSignal.timeout(LISTING)]));
  });
  return names.map((name) => ({ name }));
}

function addressProblem(address: string): string | null {
  try {
    checkAddress(address);
    return null;
  } catch (error) {
    return error instanceof AddressRefused ? sentence(error) : String(error);
  }
}
