import { type ExtensionContext, window } from "vscode";
import { registerCommands } from "./editor/commands.ts";

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("AgentGraph", { log: true });
  context.subscriptions.push(log, ...registerCommands({ showLog: () => log.show() }, log));
}
