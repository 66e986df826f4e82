import { EventEmitter, l10n, type Memento, window, workspace } from "vscode";
import type { Clock, Log } from "../../deps.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import { endingMessage } from "../../i18n/warnings.ts";
import { AddressRefused } from "../../models/address.ts";
import { type Ending, knownEndings, listedEndings } from "../../models/endings.ts";
import type { Model } from "../../models/model.ts";
import type { AddressField, Provider } from "../../models/provider.ts";
import { DEFAULT_TIMEOUT } from "../../models/stack/retry-waits.ts";
import { type TierChoice, tierForAllRoles, timeoutOf } from "../../models/tiers/choice.ts";
import { LEARNED, nodeMemory } from "../../platform/machine.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { Disposable } from "../disposable.ts";
import { Cancelled, describe, NotFound, NotTrusted } from "../errors.ts";
import { showInfo, showWarning } from "../ui/notifications.ts";
import type { ApiKeys } from "./api-keys.ts";
import { askAndStoreKey, askSource, listModels, type Source } from "./ask-provider.ts";
import { networkOf } from "./network.ts";
import type { ProgramConsent } from "./program-consent.ts";
import { pickKeys, pickModel, pickRole } from "./prompts.ts";
import { type ModelNames, modelNames, readSettings, writeProvider } from "./settings.ts";

/** The connection of a run: provider and models. */
export interface Connection {
  readonly provider: Provider;
  /** Base address; null for a provider without one. */
  readonly url: string | null;
  readonly model: Model;
  /** The user's choice by role, which overrides the graph file's. */
  readonly models: ModelNames;
  /** Price tier of its requests. */
  readonly tier: TierChoice;
  /** Those of the models that end soon by the server's list. Absent: it has none. */
  readonly endings?: (models: readonly string[]) => Promise<readonly Ending[]>;
}

/** The user's provider, models and keys. Nothing of it comes from a workspace, and a key goes only where it belongs. */
export class Account extends Disposable {
  readonly commands = {
    chooseModels: () => this.#chooseModels(),
    setApiKey: () => this.#setKey(),
    forgetApiKey: () => this.#forgetKeys(),
  } satisfies SomeCommands;
  /** Models of whose end the user was warned. */
  readonly #ended = new Set<string>();
  readonly #modelsChanged = this.own(new EventEmitter<void>());
  /** Fires when the chosen models change. */
  readonly onDidChangeModels = this.#modelsChanged.event;

  constructor(
    private readonly keys: ApiKeys,
    /** State of this workspace: models by role. */
    private readonly here: Memento,
    /** State of this machine: origins that the user agreed to. */
    private readonly everywhere: Memento,
    private readonly clock: Clock,
    private readonly log: Log,
    readonly programs: ProgramConsent,
  ) {
    super();
    this.own(
      workspace.onDidChangeConfiguration((change) => {
        if (["provider", "baseUrl", "models"].some((name) => change.affectsConfiguration(`agentgraph.${name}`))) {
          this.#modelsChanged.fire();
        }
      }),
    );
  }

  /** The provider in use, as a sentence. */
  providerLabel(): string {
    const { provider, baseUrl } = readSettings();
    if (!provider) return l10n.t("the simulated model");
    const { address } = provider.fields;
    if (address === null)
      return provider.names === "one" ? l10n.t("the simulated model") : l10n.t("the models in VS Code");
    if (!address.isAsked) return provider.label(l10n.t);
    return URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
  }

  /** The user's own choice by role: it wins over a graph file's. */
  models(): ModelNames {
    const { provider, models } = readSettings();
    if (provider?.names === "one") return Object.fromEntries(ROLES.map((role) => [role, provider.id]));
    const origin = provider === null ? null : originOf(provider);
    return origin === null ? models : { ...models, ...this.#modelsHere(origin) };
  }

  /** Another text for another choice of provider, address or models. */
  choice(): string {
    const { provider, baseUrl } = readSettings();
    return JSON.stringify([provider?.id, baseUrl, this.models()]);
  }

  /**
   * Asks for what is missing: a provider, permission for a new origin, its key.
   * @param isRun requests may be sent at the tier of the settings, which takes longer. Default: they are not
   * @throws NotTrusted, Cancelled, AddressRefused, NotFound if the provider doesn't have the tier
   */
  async connect(isRun = false): Promise<Connection> {
    if (!workspace.isTrusted) throw new NotTrusted();
    if (readSettings().provider === null) await this.#askModel(await this.#choose());
    const { provider } = readSettings();
    if (provider === null) throw new Cancelled();
    const { clock } = this;
    const { timeout: usual, tier: wantedTier } = readSettings();
    const tier = isRun && provider.fields.address !== null ? wantedTier : "now";
    const timeout = usual === DEFAULT_TIMEOUT ? timeoutOf(tierForAllRoles(tier), usual) : usual;
    const { address: field, key: wanted } = provider.fields;
    if (field === null) {
      const model = await provider.connect({ address: "", key: "", clock, timeout });
      return { provider, url: null, model, models: this.models(), tier };
    }
    const address = addressOf(field);
    const { url, origin } = field.read(address);
    await this.#agree(origin);
    // Many servers need no key; a server that does rejects the request.
    const key = (await this.keys.get(origin)) ?? (wanted === "required" ? await this.#askKey(origin) : "");
    const network = networkOf(url, timeout);
    const connection = { address, key, clock, timeout, network, memory: nodeMemory(LEARNED) };
    const model = await provider.connect(connection);
    const endings = (names: readonly string[]) => listedEndings(names, provider, connection);
    const connected = { provider, url, models: this.models(), tier, endings };
    if (tier === "now") return { ...connected, model };
    const { atTier } = await import("./at-tier.ts");
    return { ...connected, model: atTier(model, tier, clock) };
  }

  /** Warns of models that end soon: once per model and window, without waiting for the server's list. */
  async warnOfEndings({ endings }: Connection, models: readonly string[]): Promise<void> {
    const now = this.clock.now();
    const all = [...knownEndings(models, now), ...((await endings?.(models)) ?? [])];
    for (const ending of all.filter(({ model }) => !this.#ended.has(model))) {
      this.#ended.add(ending.model);
      void showWarning(endingMessage(ending, now, l10n.t));
    }
  }

  /** Sets the provider for every workspace, and lists its models. @throws NotTrusted, Cancelled */
  async #choose(): Promise<Source> {
    if (!workspace.isTrusted) throw new NotTrusted();
    const source = await askSource(this.keys, this.clock);
    const { provider, address, origin } = source;
    if (provider.fields.address) await this.#allow(origin);
    await writeProvider(provider, address);
    return source;
  }

  /** Asks for a model for all roles if the provider may not know the models of the file. */
  async #askModel(source: Source): Promise<void> {
    const { provider } = source;
    if (provider.names === "one" || provider.names === "file") return;
    const title =
      provider.names === "deployments"
        ? l10n.t("Which deployment should be used?")
        : l10n.t("Which model should be used?");
    // A user's own server seldom knows the file's models.
    await this.#saveModels(source.origin, await this.#pickModels(source, title, "models"));
  }

  /** Asks for a model for all roles. The list also leads to a model for each role and to another provider. */
  async #chooseModels(): Promise<void> {
    const source = (await this.#source()) ?? (await this.#choose());
    if (source.provider.names === "one") {
      void showInfo(l10n.t("Now using the simulated model."));
      return;
    }
    const titleFor = ({ names }: Provider) =>
      names === "deployments"
        ? l10n.t("Which deployment should be used in this workspace?")
        : l10n.t("Which model should be used in this workspace?");
    const title = titleFor(source.provider);
    const isOwn = source.provider.names !== "file";
    const chosen = await this.#pickModels(source, title, isOwn ? "models" : "none", l10n.t("Another provider…"));
    if (chosen === null) {
      // An unchanged provider is not stored again.
      const other = await this.#choose();
      if (other.provider.names === "one") void showInfo(l10n.t("Now using the simulated model."));
      else await this.#saveAndSay(other, await this.#pickModels(other, titleFor(other.provider), "models"));
      return;
    }
    await this.#saveAndSay(source, chosen);
  }

  async #saveAndSay({ origin }: Source, chosen: ModelNames): Promise<void> {
    await this.#saveModels(origin, chosen);
    void showInfo(chosenSentence(chosen));
  }

  /** The provider of the settings. null if listing its models would need another question. */
  async #source(): Promise<Source | null> {
    const { provider } = readSettings();
    if (provider === null || provider.names === "one" || !workspace.isTrusted) return null;
    const { address, key } = provider.fields;
    if (address === null) return { provider, address: "", origin: provider.id, models: [] };
    const line = addressOf(address);
    const origin = originOf(provider);
    if (origin === null || !this.#allowed().includes(origin)) return null;
    if (key === "required" && (await this.keys.get(origin)) === null) return null;
    return { provider, address: line, origin, models: [] };
  }

  async #pickModels(source: Source, title: string, first: "none" | "models"): Promise<ModelNames>;
  /** @returns null: another provider */
  async #pickModels(
    source: Source,
    title: string,
    first: "none" | "models",
    otherProvider: string,
  ): Promise<ModelNames | null>;
  async #pickModels(
    source: Source,
    title: string,
    first: "none" | "models",
    provider = "",
  ): Promise<ModelNames | null> {
    const models = source.models.length > 0 ? source.models : await this.#listed(source);
    const none = l10n.t("The models named in the graph file");
    const before = this.#modelsHere(source.origin);
    const names = new Set(ROLES.map((role) => before[role]));
    const [current] = names.size === 1 ? names : [];
    const others = { roles: l10n.t("A model for each role…"), provider };
    const picked = await pickModel(title, models, { none, first, current, others });
    if (picked === "provider") return null;
    if (picked === "roles") return this.#pickByRole(before, models, none);
    const { name } = picked;
    return name === null ? {} : Object.fromEntries(ROLES.map((role) => [role, name]));
  }

  /** Asks for a model of this provider and does not store it. @throws Cancelled */
  async askForModel(title: string): Promise<string> {
    const source = await this.#source();
    const picked = await pickModel(title, source ? await this.#listed(source) : [], { first: "models" });
    if (typeof picked === "string" || picked.name === null) throw new Cancelled();
    return picked.name;
  }

  async #pickByRole(before: ModelNames, models: Source["models"], none: string): Promise<ModelNames> {
    const chosen: Partial<Record<Role, string>> = { ...before };
    for (;;) {
      const role = await pickRole(chosen, roleTitles(), none);
      if (role === null) return chosen;
      const picked = await pickModel(roleTitles()[role], models, { none, first: "models", current: chosen[role] });
      if (typeof picked === "string") continue;
      if (picked.name === null) delete chosen[role];
      else chosen[role] = picked.name;
    }
  }

  /**
   * The models of a server. Empty if it does not list them, so that the user types a name or chooses another
   * provider.
   */
  async #listed(source: Source): Promise<Source["models"]> {
    try {
      return await listModels(source, this.keys, this.clock);
    } catch (error) {
      if (error instanceof Cancelled) throw error;
      this.log.warn(`The models of ${source.origin} were not listed: ${describe(error).message}`);
      void showWarning(describe(error).message);
      return [];
    }
  }

  #modelsHere(origin: string): ModelNames {
    const saved = this.here.get<{ origin?: unknown; models?: unknown }>(MODELS);
    // Models chosen for one provider mean nothing to another.
    return saved?.origin === origin ? modelNames(saved.models) : {};
  }

  async #saveModels(origin: string, models: ModelNames): Promise<void> {
    await this.here.update(MODELS, { origin, models });
    this.#modelsChanged.fire();
  }

  /** Asks once about a new origin, naming its host. @throws Cancelled */
  async #agree(origin: string): Promise<void> {
    if (this.#allowed().includes(origin)) return;
    const send = l10n.t("Send to {0}", new URL(origin).host);
    const message = l10n.t("AgentGraph will send this graph's instructions and data to {0}.", origin);
    const detail = l10n.t("Your settings name this server, but it has not been used before.");
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
    const key = await askAndStoreKey(origin, this.keys);
    this.log.info(`A key for ${origin} was stored.`);
    return key;
  }

  /** Asks for a new key after one was rejected. @returns whether there is a new key */
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
    const provider = readSettings().provider ?? (await this.#choose()).provider;
    const { address } = provider.fields;
    if (address === null) {
      throw new NotFound(
        l10n.t("{0}: no API key is needed. Choose another model provider first.", provider.label(l10n.t)),
      );
    }
    const { origin } = address.read(addressOf(address));
    await this.#askKey(origin);
    void showInfo(l10n.t("Saved the API key for {0}.", origin));
  }

  /** Removing a key also removes the permission of its origin. */
  async #forgetKeys(): Promise<void> {
    const origins = await this.keys.origins();
    if (origins.length === 0) throw new NotFound(l10n.t("No API key is stored."));
    const forgotten = await pickKeys(origins);
    for (const origin of forgotten) await this.keys.forget(origin);
    const left = this.#allowed().filter((origin) => !forgotten.includes(origin));
    await this.everywhere.update(ORIGINS, left);
    this.log.info(`Keys were forgotten: ${forgotten.join(", ")}.`);
    void showInfo(
      forgotten.length === 1
        ? l10n.t("Removed the API key for {0}.", forgotten[0] ?? "")
        : l10n.t("Removed {0} API keys.", forgotten.length),
    );
  }
}

const MODELS = "models";
const ORIGINS = "origins";

function addressOf({ initial, isAsked }: AddressField): string {
  const { baseUrl } = readSettings();
  return baseUrl || (isAsked ? "" : initial);
}

/** The origin that a choice of models belongs to. null if the address can't be used. */
function originOf({ id, fields: { address } }: Provider): string | null {
  if (address === null) return id;
  try {
    return address.read(addressOf(address)).origin;
  } catch (error) {
    if (error instanceof AddressRefused) return null;
    throw error;
  }
}

function roleTitles(): Readonly<Record<Role, string>> {
  return {
    forward: l10n.t("Runs the nodes"),
    backward: l10n.t("Writes feedback on answers"),
    optimizer: l10n.t("Rewrites instructions"),
    judge: l10n.t("Judges answers"),
  };
}

function chosenSentence(chosen: ModelNames): string {
  const names = [...new Set(Object.values(chosen))];
  return names.length === 0
    ? l10n.t("This workspace uses the models named in graph files.")
    : l10n.t("This workspace uses {0}, overriding the models named in graph files.", names.join(", "));
}
