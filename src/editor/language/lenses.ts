import { CodeLens, type CodeLensProvider, EventEmitter, l10n, Range, type TextDocument } from "vscode";
import type { Proposal } from "../../engine/events.ts";
import { inputsIdOf } from "../../graph/edges.ts";
import { type TextStatus, textStatusOf } from "../../graph/edits/text-status.ts";
import type { OutlineNode } from "../../graph/syntax/outline.ts";
import { edgeLabels, edgesLabel } from "../../i18n/edges.ts";
import { capitalized } from "../../i18n/labels.ts";
import { verdictSummary } from "../../i18n/verdict.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { proposalsAt } from "../../run/explain/evidence.ts";
import { Delayed, EDIT_PAUSE } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { ProposalRef } from "../review/instructions.ts";
import { offers } from "../review/lenses.ts";
import { textStatusLabel } from "../review/text-status.ts";
import type { OpenedRun } from "../runs/opened-run.ts";
import type { RunStore } from "../runs/run-store.ts";
import { Slices } from "../slices.ts";
import { type GraphDocuments, toRange } from "./documents.ts";

/** Code lenses: above the graph, the commands for it; above each node, those for it alone, and the verdict of the last run. */
export class NodeLenses extends Disposable implements CodeLensProvider {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #update = this.own(new Delayed(() => this.#changed.fire(), EDIT_PAUSE));

  constructor(
    private readonly documents: GraphDocuments,
    private readonly runStore: RunStore,
  ) {
    super();
    this.own(runStore.onDidChange(() => this.#changed.fire()));
    // A text can change in its prompt file.
    this.own(documents.onDidChange(() => this.#update.request()));
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const latest = await this.runStore.lastResult(document.uri);
    const run = latest && latest.proposals.length > 0 ? await this.runStore.open(latest.id) : null;
    const { graph, stale } = run ? await this.documents.current(document.uri) : { graph: null, stale: true };
    const { document: json, outline } = this.documents.parsed(document);
    const proposals = run?.state.proposals ?? [];
    const tuned = outline.nodes.filter(({ trainable }) => trainable).length;
    const lensesOf = ({ id, idRange, trainable }: OutlineNode): CodeLens[] => {
      const lens = lensAt(toRange(document, idRange));
      // Where one text can change, to optimize it is to optimize the graph.
      const only = lens(l10n.t("Optimize only this"), "optimizeNode", { file: document.uri, node: id });
      const lenses = trainable && tuned > 1 ? [only] : [];
      const [proposal] = proposalsAt(proposals, id);
      if (run && proposal) {
        const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
        const part = contributionOf(run.state, proposal, run.threshold);
        const line = verdictSummary(proposal.verdict, LOCALE, part);
        const textStatus = textStatusOf(proposal, run.graph, stale ? null : graph);
        const done = textStatusLabel(run.state.acts[proposal.id], textStatus);
        const title = run.entry.untrusted
          ? l10n.t("Not verified here: {0}", line)
          : done
            ? `${capitalized(done, LOCALE)} · ${line}`
            : line;
        lenses.push(lens(title, "review", ref));
        lenses.push(lens(l10n.t("History"), "showHistory", { file: document.uri, node: id }));
      }
      const [edges] = proposalsAt(proposals, inputsIdOf(id));
      if (run && edges) {
        const at = toRange(document, json.rangeAt(["nodes", id, "inputs"]));
        lenses.push(...edgeLenses(at, run, edges, textStatusOf(edges, run.graph, stale ? null : graph)));
      }
      return lenses;
    };
    if (outline.nodes.length === 0) return [];
    const top = lensAt(new Range(0, 0, 0, 0));
    const all = [
      top(l10n.t("Optimize graph"), "optimize", document.uri),
      top(l10n.t("Show graph"), "showGraph", document.uri),
    ];
    const slices = new Slices();
    for (const node of outline.nodes) {
      await slices.turn();
      all.push(...lensesOf(node));
    }
    return all;
  }
}

function lensAt(range: Range): (title: string, command: string, argument: unknown) => CodeLens {
  return (title, command, argument) =>
    new CodeLens(range, { title, command: `agentgraph.${command}`, arguments: [argument] });
}

/** The lenses of a proposal for what a node reads, above its inputs: its changes, then the same actions as for a text. */
function edgeLenses(range: Range, run: OpenedRun, proposal: Proposal, textStatus: TextStatus): CodeLens[] {
  const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
  const changes = {
    title: capitalized(edgesLabel(proposal, LOCALE), LOCALE),
    tooltip: edgeLabels(proposal, LOCALE).join("\n"),
    command: "agentgraph.review",
    arguments: [ref],
  };
  return [changes, ...offers(ref, run, proposal, textStatus)].map((command) => new CodeLens(range, command));
}
