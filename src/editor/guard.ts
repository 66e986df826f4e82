import { commands, l10n, Uri, window } from "vscode";
import type { Log } from "../deps.ts";
import {
  Cancelled,
  GraphFaulty,
  isExpected,
  NoModel,
  NoRepository,
  NothingThere,
  NotTrusted,
  sentence,
} from "./errors.ts";
import { showError, showInfo, showWarning } from "./notifications.ts";

/** Does what a command asks for; whatever it throws reaches the user as a sentence, and the log in full. */
export async function guarded(name: string, work: () => unknown, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Cancelled) return;
    const message = sentence(error);
    if (error instanceof NothingThere) {
      void showInfo(message);
    } else if (error instanceof NotTrusted) {
      void offer(showWarning(message, l10n.t("Manage Workspace Trust")), "workbench.trust.manage");
    } else if (error instanceof NoRepository) {
      void offer(showWarning(message, l10n.t("Open Source Control")), "workbench.view.scm");
    } else if (error instanceof NoModel) {
      void offer(showWarning(message, l10n.t("Choose models")), "agentgraph.chooseModels");
    } else if (error instanceof GraphFaulty) {
      // Problems lists the faults of what is open.
      await window.showTextDocument(Uri.file(error.path), { preview: false });
      void offer(showWarning(message, l10n.t("Show problems")), "workbench.actions.view.problems");
    } else if (isExpected(error)) {
      void showWarning(message);
    } else {
      log.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      void offer(showError(message, l10n.t("Show log")), "agentgraph.showLog");
    }
  }
}

/** Does what the one button of a message promises. */
async function offer(pressed: Thenable<string | undefined>, command: string): Promise<void> {
  if (await pressed) await commands.executeCommand(command);
}
