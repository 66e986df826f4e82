import { basename, dirname, join } from "node:path";
import { commands, l10n, Uri, window, workspace } from "vscode";
import { graphNameOf } from "../../../graph/file-name.ts";
import { reportHtmlInTurns } from "../../../run/report/format/html.ts";
import { reportMarkdown } from "../../../run/report/format/markdown.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled } from "../../errors.ts";
import { showInfo } from "../../ui/notifications.ts";
import { runLabel } from "../messages.ts";
import type { Page, Pages } from "../pages/pages.ts";
import { pickRun } from "../pick-run.ts";
import type { RunStore } from "../run-store.ts";
import type { RunSummary } from "../run-summary.ts";

/** The format for a file extension; a web page for any other. */
async function written(runStore: RunStore, entry: RunSummary, ending: string): Promise<Uint8Array> {
  if (ending === "json") return runStore.reportJson(entry);
  const report = await runStore.report(entry);
  const text =
    ending === "md" ? reportMarkdown(report, LOCALE) : await reportHtmlInTurns(report, runStore.turns(), LOCALE);
  return new TextEncoder().encode(text);
}

/** The page of a run. @throws NotFound, RunMissing, RunUnreadable */
export async function reportPage(runStore: RunStore, [id = ""]: readonly string[]): Promise<Page> {
  const entry = await runStore.existing(id);
  const report = await runStore.report(entry);
  const title = report.evaluated ? l10n.t("Evaluation: {0}", runLabel(entry)) : l10n.t("Report: {0}", runLabel(entry));
  return { title, html: (theme) => reportHtmlInTurns(report, runStore.turns(), LOCALE, theme) };
}

/** Shows the report of a run as a page, or exports it to a file. */
export class ReportCommands {
  readonly commands = {
    showReport: (target) => this.#show(target),
    exportReport: (target) => this.#export(target),
  } satisfies SomeCommands;

  constructor(
    private readonly runStore: RunStore,
    private readonly pages: Pages,
  ) {}

  async #show(target: unknown): Promise<void> {
    await this.pages.show("report", [(await this.#entry(target)).id]);
  }

  async #export(target: unknown): Promise<void> {
    const entry = await this.#entry(target);
    const name = graphNameOf(entry.graphPath);
    const file = await window.showSaveDialog({
      title: l10n.t("Export report"),
      defaultUri: Uri.file(join(dirname(entry.graphPath), `${name}-${entry.id.slice(0, 15)}.html`)),
      filters: { [l10n.t("Web page")]: ["html"], Markdown: ["md"], JSON: ["json"] },
    });
    if (!file) throw new Cancelled();
    const ending = /\.(\w+)$/.exec(file.path)?.[1]?.toLowerCase() ?? "";
    await workspace.fs.writeFile(file, await written(this.runStore, entry, ending));
    const open = l10n.t("Open");
    const message = l10n.t("Saved the report to {0}.", basename(file.path));
    void showInfo(message, open).then((pressed) => {
      if (pressed === open) void commands.executeCommand(ending === "html" ? "revealFileInOS" : "vscode.open", file);
    });
  }

  /** The run of the active report, if there is no argument. */
  #entry(target: unknown): Promise<RunSummary> {
    const [shown] = this.pages.inFront("report") ?? [];
    const named = target instanceof Uri || target === undefined ? shown && { entry: { id: shown } } : target;
    return pickRun(this.runStore, named || target, () => true, l10n.t("There are no runs to report on."));
  }
}
