import { CodeLens, type CodeLensProvider, EventEmitter, l10n, Range, type TextDocument, type Uri } from "vscode";
import { textStatusOf } from "../../graph/edits/text-status.ts";
import { placedText } from "../../graph/places/place.ts";
import { isPlaced } from "../../graph/places/placed-text.ts";
import { capitalized } from "../../i18n/labels.ts";
import { verdictSummary } from "../../i18n/verdict.ts";
import { contributionOf } from "../../run/explain/contribution.ts";
import { Delayed, EDIT_PAUSE } from "../delayed.ts";
import { Disposable } from "../disposable.ts";
import { LOCALE } from "../editor-locale.ts";
import type { CurrentGraph } from "../graph/graph-source.ts";
import type { ProposalRef } from "../review/instructions.ts";
import { textStatusLabel } from "../review/text-status.ts";
import type { RunStore } from "../runs/run-store.ts";
import type { RunSummary } from "../runs/run-summary.ts";
import type { Scores } from "../runs/scores.ts";
import type { GraphDocuments } from "./documents.ts";
import type { PromptFiles, PromptUser } from "./prompts.ts";

/** Nodes that use one text and have lenses above it. */
const USERS = 3;

/** A graph as in the file, with its last run. */
interface ScoredGraph extends Pick<CurrentGraph, "graph" | "stale"> {
  readonly latest: RunSummary | null;
  /** The score as part of a sentence; empty if it is unknown. */
  readonly score: string;
}

/**
 * Code lenses above each text of a node in a prompt file: the score of its graph, Try, Optimize only this, and the
 * verdict on the text.
 */
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

  async provideCodeLenses(document: TextDocument): Promise<CodeLens[]> {
    const byLine = new Map<number, PromptUser[]>();
    for (const user of this.prompts.users(document.uri)) {
      const line = lineOf(user, document);
      byLine.set(line, [...(byLine.get(line) ?? []), user]);
    }
    // The texts of a file are mostly of one graph, which reads many files.
    const scored = new Map<string, Promise<ScoredGraph>>();
    const all = [...byLine].flatMap(([line, users]) =>
      users.slice(0, USERS).map((user) => {
        const key = user.graph.toString();
        const graph = scored.get(key) ?? this.#scored(user.graph);
        scored.set(key, graph);
        return this.#lenses(user, graph, line, users.length > 1);
      }),
    );
    return (await Promise.all(all)).flat();
  }

  async #scored(file: Uri): Promise<ScoredGraph> {
    const { graph, stale } = await this.documents.current(file);
    const latest = await this.runStore.lastResult(file);
    const { score } = await this.scores.of(latest, graph);
    return { graph, stale, latest, score };
  }

  async #lenses(
    { graph: file, node }: PromptUser,
    scored: Promise<ScoredGraph>,
    line: number,
    isNamed: boolean,
  ): Promise<CodeLens[]> {
    const { graph, stale, latest, score } = await scored;
    const above = new Range(line, 0, line, 0);
    const lens = (title: string, command: string, argument: unknown) =>
      new CodeLens(above, { title, command: command && `agentgraph.${command}`, arguments: [argument] });
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
      const summary = verdictSummary(proposal.verdict, LOCALE, part);
      const title = run.entry.untrusted ? l10n.t("Not verified here: {0}", summary) : summary;
      const ref: ProposalRef = { run: run.entry.id, id: proposal.id };
      lenses.push(lens(done ? `${capitalized(done, LOCALE)} · ${title}` : title, "review", ref));
    }
    return lenses;
  }
}

/** The line above which the lenses of a text are: the first for a whole file, and for a text that is not found. */
function lineOf({ form: { part } }: PromptUser, document: TextDocument): number {
  const found = part && placedText(document.getText(), part);
  return found && isPlaced(found) ? document.positionAt(found.range.start).line : 0;
}
