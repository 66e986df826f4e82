import type { Clock } from "../deps.ts";
import type { Address } from "./address.ts";
import type { Memory } from "./learned.ts";
import type { Model } from "./model.ts";
import type { Network } from "./server-model.ts";

/** A text of the editor's language; the English one is the key. */
export type Text = (english: string, ...values: string[]) => string;

/** Who answers calls. One file each, in the table of `providers.ts`. */
export interface Provider {
  /** As it is in the user's settings. */
  readonly id: string;
  label(t: Text): string;
  /** At most 40 characters: a quick pick never wraps. */
  detail(t: Text): string;
  /** What the user is asked for. */
  readonly fields: ProviderFields;
  /**
   * Which names its models have.
   * - `file`: those that graph files name. `own`: others, which the user chooses. `deployments`: those of Azure.
   * - `one`: a single model, called by the provider's id.
   */
  readonly names: "file" | "own" | "deployments" | "one";
  /** What is peculiar to it, in an English sentence. */
  readonly note?: string;
  /** Environment variable in which the vendor's own tools look for the key; it goes to the initial address alone. */
  readonly keyVariable?: string;
  /** Requests on the way at once, unless the user says otherwise. */
  readonly concurrency: number;
  /** @throws AddressRefused, KeyUnusable */
  connect(connection: ProviderConnection): Promise<Model>;
  /** Those it offers; empty if it does not tell. @throws ModelError, or the signal's reason when aborted */
  listModels(connection: ProviderConnection, signal: AbortSignal): Promise<readonly NamedModel[]>;
}

export interface ProviderFields {
  /** null: it has no address, and keys and choices belong to its id. */
  readonly address: AddressField | null;
  readonly key: "none" | "optional" | "required";
}

export interface AddressField {
  /** Used where the user gives none. */
  readonly initial: string;
  /** Whether the user is asked for it; else it is `initial` unless the settings name another. */
  readonly isAsked: boolean;
  /** Whether a list of models is asked for before the address is taken. */
  readonly isTried: boolean;
  prompt(t: Text): string;
  /** What to send requests to, and the line that the settings keep. @throws AddressRefused */
  read(text: string): Address & { readonly line: string };
}

export interface ProviderConnection {
  /** As the settings keep it; empty for a provider without one. */
  readonly address: string;
  /** Empty if none is wanted. */
  readonly key: string;
  readonly clock: Clock;
  /** Milliseconds a request may take. */
  readonly timeout: number;
  readonly network?: Network;
  /** What models refuse, from earlier runs. Default: nothing is remembered. */
  readonly memory?: Memory;
}

/** A model as its provider offers it. */
export interface NamedModel {
  readonly name: string;
  /** For people, where it says more than the name. */
  readonly title?: string;
  /** The day on which it ends, as YYYY-MM-DD; absent: none is known. */
  readonly end?: string;
}
