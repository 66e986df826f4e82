import { l10n, type Memento, ProgressLocation, window, workspace } from "vscode";
import type { Clock, Log } from "../../deps.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import { AddressRefused, checkAddress } from "../../models/address.ts";
import { KeyRefused } from "../../models/errors.ts";
import type { SomeCommands } from "../commands.ts";

import { Cancelled, NothingThere, NotTrusted, sentence } from "../errors.ts";
import type { Keys } from "./keys.ts";
import { askAddress, askKey, pickModel, pickProvider } from "./pick.ts";
import { type ModelNames, modelNames, type ProviderKind, readSettings, writeProvider } from "./settings.ts";

/** Who answers the calls of a run, ready to be asked. */
export interface Connection {
  readonly provider: ProviderKind;
  /** Base address; null for the simulated model. */
  readonly url: string | null;
  readonly key: string | null;
  /** The user's own choice by role: it wins over the graph file's. */
  readonly models: ModelNames;
}

/** A server that the user has chosen. */
interface Server {
  readonly provider: ProviderKind;
  readonly url: string;
  readonly origin: string;
  /** Those it offers; empty where it was not asked. */
  readonly models: readonly string[];
}

const OPENAI = "https://api.openai.com/v1";
const LOCAL = "http://127.0.0.1:11434/v1";

/** The user's provider, models and keys. Nothing of it comes from a workspace, and a key goes only where it belongs. */
export class Account {
  readonly commands = {
    chooseModels: () => this.#chooseAll(),
    setApiKey: () => this.#setKey(),
    forgetApiKey: () => this.#forgetKey(),
  } satisfies SomeCommands;

  constructor(
    private readonly keys: Keys,
    /** Of this workspace on this machine: models by role. */
    private readonly here: Memento,
    /** Of this machine: origins that the user has agreed to. */
    private readonly everywhere: Memento,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** What the settings say now, without asking. */
  get provider(): ProviderKind | null {
    return readSettings().provider;
  }

  /**
   * Asks for whatever is missing: a provider, a new origin's permission, its key.
   * @throws NotTrusted, Cancelled, AddressRefused
   */
  async connect(): Promise<Connection> {
    if (!workspace.isTrusted) throw new NotTrusted();
    if (readSettings().provider === null) await this.#askModel(await this.#choose());
    const { provider, models } = readSettings();
    if (provider === null) throw new Cancelled();
    if (provider === "simulated") return { provider, url: null, key: null, models: simulatedModels() };
    const { url, origin } = this.#address(provider);
    await this.#agree(origin);
    // Many servers want no key; one that does says so.
    const key = (await this.keys.get(origin)) ?? (provider === "compatible" ? null : await this.#askKey(origin));
    return { provider, url, key, models: { ...models, ...this.#modelsHere(origin) } };
  }

  #address(provider: ProviderKind) {
    const { baseUrl } = readSettings();
    return checkAddress(provider === "openai" ? baseUrl || OPENAI : baseUrl);
  }

  /** Provider, then address and key as far as it needs them. */
  async #choose(): Promise<Server | null> {
    const provider = await pickProvider(readSettings().provider);
    if (provider === "simulated") {
      await writeProvider(provider, "");
      return null;
    }
    const server = await this.#askFor(provider);
    await this.#allow(server.origin);
    await writeProvider(provider, provider === "openai" ? "" : server.url);
    return server;
  }

  async #askFor(provider: Exclude<ProviderKind, "simulated">): Promise<Server> {
    if (provider === "azure") return this.#askAzure();
    if (provider === "compatible") return this.#askServer();
    const { origin, url } = checkAddress(OPENAI);
    if ((await this.keys.get(origin)) === null) await this.#askKey(origin);
    return { provider, origin, url, models: [] };
  }

  /** One model for all roles, where the file's names may mean nothing to the server. */
  async #askModel(server: Server | null): Promise<void> {
    if (!server || server.provider === "openai") return;
    const title = server.provider === "azure" ? l10n.t("Which deployment answers?") : l10n.t("Which model answers?");
    const name = await pickModel(title, server.models, l10n.t("The models that the graph file names"));
    await this.#saveModels(server.origin, name ? Object.fromEntries(ROLES.map((role) => [role, name])) : {});
  }

  async #askAzure(): Promise<Server> {
    const prompt = l10n.t("The endpoint of your resource, e.g. https://NAME.openai.azure.com");
    const { url, origin } = checkAddress(await askAddress(prompt, "", addressProblem));
    await this.#askKey(origin);
    return { provider: "azure", url: url === origin ? `${url}/openai` : url, origin, models: [] };
  }

  /** Asks for an address until a server answers there, or the user insists. */
  async #askServer(): Promise<Server> {
    const prompt = l10n.t("Up to and with /v1. Ollama: {0}. LM Studio: http://127.0.0.1:1234/v1.", LOCAL);
    for (let value = readSettings().baseUrl || LOCAL; ; ) {
      value = await askAddress(prompt, value, addressProblem);
      const { url, origin } = checkAddress(value);
      try {
        return { provider: "compatible", url, origin, models: await this.#tryServer(url, origin) };
      } catch (error) {
        if (error instanceof Cancelled) throw error;
        const again = l10n.t("Change the address");
        const insist = l10n.t("Use it all the same");
        const message = l10n.t("The server at {0} did not answer as expected.", url);
        const answer = await window.showWarningMessage(
          message,
          { modal: true, detail: sentence(error) },
          again,
          insist,
        );
        if (answer === insist) return { provider: "compatible", url, origin, models: [] };
        if (answer !== again) throw new Cancelled();
      }
    }
  }

  /** The models a server offers; asks for a key where it wants one. */
  async #tryServer(url: string, origin: string): Promise<readonly string[]> {
    const key = await this.keys.get(origin);
    try {
      return await this.#listModels(url, key);
    } catch (error) {
      if (!(error instanceof KeyRefused)) throw error;
      return this.#listModels(url, await this.#askKey(origin));
    }
  }

  async #listModels(url: string, key: string | null): Promise<readonly string[]> {
    const { createOpenAI } = await import("../../models/openai.ts");
    const server = createOpenAI({ baseUrl: url, key: key ?? "", clock: this.clock });
    const title = l10n.t("Asking {0} for its models", new URL(url).host);
    return window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (_, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => stop.abort(new Cancelled()));
      return server.listModels(AbortSignal.any([stop.signal, AbortSignal.timeout(15_000)]));
    });
  }

  /** Who answers, then a model for each role in this workspace. */
  async #chooseAll(): Promise<void> {
    if (!workspace.isTrusted) throw new NotTrusted();
    const server = await this.#choose();
    if (!server) {
      void window.showInformationMessage(l10n.t("The simulated model answers from now on."));
      return;
    }
    const { origin } = server;
    const names = server.provider === "openai" ? await this.#tryServer(server.url, origin) : server.models;
    const chosen: Partial<Record<Role, string>> = {};
    for (const role of ROLES) {
      const name = await pickModel(roleTitle(role), names, l10n.t("As the graph file says"));
      if (name) chosen[role] = name;
    }
    await this.#saveModels(origin, chosen);
  }

  #modelsHere(origin: string): ModelNames {
    const saved = this.here.get<{ origin?: unknown; models?: unknown }>(MODELS);
    // Names chosen for one server mean nothing to another.
    return saved?.origin === origin ? modelNames(saved.models) : {};
  }

  async #saveModels(origin: string, models: ModelNames): Promise<void> {
    await this.here.update(MODELS, { origin, models });
  }

  /** A new origin asks once, naming the host. @throws Cancelled */
  async #agree(origin: string): Promise<void> {
    if (this.#allowed().includes(origin)) return;
    const send = l10n.t("Send to {0}", new URL(origin).host);
    const message = l10n.t("AgentGraph will send this graph's instructions and data to {0}.", origin);
    const detail = l10n.t("Your settings name this server, and it has not been used before.");
    if ((await window.showWarningMessage(message, { modal: true, detail }, send)) !== send) throw new Cancelled();
    await this.#allow(origin);
  }

  #allowed(): readonly string[] {
    return this.everywhere.get<string[]>(ORIGINS, []);
  }

  async #allow(origin: string): Promise<void> {
    await this.everywhere.update(ORIGINS, [...new Set([...this.#allowed(), origin])]);
  }

  async #askKey(origin: string): Promise<string> {
    const key = await askKey(origin);
    await this.keys.set(origin, key);
    this.log.info(`A key for ${origin} was stored.`);
    return key;
  }

  /** After a refused key. @returns whether there is another one now */
  async replaceKey(): Promise<boolean> {
    try {
      await this.#setKey();
      return true;
    } catch (error) {
      if (error instanceof Cancelled) return false;
      throw error;
    }
  }

  async #setKey(): Promise<void> {
    const provider = readSettings().provider ?? (await this.#choose())?.provider ?? "simulated";
    if (provider === "simulated") {
      throw new NothingThere(l10n.t("The simulated model needs no key. Choose another model provider first."));
    }
    const { origin } = this.#address(provider);
    await this.#askKey(origin);
    void window.showInformationMessage(l10n.t("The key for {0} is stored.", origin));
  }

  async #forgetKey(): Promise<void> {
    const origins = await this.keys.origins();
    if (origins.length === 0) throw new NothingThere(l10n.t("No API key is stored."));
    const title = l10n.t("Which key should be forgotten?");
    const origin = await window.showQuickPick(origins, { title });
    if (!origin) throw new Cancelled();
    await this.keys.forget(origin);
    void window.showInformationMessage(l10n.t("The key for {0} is forgotten.", origin));
  }
}

const MODELS = "models";
const ORIGINS = "origins";

function simulatedModels(): ModelNames {
  return Object.fromEntries(ROLES.map((role) => [role, "simulated"]));
}

function addressProblem(address: string): string | null {
  try {
    checkAddress(address);
    return null;
  } catch (error) {
    return error instanceof AddressRefused ? sentence(error) : String(error);
  }
}

function roleTitle(role: Role): string {
  return {
    forward: l10n.t("Which model runs the nodes?"),
    backward: l10n.t("Which model says what should change?"),
    optimizer: l10n.t("Which model rewrites instructions?"),
    judge: l10n.t("Which model judges answers?"),
  }[role];
}
