import { l10n, Uri, window, workspace } from "vscode";
import { inputsIdOf, nodeOfInputs } from "../../graph/edges.ts";
import { textIn } from "../../graph/edits/text-status.ts";
import {
  HISTORY_COMMITS,
  HISTORY_RUNS,
  type HistoryEntry,
  historyEntry,
  historyHtml,
  type RunCommit,
  runCommits,
} from "../../run/report/history.ts";
import { nodeOf } from "../commands/command-arguments.ts";
import type { SomeCommands } from "../commands/commands.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled } from "../errors.ts";
import { gitApi } from "../git/api.ts";
import type { GraphFiles } from "../graph-files.ts";
import { pickGraph } from "../graph-pick.ts";
import type { GraphDocuments } from "../language/documents.ts";
import type { Page, Pages } from "../runs/pages/pages.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunSummary } from "../runs/run-summary.ts";
import { showInfo } from "../ui/notifications.ts";

/** The history of nodes over the runs of a graph. */
export class NodeHistories {
  constructor(private readonly runStore: RunStore) {}

  /** The runs that proposed something for a node, the newest first. */
  async runsOf(graph: Uri, node: string): Promise<RunSummary[]> {
    const runs = await this.runStore.ofGraph(graph);
    return runs.filter(({ proposals }) => proposals.some((one) => one.node === node));
  }

  /** The history of a node, the newest run first. @param most maximum number of runs */
  async of(graph: Uri, node: string, most: number): Promise<{ entries: HistoryEntry[]; left: number }> {
    const all = await this.runsOf(graph, node);
    const commits = all.length === 0 ? [] : await commitsOf(graph);
    const entries: HistoryEntry[] = [];
    for (const summary of all.slice(0, most)) {
      const run = await this.runStore.open(summary.id).catch(() => null);
      const { id, startedAt, method, model } = summary;
      const entry =
        run &&
        historyEntry(
          { id, startedAt, method, model, threshold: run.threshold, state: run.state, untrusted: run.entry.untrusted },
          node,
          commits,
        );
      if (entry) entries.push(entry);
    }
    return { entries, left: Math.max(0, all.length - most) };
  }
}

/** Third part of the ids of a page with all runs. */
const ALL = "all";

/** A node, or the inputs of one. */
function labelOf(id: string): string {
  const reader = nodeOfInputs(id);
  return reader === null ? id : l10n.t("inputs of {0}", reader);
}

/** Commits with trailers. Empty if there is no repository, because a history is useful without commits. */
async function commitsOf(graph: Uri): Promise<RunCommit[]> {
  if (!workspace.isTrusted) return [];
  const repository = (await gitApi().catch(() => null))?.getRepository(graph);
  return runCommits((await repository?.log({ maxEntries: HISTORY_COMMITS }).catch(() => null)) ?? []);
}

/** The page of a node over all runs. @throws NotFound, RunUnreadable */
export async function historyPage(
  histories: NodeHistories,
  documents: GraphDocuments,
  [file = "", node = "", part = ""]: readonly string[],
): Promise<Page> {
  const graph = Uri.parse(file);
  const { graph: current } = await documents.current(graph);
  const most = part === ALL ? Number.POSITIVE_INFINITY : HISTORY_RUNS;
  const { entries, left } = await histories.of(graph, node, most);
  const text = current && textIn(current, node);
  const history = { node, graphName: current?.name ?? "", text, entries, left };
  return { title: l10n.t("History: {0}", labelOf(node)), html: (theme) => historyHtml(history, LOCALE, theme) };
}

/** Shows the history of a node: what runs tried, the scores, and whether it was applied. */
export class HistoryCommands {
  readonly commands = { showHistory: (target) => this.#show(target) } satisfies SomeCommands;

  constructor(
    private readonly graphs: GraphFiles,
    private readonly documents: GraphDocuments,
    private readonly histories: NodeHistories,
    private readonly pages: Pages,
  ) {}

  async #show(target: unknown): Promise<void> {
    const file = await pickGraph(target, this.graphs);
    const node = nodeOf(target) ?? (await this.#pickNode(file));
    await this.pages.show("history", [file.toString(), node]);
    const left = (await this.histories.runsOf(file, node)).length - HISTORY_RUNS;
    if (left <= 0) return;
    const all = l10n.t("Show all runs");
    const message = l10n.t("The history of {0} leaves out older runs: {1}.", labelOf(node), left);
    if ((await showInfo(message, all)) === all) await this.pages.show("history", [file.toString(), node, ALL]);
  }

  /** @throws Cancelled */
  async #pickNode(file: Uri): Promise<string> {
    const { graph } = await this.documents.current(file);
    const items = (graph?.nodes ?? []).flatMap(({ id, role, trainable, tunesInputs }) => [
      ...(trainable ? [{ label: id, detail: role, node: id }] : []),
      ...(tunesInputs ? [{ label: labelOf(inputsIdOf(id)), detail: "", node: inputsIdOf(id) }] : []),
    ]);
    const picked = await window.showQuickPick(items, { title: l10n.t("The history of which node?") });
    if (!picked) throw new Cancelled();
    return picked.node;
  }
}
