import type { Clock } from "../deps.ts";
import type { Translate } from "../i18n/locale.ts";
import type { Address } from "./address.ts";
import type { Price } from "./known-models.ts";
import type { Model } from "./model.ts";
import type { Memory } from "./parameters/learned.ts";
import type { Network } from "./protocols/server-model.ts";

/** A model provider. One file each, in the table of `providers.ts`. */
export interface Provider {
  /** Value of the user's setting. */
  readonly id: string;
  label(t: Translate): string;
  /** At most 40 characters, because a quick pick doesn't wrap. */
  detail(t: Translate): string;
  /** What the user enters. */
  readonly fields: ProviderFields;
  /**
   * Names of its models.
   * - `file`: the names in graph files. `own`: other names, which the user selects. `deployments`: Azure's deployments.
   * - `one`: a single model, named by the provider's id.
   */
  readonly names: "file" | "own" | "deployments" | "one";
  /** Environment variable of the vendor's own tools for the key, which is sent only to the initial address. */
  readonly keyVariable?: string;
  /** Default maximum number of concurrent requests. */
  readonly concurrency: number;
  /** Whether its list can name the dates on which models end. Default: false. */
  readonly listsEnds?: boolean;
  /** @throws AddressRefused, KeyUnusable */
  connect(connection: ProviderConnection): Promise<Model>;
  /** The models it offers; empty if it has no list. @throws ModelError, or the signal's reason when aborted */
  listModels(connection: ProviderConnection, signal: AbortSignal): Promise<readonly NamedModel[]>;
}

export interface ProviderFields {
  /** null if it has no address. Keys and choices then belong to the provider's id. */
  readonly address: AddressField | null;
  readonly key: "none" | "optional" | "required";
}

export interface AddressField {
  /** Default address. */
  readonly initial: string;
  /** Whether the user is asked for it. Otherwise it is `initial`, unless the settings name another. */
  readonly isAsked: boolean;
  /** Whether the address is checked by listing models. */
  readonly isTried: boolean;
  prompt(t: Translate): string;
  /** Parses an address; `line` is what the settings keep, and `model` what the address names. @throws AddressRefused */
  read(text: string): Address & { readonly line: string; readonly model?: string };
}

export interface ProviderConnection {
  /** As in the settings; empty for a provider without an address. */
  readonly address: string;
  /** Empty if none is needed. */
  readonly key: string;
  readonly clock: Clock;
  /** Time limit of a request, in milliseconds. */
  readonly timeout: number;
  readonly network?: Network;
  /** Parameters that models rejected in earlier runs. Default: none. */
  readonly memory?: Memory;
}

/** A model of a provider's list. */
export interface NamedModel {
  readonly name: string;
  /** Display name, if it differs from the name. */
  readonly title?: string;
  /** End date as YYYY-MM-DD; absent if none is known. */
  readonly end?: string;
  /** Price in the server's own list; absent: it names none. */
  readonly price?: Price;
}
