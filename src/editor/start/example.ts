import { basename } from "node:path";
import { commands, FileType, l10n, type Memento, Uri, window, workspace } from "vscode";
import { simulated } from "../../models/providers/simulated.ts";
import { NotRecorded } from "../../run/errors.ts";
import type { Account } from "../account/account.ts";
import { readSettings, writeProvider } from "../account/settings.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { Cancelled } from "../errors.ts";
import { exists } from "../exists.ts";
import { showInfo } from "../ui/notifications.ts";
import { PENDING_EXAMPLE } from "./pending-example.ts";

const CREATED = "example.created";

/** Copies an example graph of the extension to a folder, and opens it. */
export class Example {
  readonly commands = { createExample: () => this.#create() } satisfies SomeCommands;

  constructor(
    private readonly extension: Uri,
    /** State of this machine. */
    private readonly memory: Memento,
    private readonly account: Account,
  ) {}

  async #create(): Promise<void> {
    const items = [
      { label: l10n.t("Word problems"), description: l10n.t("a chain of two nodes"), name: "chain" },
      { label: l10n.t("Receipts"), description: l10n.t("two branches sharing one text"), name: "diamond" },
      { label: l10n.t("Shipping labels"), description: l10n.t("five nodes feeding one"), name: "fan-in" },
    ];
    const picked = await window.showQuickPick(items, { title: l10n.t("Which example?"), ignoreFocusOut: true });
    if (!picked) throw new Cancelled();
    const parent = await chooseParent();
    const target = await unusedFolder(parent, `agentgraph-${picked.name}`);
    try {
      await workspace.fs.copy(Uri.joinPath(this.extension, "examples", picked.name), target);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      throw new NotRecorded(target.fsPath, code, String(error));
    }
    const entries = await workspace.fs.readDirectory(target);
    const file = entries.find(([name, type]) => type === FileType.File && name.endsWith(".agentgraph.json"));
    if (!file) return;
    const graph = Uri.joinPath(target, file[0]);
    await this.memory.update(CREATED, true);
    await completeWalkthroughStep();
    if (workspace.getWorkspaceFolder(graph)) return this.#show(graph);
    await this.memory.update(PENDING_EXAMPLE, graph.toString());
    await commands.executeCommand("vscode.openFolder", target);
  }

  /** Continues after VS Code has opened the folder of an example. */
  async showPending(): Promise<void> {
    if (this.memory.get(CREATED)) await completeWalkthroughStep();
    const pending = this.memory.get<string>(PENDING_EXAMPLE);
    if (!pending) return;
    const graph = Uri.parse(pending);
    if (!workspace.getWorkspaceFolder(graph)) return;
    await this.memory.update(PENDING_EXAMPLE, undefined);
    await this.#show(graph);
  }

  /** Names the provider, so that a first try does not cost money unnoticed. */
  async #show(graph: Uri): Promise<void> {
    await window.showTextDocument(graph, { preview: false });
    const folder = basename(Uri.joinPath(graph, "..").path);
    const { provider } = readSettings();
    const optimize = l10n.t("Optimize graph");
    const free = l10n.t("Use the simulated model");
    const isPaid = provider !== null && provider !== simulated;
    const message =
      provider === simulated
        ? l10n.t("Example created in {0}. Optimize it with the simulated model: no API key, no cost.", folder)
        : isPaid
          ? l10n.t(
              "Example created in {0}. Optimizing it sends requests to {1}, which may cost money.",
              folder,
              this.account.providerLabel(),
            )
          : l10n.t(
              "Example created in {0}. Optimize it with the simulated model (no API key, no cost) or with your own model.",
              folder,
            );
    // Not awaited: the command is done.
    void showInfo(message, optimize, ...(isPaid ? [free] : [])).then(async (pressed) => {
      if (!pressed) return;
      if (pressed === free) await writeProvider(simulated, "");
      await commands.executeCommand("agentgraph.optimize", graph);
    });
  }
}

async function completeWalkthroughStep(): Promise<void> {
  await commands.executeCommand("setContext", "agentgraph.exampleCreated", true);
}

/** The folder of the workspace. Asks if there are several or none. @throws Cancelled */
async function chooseParent(): Promise<Uri> {
  const [first, ...others] = workspace.workspaceFolders ?? [];
  if (first && others.length === 0) return first.uri;
  if (first) {
    const folder = await window.showWorkspaceFolderPick({
      placeHolder: l10n.t("Where should the example be created?"),
    });
    if (!folder) throw new Cancelled();
    return folder.uri;
  }
  const [chosen] =
    (await window.showOpenDialog({
      title: l10n.t("Where should the example be created?"),
      openLabel: l10n.t("Create it here"),
      canSelectFolders: true,
      canSelectFiles: false,
    })) ?? [];
  if (!chosen) throw new Cancelled();
  return chosen;
}

/** A folder that does not exist yet, so that no file is overwritten. */
async function unusedFolder(parent: Uri, name: string): Promise<Uri> {
  for (let number = 1; ; number++) {
    const folder = Uri.joinPath(parent, number === 1 ? name : `${name}-${number}`);
    if (!(await exists(folder))) return folder;
  }
}
