import type { Deps, Machine } from "../deps.ts";
import type { Output } from "./output.ts";

/** What every command receives. */
export interface Cli {
  readonly deps: Deps & { readonly machine: Machine };
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
}
