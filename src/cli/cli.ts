import type { Deps, Machine } from "../deps.ts";
import type { Output } from "./output/output.ts";
import type { Terminal } from "./output/terminal.ts";

/** What every command receives. */
export interface Cli {
  readonly deps: Deps & { readonly machine: Machine };
  readonly output: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Cancels the command, as the first Ctrl-C does. */
  readonly cancel: () => void;
}
