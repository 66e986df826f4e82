import { commands, l10n, window } from "vscode";
import type { Log } from "../deps.ts";
import { Cancelled, isExpected, NothingThere, sentence } from "./errors.ts";

/** Does what a command asks for; whatever it throws reaches the user as a sentence, and the log in full. */
export async function guarded(name: string, work: () => unknown, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Cancelled) return;
    const message = sentence(error);
    if (error instanceof NothingThere) {
      void window.showInformationMessage(message);
    } else if (isExpected(error)) {
      void window.showWarningMessage(message);
    } else {
      log.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      void showError(message);
    }
  }
}

async function showError(message: string): Promise<void> {
  const log = l10n.t("Show log");
  if ((await window.showErrorMessage(message, log)) === log) await commands.executeCommand("agentgraph.showLog");
}
