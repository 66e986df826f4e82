import { CodeLens, type CodeLensProvider, EventEmitter, l10n, type TextDocument } from "vscode";
import { verdictSummary } from "../../i18n/verdict.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { ProposalRef } from "../review/instructions.ts";
import type { RunStore } from "../runs/run-store.ts";
import { type GraphDocuments, toRange } from "./documents.ts";

/** Code lenses above each node: commands for its graph, and the verdict of the last run. */
export class NodeLenses extends Disposable implements CodeLensProvider {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(
    private readonly documents: GraphDocuments,
    private readonly library: RunStore,
  ) {
    super();
    this.own(library.onDidChange(() => this.#changed.fire()));
  }

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const latest = await this.library.latest(document.uri);
    const run = latest && latest.proposals.length > 0 ? await this.library.open(latest.id) : null;
    return this.documents.parsed(document).outline.nodes.flatMap(({ id, idRange }) => {
      const range = toRange(document, idRange);
      const lens = (title: string, command: string, argument: unknown) =>
        new CodeLens(range, { title, command: `agentgraph.${command}`, arguments: [argument] });
      const lenses = [
        lens(l10n.t("Optimize graph"), "optimize", document.uri),
        lens(l10n.t("Show graph"), "showGraph", document.uri),
      ];
      const proposal = run?.state.proposals.find(({ node }) => node === id);
      if (run && proposal) {
        const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
        const line = verdictSummary(proposal.verdict, LOCALE);
        lenses.push(lens(run.entry.untrusted ? l10n.t("Not verified here: {0}", line) : line, "review", ref));
      }
      return lenses;
    });
  }
}
