import { commands, type Disposable, l10n, window } from "vscode";
import type { Log } from "../deps.ts";
import { Cancelled, sentence } from "./errors.ts";

/** Command id without its `agentgraph.` → what it does. */
export type Commands = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Registers commands so that whatever one of them throws reaches the user as a sentence, and the log in full. */
export function registerCommands(table: Commands, log: Log): Disposable[] {
  return Object.entries(table).map(([name, run]) =>
    commands.registerCommand(`agentgraph.${name}`, async (...args: unknown[]) => {
      try {
        return await run(...args);
      } catch (error) {
        if (error instanceof Cancelled) return undefined;
        log.error(`agentgraph.${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        void showError(sentence(error));
        return undefined;
      }
    }),
  );
}

async function showError(message: string): Promise<void> {
  const show = l10n.t("Show log");
  if ((await window.showErrorMessage(message, show)) === show) await commands.executeCommand("agentgraph.showLog");
}
