import { CodeLens, type CodeLensProvider, EventEmitter, l10n, Range, type TextDocument } from "vscode";
import { textStatusOf } from "../../graph/edits/text-status.ts";
import { capitalized } from "../../i18n/labels.ts";
import { verdictSummary } from "../../i18n/verdict.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { Delayed, EDIT_PAUSE } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { ProposalRef } from "../review/instructions.ts";
import { textStatusLabel } from "../review/text-status.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { Scores } from "../runs/scores.ts";
import type { GraphDocuments } from "./documents.ts";
import type { PromptFiles, PromptUser } from "./prompts.ts";

/** Maximum number of graphs with lenses in a prompt file. */
const USERS = 3;

/** Code lenses above a prompt file: the score of its graph, Try, Optimize only this, and the verdict on its text. */
export class PromptLenses extends Disposable implements CodeLensProvider {
  readonly #changed = this.own(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #update = this.own(new Delayed(() => this.#changed.fire(), EDIT_PAUSE));

  constructor(
    private readonly prompts: PromptFiles,
    private readonly documents: GraphDocuments,
    private readonly runStore: RunStore,
    private readonly scores: Scores,
  ) {
    super();
    for (const event of [runStore.onDidChange, documents.onDidChange, prompts.onDidChange]) {
      this.own(event(() => this.#update.request()));
    }
  }

  async provideCodeLenses({ uri }: TextDocument): Promise<CodeLens[]> {
    const users = this.prompts.users(uri).slice(0, USERS);
    const all = await Promise.all(users.map((user) => this.#lenses(user, users.length > 1)));
    return all.flat();
  }

  async #lenses({ graph: file, node }: PromptUser, isNamed: boolean): Promise<CodeLens[]> {
    const { graph, stale } = await this.documents.current(file);
    const latest = await this.runStore.latest(file);
    const { score } = await this.scores.of(latest, graph);
    const top = new Range(0, 0, 0, 0);
    const lens = (title: string, command: string, argument: unknown) =>
      new CodeLens(top, { title, command: command && `agentgraph.${command}`, arguments: [argument] });
    const named = isNamed && graph ? `${graph.name}: ` : "";
    const shown = score === "" ? l10n.t("not scored yet") : score;
    const lenses = [
      lens(capitalized(named + shown, LOCALE), "showGraph", file),
      lens(l10n.t("Try"), "trySample", file),
    ];
    if (graph?.nodes.find(({ id }) => id === node)?.trainable) {
      lenses.push(lens(l10n.t("Optimize only this"), "optimizeNode", { file, node }));
    }
    const run = latest?.proposals.some((one) => one.node === node) ? await this.runStore.open(latest.id) : null;
    const proposal = run?.state.proposals.find((one) => one.node === node);
    if (run && proposal) {
      const part = contributionOf(run.state, proposal, run.threshold);
      const textStatus = textStatusOf(proposal, run.graph, stale ? null : graph);
      const done = textStatusLabel(run.state.acts[proposal.id], textStatus);
      const line = verdictSummary(proposal.verdict, LOCALE, part);
      const title = run.entry.untrusted ? l10n.t("Not verified here: {0}", line) : line;
      const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
      lenses.push(lens(done ? `${capitalized(done, LOCALE)} · ${title}` : title, "review", ref));
    }
    return lenses;
  }
}
