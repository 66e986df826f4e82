import { commands, l10n, Uri, window } from "vscode";
import type { Log } from "../../deps.ts";
import type { ErrorAction } from "../../i18n/error-message.ts";
import { Cancelled, describe, GraphInvalid } from "../errors.ts";
import { showError, showInfo, showWarning } from "../ui/notifications.ts";

/** Runs a command. Every error is shown as a notification, and unexpected ones are logged with their stack. */
export async function guarded(name: string, work: () => unknown, log: Log): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Cancelled) return;
    const { severity, message, action } = describe(error);
    const show = { information: showInfo, warning: showWarning, error: showError }[severity];
    if (severity === "error") {
      log.error(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
    // The Problems panel lists the errors of open files only.
    if (error instanceof GraphInvalid) await window.showTextDocument(Uri.file(error.path), { preview: false });
    const buttons = [actionButton(action), severity === "error" ? showLog() : null].filter((one) => one !== null);
    void offer(show(message, ...buttons.map(({ label }) => label)), buttons);
  }
}

/** A button of a notification, and the command it runs. */
export interface Button {
  readonly label: string;
  readonly command: string;
  readonly argument?: unknown;
}

/** The button for what the user can do about an error; null if there is nothing to press. */
export function actionButton(action: ErrorAction | null): Button | null {
  switch (action) {
    case "set key":
      return { label: l10n.t("Set API key"), command: "agentgraph.setApiKey" };
    case "add credit":
    case "allow models":
    case "check address":
    case "check model":
    case "check server":
    case "choose model":
    case "use same provider":
      return { label: l10n.t("Choose models"), command: "agentgraph.chooseModels" };
    case "choose tier":
    case "collect batches":
    case "wait for tier":
      return settingsButton("agentgraph.tier");
    case "wait longer":
      return settingsButton("agentgraph.maxWait");
    case "check network":
    case "install certificate":
      return settingsButton("http.proxy");
    case "manage trust":
      return { label: l10n.t("Manage Workspace Trust"), command: "workbench.trust.manage" };
    case "open source control":
      return { label: l10n.t("Open Source Control"), command: "workbench.view.scm" };
    case "show problems":
      return { label: l10n.t("Show problems"), command: "workbench.actions.view.problems" };
    default:
      return null;
  }
}

function settingsButton(query: string): Button {
  return { label: l10n.t("Open Settings"), command: "workbench.action.openSettings", argument: query };
}

function showLog(): Button {
  return { label: l10n.t("Show log"), command: "agentgraph.showLog" };
}

/** Runs the command of the pressed button. */
async function offer(pressed: Thenable<string | undefined>, buttons: readonly Button[]): Promise<void> {
  const label = await pressed;
  const button = buttons.find((one) => one.label === label);
  if (button) await commands.executeCommand(button.command, ...("argument" in button ? [button.argument] : []));
}
