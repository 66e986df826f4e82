import { commands, l10n, TabInputTextDiff, window } from "vscode";
import type { Proposal } from "../../engine/events.ts";
import { decisionLabel } from "../../i18n/labels.ts";
import { rightFigure } from "../../i18n/verdict.ts";
import { refOf, runIdOf } from "../commands/command-arguments.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { NotFound } from "../errors.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { showInfo } from "../ui/notifications.ts";
import { type Change, findChange, instructionUri, type ProposalRef, parseInstructionUri } from "./instructions.ts";

/** Opens proposals as inline diffs, one by one or all at once, and navigates between them. */
export class Review {
  readonly commands = {
    review: (target) => this.#review(target),
    reviewAll: (target) => this.#reviewAll(target),
    nextProposal: () => this.#step(1),
    previousProposal: () => this.#step(-1),
  } satisfies SomeCommands;

  constructor(private readonly runStore: RunStore) {}

  /** The proposal of a command: its argument, else the one in the active editor. */
  async proposal(target: unknown): Promise<{ run: OpenedRun; proposal: Proposal }> {
    const ref = refOf(target) ?? activeRef();
    const run = ref && (await this.runStore.open(ref.run));
    const proposal = run?.state.proposals.find(({ id }) => id === ref?.id);
    if (!run || !proposal) {
      throw new NotFound(l10n.t("No proposal is open. Select one in the Proposals view."));
    }
    return { run, proposal };
  }

  /** The run of a command: its argument, else the one in review, else the newest with proposals. */
  async run(target: unknown): Promise<OpenedRun> {
    const named = runIdOf(target) ?? (refOf(target) ?? activeRef())?.run;
    const id = named ?? (await this.runStore.list()).find(({ proposals }) => proposals.length > 0)?.id;
    const run = id ? await this.runStore.open(id) : null;
    if (!run || run.state.proposals.length === 0) {
      throw new NotFound(
        l10n.t("There are no proposals to review yet. Right-click a graph and select “Optimize graph”."),
      );
    }
    return run;
  }

  /** Opens a run's proposal for a node, or says that there is none. */
  async ofNode(id: string, node: string): Promise<void> {
    const run = await this.runStore.open(id);
    const proposal = run?.state.proposals.find((it) => it.node === node);
    if (run && proposal) await show(run, proposal);
    else void showInfo(l10n.t("The run proposes no change to “{0}”.", node));
  }

  async #review(target: unknown): Promise<void> {
    const ref = refOf(target);
    const run = ref && (await this.runStore.open(ref.run));
    const change = run && findChange(run, ref.id);
    if (!change) throw new NotFound(l10n.t("The run of this proposal no longer exists."));
    await show(run, change);
  }

  async #reviewAll(target: unknown): Promise<void> {
    const run = await this.run(target);
    const resources = run.state.proposals.map((proposal) => {
      const after = instructionUri(run, proposal, "after");
      return [after, instructionUri(run, proposal, "before"), after];
    });
    await commands.executeCommand("vscode.changes", l10n.t("Proposals: {0}", run.entry.graphName), resources);
    await reviewed();
  }

  async #step(by: 1 | -1): Promise<void> {
    const shown = activeRef();
    const run = await this.run(shown ?? undefined);
    const { proposals } = run.state;
    const at = proposals.findIndex(({ id }) => id === shown?.id);
    const next = proposals[at < 0 ? 0 : (at + by + proposals.length) % proposals.length];
    if (next) await show(run, next);
  }
}

async function show(run: OpenedRun, change: Change): Promise<void> {
  const before = instructionUri(run, change, "before");
  const after = instructionUri(run, change, "after");
  await commands.executeCommand("vscode.diff", before, after, diffTitle(run, change), { preview: true });
  await reviewed();
}

/** A step of the walkthrough. */
async function reviewed(): Promise<void> {
  await commands.executeCommand("setContext", "agentgraph.reviewed", true);
}

function diffTitle(run: OpenedRun, change: Change): string {
  const proposal = run.state.proposals.find(({ id }) => id === change.id);
  if (!proposal) return l10n.t("{0}: an earlier attempt", change.node);
  return `${change.node}: ${decisionLabel(proposal.verdict.decision, LOCALE)}, ${rightFigure(proposal.verdict, LOCALE)}`;
}

/** The proposal or attempt that the active editor shows. */
function activeRef(): ProposalRef | null {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  const inTab = input instanceof TabInputTextDiff ? parseInstructionUri(input.modified) : null;
  // A multi-diff tab has no text of its own, so the active text editor in it counts.
  return inTab ?? (window.activeTextEditor ? parseInstructionUri(window.activeTextEditor.document.uri) : null);
}
