import { basename } from "node:path";
import { FileType, l10n, Uri, window, workspace } from "vscode";
import type { SomeCommands } from "./commands.ts";
import { Cancelled, NothingThere } from "./errors.ts";

/** Copies one of the graphs that come with the extension into the workspace, and opens it. */
export class Example {
  readonly commands = { createExample: () => this.#create() } satisfies SomeCommands;

  constructor(private readonly extension: Uri) {}

  async #create(): Promise<void> {
    const [folder] = workspace.workspaceFolders ?? [];
    if (!folder) throw new NothingThere(l10n.t("Open a folder first: the example is copied into it."));
    const items = [
      { label: l10n.t("Word problems"), description: l10n.t("a chain of two nodes"), name: "chain" },
      { label: l10n.t("Receipts"), description: l10n.t("two branches that share one text"), name: "diamond" },
      { label: l10n.t("Shipping labels"), description: l10n.t("five nodes that feed one"), name: "fan-in" },
    ];
    const picked = await window.showQuickPick(items, { title: l10n.t("Which example?"), ignoreFocusOut: true });
    if (!picked) throw new Cancelled();
    const target = await unusedFolder(folder.uri, `agentgraph-${picked.name}`);
    await workspace.fs.copy(Uri.joinPath(this.extension, "examples", picked.name), target);
    const entries = await workspace.fs.readDirectory(target);
    const file = entries.find(([name, type]) => type === FileType.File && name.endsWith(".agentgraph.json"));
    if (file) await window.showTextDocument(Uri.joinPath(target, file[0]));
    void window.showInformationMessage(
      l10n.t("The example is in {0}. Optimize it with the simulated model: no key, no cost.", basename(target.path)),
    );
  }
}

/** Never writes over what is there. */
async function unusedFolder(parent: Uri, name: string): Promise<Uri> {
  for (let number = 1; ; number++) {
    const folder = Uri.joinPath(parent, number === 1 ? name : `${name}-${number}`);
    const taken = await workspace.fs.stat(folder).then(
      () => true,
      () => false,
    );
    if (!taken) return folder;
  }
}
