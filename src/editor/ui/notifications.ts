import { window } from "vscode";

// VS Code reads `[text](command:…)` in a message or a progress title as a link that runs the command when it is clicked.
// Names of graphs and files, and what servers say, must not make one. Modal dialogs have no links.

export function showInfo(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showInformationMessage(withoutLinks(message), ...buttons);
}

export function showWarning(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showWarningMessage(withoutLinks(message), ...buttons);
}

export function showError(message: string, ...buttons: string[]): Thenable<string | undefined> {
  return window.showErrorMessage(withoutLinks(message), ...buttons);
}

/** A text that looks the same but has no links, because an invisible character splits each. */
export function withoutLinks(text: string): string {
  return text.replaceAll("](", "]\u200b(");
}
