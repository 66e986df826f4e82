import { l10n, type TreeView, window } from "vscode";
import { runIdsOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { NotFound } from "../../errors.ts";
import { runLabel } from "../messages.ts";
import { pickRun } from "../pick-run.ts";
import type { RunStore } from "../run-store.ts";
import type { RunSummary } from "../run-summary.ts";
import type { RunElement } from "../tree.ts";

/** Deletes one or all selected runs after a confirmation. */
export class DeleteCommands {
  readonly commands = {
    deleteRun: (target, selected) => this.#delete(target, selected),
  } satisfies SomeCommands;

  constructor(
    private readonly runStore: RunStore,
    private readonly view: TreeView<RunElement>,
  ) {}

  async #delete(target: unknown, selected: unknown): Promise<void> {
    const entries = await this.#entries(target, selected);
    const [first] = entries;
    if (!first) throw new NotFound(l10n.t("A run in progress can't be deleted. Cancel it first."));
    const remove = l10n.t("Delete");
    const message =
      entries.length === 1
        ? l10n.t("Delete the run {0}?", runLabel(first))
        : l10n.t("Delete {0} runs?", entries.length);
    const detail = l10n.t("Its proposals, gradients and replies are removed from disk. Applied texts stay.");
    if ((await window.showWarningMessage(message, { modal: true, detail }, remove)) !== remove) return;
    for (const entry of entries) await this.runStore.remove(entry);
  }

  async #entries(target: unknown, selected: unknown): Promise<RunSummary[]> {
    const idle = ({ status }: RunSummary) => status !== "running";
    // A key binding passes no element, so the selection of the view counts.
    const ids = runIdsOf(target === BY_KEY ? this.view.selection : selected);
    if (target !== BY_KEY && ids.length < 2) {
      return [await pickRun(this.runStore, target, idle, l10n.t("There are no runs to delete."))];
    }
    return (await this.runStore.list()).filter((entry) => ids.includes(entry.id) && idle(entry));
  }
}

/** The argument of the key binding in the manifest. */
const BY_KEY = "selected";
