import { join } from "node:path";
import { commands, l10n, type Memento, ProgressLocation, ThemeIcon, Uri, window, workspace } from "vscode";
import type { RunControl } from "../../engine/run-control.ts";
import { ENGINE_VERSION } from "../../engine/session.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { type RunManifest, readManifest, taskOf } from "../../run/record/run-manifest.ts";
import { filesOf, runPathsOf } from "../../run/record/run-paths.ts";
import type { RunsDeps } from "../../run/record/runs.ts";
import { type Run, resumeRun } from "../../run/run.ts";
import type { Account } from "../account/account.ts";
import { readSettings } from "../account/settings.ts";
import { runIdOf } from "../commands/command-arguments.ts";
import { guarded } from "../commands/command-errors.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { Disposable } from "../disposable.ts";
import { Cancelled, NotFound } from "../errors.ts";
import { showInfo, withoutLinks } from "../ui/notifications.ts";
import { askForMore } from "./confirm.ts";
import { progressLine, runLabel, runTitle } from "./messages.ts";
import { reportEnd } from "./outcome.ts";
import { pickRun } from "./pick-run.ts";
import { runDeps } from "./prepare.ts";
import type { RunStore } from "./run-store.ts";
import { isRunning, type RunSummary, resumable } from "./run-summary.ts";

/** Milliseconds between two progress updates. */
const UPDATE_INTERVAL = 250;

/** Runs, resumes and cancels runs, and shows their progress. */
export class RunController extends Disposable {
  readonly commands = {
    resumeRun: (target) => this.#resume(target),
    cancelRun: (target) => this.#cancel(target),
    runActions: (target) => this.#act(target),
  } satisfies SomeCommands;
  readonly #stops = new Map<string, AbortController>();

  constructor(
    private readonly deps: RunsDeps,
    private readonly runStore: RunStore,
    private readonly account: Account,
    /** State of this workspace: its running runs, which can be resumed after a reload. */
    private readonly memory: Memento,
  ) {
    super();
  }

  async #resume(target: unknown): Promise<void> {
    const entry = await pickRun(this.runStore, target, resumable, l10n.t("There are no runs to resume."));
    const start = await this.#startOf(entry);
    const connection = await this.account.connect(true);
    await this.account.programs.confirm(taskOf(start));
    const limits = entry.status === "budget" ? await this.#moreBudget(entry) : undefined;
    const stop = new AbortController();
    const run = await resumeRun(entry.id, runPathsOf(entry.root), runDeps(connection, this.deps), stop.signal, limits);
    await this.drive(run, entry.root, stop);
  }

  /** Different prompt templates make different requests, so saved replies may not match. @throws Cancelled */
  async #startOf(entry: RunSummary): Promise<RunManifest> {
    const { start } = await readManifest(this.deps, filesOf(runPathsOf(entry.root), entry.id).start, entry.id);
    if (start.engine === ENGINE_VERSION) return start;
    const message = l10n.t("This run was started with another version of AgentGraph.");
    const detail = l10n.t("Prompts can differ in this version, so some calls may be charged again.");
    const resume = l10n.t("Resume");
    if ((await window.showWarningMessage(message, { modal: true, detail }, resume)) !== resume) throw new Cancelled();
    return start;
  }

  async #moreBudget(entry: RunSummary): Promise<BudgetLimits> {
    const run = await this.runStore.open(entry.id);
    if (!run) throw new NotFound(l10n.t("The run no longer exists."));
    return askForMore(run.limits, run.state, readSettings().limits);
  }

  /**
   * The command that starts a run does not wait for its end.
   * @returns what settles when the run has ended
   */
  async drive(run: Run, root: string, stop: AbortController): Promise<{ readonly ended: Promise<void> }> {
    this.#stops.set(run.id, stop);
    this.deps.log.info(`Run ${run.id} of ${run.start.graphFile} asks ${run.start.provider}.`);
    await this.#remember(run.id, true);
    const title = runTitle(run.start);
    const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
    const driven = window.withProgress(options, async (progress, token) => {
      token.onCancellationRequested(() => stop.abort(new Cancelled()));
      const timer = setInterval(() => progress.report({ message: notificationLine(run) }), UPDATE_INTERVAL);
      try {
        await this.runStore.drive(run, root);
      } finally {
        clearInterval(timer);
      }
    });
    const end = async () => {
      await driven;
      await this.#ended(run, root);
    };
    void guarded(`run ${run.id}`, end, this.deps.log);
    return { ended: Promise.resolve(driven).catch(() => undefined) };
  }

  async #ended(run: Run, root: string): Promise<void> {
    this.#stops.delete(run.id);
    const { status, detail } = run.state();
    // The window is closing: the run is not finished and is offered again.
    if (status === "running") return;
    await this.#remember(run.id, false);
    this.deps.log.info(`Run ${run.id}: ${status}. ${detail ?? ""}`);
    await reportEnd(run, Uri.file(join(root, run.start.graphFile)), this.account);
  }

  async #cancel(target: unknown): Promise<void> {
    // A run that was just resumed may not be listed as running yet.
    const own = this.#stops.get(runIdOf(target) ?? "");
    const none = l10n.t("No run is in progress.");
    const stop = own ?? this.#stops.get((await pickRun(this.runStore, target, isRunning, none)).id);
    if (!stop) {
      throw new NotFound(l10n.t("This run was started outside this window. Cancel it where it was started."));
    }
    stop.abort(new Cancelled());
  }

  /** Cancels a run of this window. */
  cancel(id: string): void {
    this.#stops.get(id)?.abort(new Cancelled());
  }

  /** Actions for a running run, so that one click on its status does not cancel it. */
  async #act(target: unknown): Promise<void> {
    const id = runIdOf(target) ?? "";
    const entry = this.#stops.has(id)
      ? await this.runStore.existing(id)
      : await pickRun(this.runStore, target, isRunning, l10n.t("No run is in progress."));
    const about = { entry };
    const control = this.runStore.live(entry.id)?.control;
    const actions = [
      ...(control ? steeringActions(control, about) : []),
      { label: l10n.t("Show graph"), icon: "type-hierarchy", command: "showGraph", on: Uri.file(entry.graphPath) },
      { label: l10n.t("Show the run so far"), icon: "graph", command: "showReport", on: about },
      { label: l10n.t("Cancel run"), icon: "debug-stop", command: "cancelRun", on: about },
    ].map((action) => ({ ...action, iconPath: new ThemeIcon(action.icon) }));
    const picked = await window.showQuickPick(actions, { title: runLabel(entry) });
    if (picked) await commands.executeCommand(`agentgraph.${picked.command}`, picked.on);
  }

  async #remember(id: string, running: boolean): Promise<void> {
    const others = this.memory.get<string[]>(RUNNING, []).filter((one) => one !== id);
    await this.memory.update(RUNNING, running ? [...others, id] : others);
  }

  /** After a reload, offers to resume this window's runs. */
  async offerInterrupted(): Promise<void> {
    const ids = this.memory.get<string[]>(RUNNING, []);
    if (ids.length === 0 || !workspace.isTrusted) return;
    await this.memory.update(RUNNING, []);
    for (const id of ids) {
      const entry = await this.runStore.find(id);
      if (!entry || !resumable(entry)) continue;
      const resume = l10n.t("Resume");
      const message = l10n.t("The run of {0} was interrupted. All replies so far are saved.", entry.graphName);
      if ((await showInfo(message, resume, l10n.t("Later"))) === resume) {
        await commands.executeCommand("agentgraph.resumeRun", { entry });
      }
    }
  }
}

/** A notification of progress has no other button than *Cancel*. */
function notificationLine(run: Run): string {
  const line = progressLine(run);
  return run.control.paused === null ? line : l10n.t("{0}. To continue it, select it in the status bar.", line);
}

function steeringActions(control: RunControl, about: { readonly entry: RunSummary }) {
  return [
    control.paused === null
      ? { label: l10n.t("Pause run"), icon: "debug-pause", command: "pauseRun", on: about }
      : { label: l10n.t("Continue run"), icon: "debug-continue", command: "continueRun", on: about },
    control.stopAfter === null
      ? {
          label: l10n.t("Stop after this iteration"),
          icon: "debug-step-over",
          command: "stopAfterIteration",
          on: about,
        }
      : {
          label: l10n.t("Continue after iteration {0}", control.stopAfter),
          icon: "debug-step-over",
          command: "stopAfterIteration",
          on: about,
        },
    { label: l10n.t("Pin nodes…"), icon: "pin", command: "pinNode", on: about },
  ];
}

const RUNNING = "runs.underWay";
