import { l10n, MarkdownString, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import { waitingLabel } from "../../i18n/waiting.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import { literal } from "../ui/markdown.ts";
import { progressLine, runTitle } from "./messages.ts";
import type { RunStore } from "./run-store.ts";

/** Milliseconds between two updates, and after which the times in the item are updated without an event. */
const UPDATE_INTERVAL = 250;
const TICK = 1_000;

/** The status bar item of a running run in this window. */
export class RunStatusBar extends Disposable {
  #item: StatusBarItem | null = null;
  /** Id of the run that a click on the item acts on. */
  #run = "";
  #pause: ReturnType<typeof setTimeout> | null = null;
  /** A run that waits for replies has no events, and how long it has waited is in its item. */
  #tick: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly runStore: RunStore) {
    super();
    this.own(runStore.onDidProgress((id) => this.#later(id)));
    this.own({ dispose: () => this.#pause && clearTimeout(this.#pause) });
    this.own({ dispose: () => clearTimeout(this.#tick) });
  }

  #later(id: string): void {
    this.#pause ??= setTimeout(() => {
      this.#pause = null;
      this.#show(id);
    }, UPDATE_INTERVAL);
  }

  #show(id: string): void {
    clearTimeout(this.#tick);
    const run = this.runStore.live(id);
    if (!run) {
      this.#item?.hide();
      return;
    }
    this.#item ??= this.own(window.createStatusBarItem("agentgraph.run", StatusBarAlignment.Left));
    this.#item.name = "AgentGraph";
    this.#item.text = `${run.control.paused === null ? "$(sync~spin)" : "$(debug-pause)"} ${progressLine(run)}`;
    // The question that a limit asks disappears after some seconds.
    this.#item.backgroundColor =
      run.control.paused === "limit" ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    const waiting = run.control.paused === null ? run.waiting() : null;
    const about = waiting ? `${runTitle(run.start)}. ${waitingLabel(waiting, LOCALE)}` : runTitle(run.start);
    this.#item.tooltip = new MarkdownString(l10n.t("{0}. Select for actions.", literal(about)));
    // VS Code drops a click if the item's command is replaced between mouse down and up.
    if (this.#run !== id) {
      this.#run = id;
      this.#item.command = {
        command: "agentgraph.runActions",
        title: l10n.t("Run actions"),
        arguments: [{ entry: { id } }],
      };
    }
    this.#item.show();
    this.#tick = setTimeout(() => this.#show(id), TICK);
  }
}
