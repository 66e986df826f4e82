import { l10n, window } from "vscode";
import type { RunControl } from "../../../engine/run-control.ts";
import type { Run } from "../../../run/run.ts";
import { pinOf, runIdOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { Disposable } from "../../disposable.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import { showInfo } from "../../ui/notifications.ts";
import { costSoFar, runTitle } from "../messages.ts";
import { pickRun } from "../pick-run.ts";
import type { RunStore } from "../run-store.ts";
import { isRunning } from "../run-summary.ts";

/** Pauses and continues runs of this window, ends them early, and pins nodes. */
export class SteerCommands extends Disposable {
  readonly commands = {
    pauseRun: async (target) => (await this.#run(target)).control.pause("user"),
    continueRun: async (target) => (await this.#run(target)).control.proceed(),
    stopAfterIteration: (target) => this.#stop(target),
    pinNode: (target) => this.#pin(target),
  } satisfies SomeCommands;
  /** Runs for which the user was asked whether to continue. */
  readonly #asked = new Set<string>();

  constructor(
    private readonly runStore: RunStore,
    private readonly cancel: (id: string) => void,
  ) {
    super();
    this.own(runStore.onDidProgress((id) => this.#askAtLimit(id)));
  }

  /** @throws NotFound */
  async #run(target: unknown): Promise<Run> {
    const own = this.runStore.live(runIdOf(target) ?? "");
    if (own) return own;
    const { id } = await pickRun(this.runStore, target, isRunning, l10n.t("No run is in progress."));
    const run = this.runStore.live(id);
    if (run) return run;
    throw new NotFound(l10n.t("This run was started outside this window. Pause or stop it where it was started."));
  }

  async #stop(target: unknown): Promise<void> {
    const { control, state } = await this.#run(target);
    if (state().iterations === 0) throw new NotFound(l10n.t("This run has no iterations."));
    control.stop(control.stopAfter === null);
    const { stopAfter } = control;
    void showInfo(
      stopAfter === null
        ? l10n.t("The run continues to its last iteration.")
        : l10n.t("The run stops after iteration {0}.", stopAfter),
    );
  }

  async #pin(target: unknown): Promise<void> {
    const { control, state } = await this.#run(target);
    const { parameters, iterations } = state();
    const one = pinOf(target);
    if (one && parameters.includes(one.node)) {
      control.pin(one.node, one.pinned);
      return sayWhenPinned(control);
    }
    if (iterations === 0) throw new NotFound(l10n.t("This run proposes no texts."));
    const items = parameters.map((label) => ({ label, picked: control.isPinnedLast(label) }));
    const picked = await window.showQuickPick(items, {
      canPickMany: true,
      title: l10n.t("Pin nodes"),
      placeHolder: l10n.t("No more texts are proposed for the selected nodes"),
    });
    if (!picked) throw new Cancelled();
    for (const node of parameters)
      control.pin(
        node,
        picked.some(({ label }) => label === node),
      );
    sayWhenPinned(control);
  }

  #askAtLimit(id: string): void {
    const run = this.runStore.live(id);
    if (run?.control.paused !== "limit") this.#asked.delete(id);
    else if (!this.#asked.has(id)) {
      this.#asked.add(id);
      void this.#ask(run);
    }
  }

  async #ask({ id, control, state, start }: Run): Promise<void> {
    const [goOn, stop, cancel] = [l10n.t("Continue"), l10n.t("Stop after this iteration"), l10n.t("Cancel run")];
    const message = l10n.t(
      "{0}: paused after {1}, because agentgraph.budget.pauseUsd asks for it.",
      runTitle(start),
      costSoFar(state()),
    );
    const answer = await showInfo(message, goOn, ...(state().iterations > 0 ? [stop] : []), cancel);
    if (control.paused !== "limit") return;
    if (answer === stop) control.stop();
    if (answer === goOn || answer === stop) control.proceed();
    if (answer === cancel) this.cancel(id);
  }
}

/** Says which nodes still get a proposal in this iteration, because their texts have been requested. */
function sayWhenPinned({ pinnedLater }: RunControl): void {
  if (pinnedLater.length === 0) return;
  void showInfo(
    l10n.t("Pinned from the next iteration on, because a new text was already requested: {0}.", pinnedLater.join(", ")),
  );
}
