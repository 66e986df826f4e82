import { commands, l10n, TabInputTextDiff, type TreeView, window } from "vscode";
import type { Log } from "../../deps.ts";
import { Disposable } from "../disposable.ts";
import { Throttle } from "../graph/throttle.ts";
import type { GraphFiles } from "../graph-files.ts";
import { leftToApply } from "../review/apply.ts";
import { parseInstructionUri } from "../review/instructions.ts";
import { isUndone, type TextStatuses } from "../review/text-status.ts";
import type { RunStore } from "../runs/run-store.ts";
import { isEvaluation, openAccepted, type RunSummary, resumable } from "../runs/run-summary.ts";

/** Milliseconds between two counts. */
const COUNTING = 300;

/** Context keys of menus and of the palette, and the badge of the proposals. */
export class ContextKeys extends Disposable {
  readonly #throttle = this.own(new Throttle(() => this.#update(), COUNTING));
  readonly #offers = this.own(new Throttle(() => this.#setOffers().catch((error) => this.#warn(error)), COUNTING));

  constructor(
    private readonly runStore: RunStore,
    private readonly graphs: GraphFiles,
    private readonly textStatuses: TextStatuses,
    private readonly proposals: Pick<TreeView<unknown>, "badge">,
    private readonly log: Log,
  ) {
    super();
    this.own(window.tabGroups.onDidChangeTabs(() => this.#offers.request()));
  }

  request(): void {
    this.#throttle.request();
  }

  async #update(): Promise<void> {
    try {
      const runs = await this.runStore.list();
      await this.#setKeys(runs);
      this.#offers.request();
      await this.#setBadge(runs);
    } catch (error) {
      this.#warn(error);
      // If this can't be read, the command is offered and reports what is missing.
      await setKey("ready", false);
    }
  }

  /** Sets the context keys. Called before the badge, which reads whole runs, so that commands appear early. */
  async #setKeys(runs: readonly RunSummary[]): Promise<void> {
    const there = {
      graphs: (await this.graphs.list()).length,
      runs: runs.length,
      proposals: runs.reduce((sum, run) => sum + run.proposals.length, 0),
      running: runs.some(({ id }) => this.runStore.live(id) !== null),
      resumable: runs.some(resumable),
      untrustedRuns: runs.some(({ untrusted, proposals }) => untrusted && proposals.length > 0),
      // Walkthrough steps are completed by results, not by attempts.
      optimized: runs.some((run) => !run.untrusted && !isEvaluation(run) && run.status === "done"),
      committed: runs.some((run) => run.proposals.some(({ act }) => act === "committed")),
    };
    await Promise.all(Object.entries(there).map(([name, value]) => setKey(name, value)));
    // Last: until then, the views show that they are loading, and the palette offers all commands.
    await setKey("ready", true);
  }

  #warn(error: unknown): void {
    this.log.warn(`context keys: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  /** Sets the documents whose titles and menus offer to apply or reject a proposal. */
  async #setOffers(): Promise<void> {
    const inputs = window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
    const canApply: string[] = [];
    const canReject: string[] = [];
    for (const uri of inputs.flatMap((input) => (input instanceof TabInputTextDiff ? [input.modified] : []))) {
      const ref = parseInstructionUri(uri);
      const run = ref && (await this.runStore.open(ref.run).catch(() => null));
      const proposal = run?.state.proposals.find(({ id }) => id === ref?.id);
      if (!run || !proposal) continue;
      const act = run.state.acts[proposal.id];
      const isOpen = !act || act === "dismissed";
      if (isOpen || isUndone(act, (await this.textStatuses.of(run))(proposal))) canApply.push(String(uri));
      if (!act) canReject.push(String(uri));
    }
    await Promise.all([setKey("canApply", canApply), setKey("canReject", canReject)]);
  }

  /**
   * Shows the number of accepted proposals left to apply, without those that have no effect or whose text changed
   * since.
   */
  async #setBadge(runs: readonly RunSummary[]): Promise<void> {
    // A later run of a graph replaces the earlier ones.
    const latest = new Map<string, RunSummary>();
    for (const run of runs.toReversed()) {
      if (run.proposals.length > 0 && !run.untrusted) latest.set(run.graphPath, run);
    }
    let open = 0;
    for (const entry of latest.values()) {
      const run = openAccepted(entry) === 0 ? null : await this.runStore.open(entry.id).catch(() => null);
      if (!run) continue;
      const textStatus = await this.textStatuses.of(run);
      open += leftToApply(run).filter((one) => textStatus(one) !== "changed").length;
    }
    this.proposals.badge = open === 0 ? undefined : { value: open, tooltip: l10n.t("Proposals to apply: {0}", open) };
  }
}

function setKey(name: string, value: unknown): Thenable<unknown> {
  return commands.executeCommand("setContext", `agentgraph.${name}`, value);
}
