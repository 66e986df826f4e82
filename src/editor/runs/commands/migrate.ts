import { commands, l10n, ProgressLocation, Range, type Uri, WorkspaceEdit, window, workspace } from "vscode";
import type { Task } from "../../../engine/task.ts";
import { withTheta } from "../../../graph/edges.ts";
import { withForwardModel } from "../../../graph/edits/move-model.ts";
import { readGraphText } from "../../../graph/read.ts";
import { splitCount } from "../../../i18n/labels.ts";
import { graphFormat } from "../../../methods/registry.ts";
import { askWithoutRun } from "../../../run/ask-without-run.ts";
import { estimateRun, estimateRunner } from "../../../run/estimate/estimate.ts";
import { paceOf } from "../../../run/estimate/estimate-line.ts";
import { runnerOf } from "../../../run/job.ts";
import {
  figuresOf,
  type Migration,
  type ModelFigures,
  migrationOf,
  migrationSentences,
  migrationSplit,
  otherRoles,
  withForward,
} from "../../../run/migration.ts";
import { modelsOf } from "../../../run/models.ts";
import type { RunRequest } from "../../../run/record/run-manifest.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { migrationHtml } from "../../../run/report/migration.ts";
import { startRun } from "../../../run/run.ts";
import type { Account } from "../../account/account.ts";
import { readSettings } from "../../account/settings.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import { saveOrThrow } from "../../review/text-locations.ts";
import { oneLine } from "../../ui/markdown.ts";
import { showInfo, withoutLinks } from "../../ui/notifications.ts";
import { confirmCalls, confirmStart, estimating } from "../confirm.ts";
import type { Page, Pages } from "../pages/pages.ts";
import { type Prepared, prepare, withPrices } from "../prepare.ts";
import type { RunController } from "../run-controller.ts";

/** The page takes the graph and a provider. @throws NotFound */
export async function migrationPage(): Promise<Page> {
  throw new NotFound(
    l10n.t("To show this report again, run “Move to another model” with the same model. Cached replies cost nothing."),
  );
}

/** Moves a graph to another forward model: scores both, and tunes the texts for the new one if it scores lower. */
export class Migrate {
  constructor(
    private readonly deps: RunsDeps,
    private readonly account: Account,
    private readonly running: RunController,
    private readonly pages: Pages,
  ) {}

  /** @throws Cancelled, NotFound */
  async move(file: Uri): Promise<void> {
    const first = await prepare(file, this.account, this.deps);
    const { subject, connection } = first;
    const { task } = subject;
    if (connection.provider.names === "one") {
      throw new NotFound(
        l10n.t("The simulated model is the only one of its provider. Choose models of a provider first."),
      );
    }
    const { name } = task.graph;
    const to = await this.account.askForModel(l10n.t("Which model should “{0}” use?", oneLine(name)));
    const old = task.models.forward.model;
    if (to === old) throw new NotFound(l10n.t("“{0}” already uses {1}.", oneLine(name), oneLine(to)));
    const moved = withForward(subject, to);
    void this.account.warnOfEndings(connection, [to]);
    const prepared = await withPrices(first, modelsOf(moved.task));
    await this.#confirm(prepared, moved);
    const split = migrationSplit(task);
    const from = await measured(task, prepared);
    const untuned = await measured(moved.task, prepared);
    const figures = { split, n: task.data[split].length, from, to: untuned } as const;
    const { threshold } = moved.task.options;
    const before = migrationOf({ ...figures, tuned: null, run: null }, threshold);
    if (before.held) return this.#show(before, file, prepared);
    const tuned = await this.#tuned(before, moved, prepared);
    const after = tuned ? migrationOf({ ...figures, ...tuned }, threshold) : before;
    await this.#show(after, file, prepared);
  }

  /** Says what scoring both models costs, before the first call. @throws Cancelled */
  async #confirm({ subject: { task }, known, connection }: Prepared, { task: moved }: RunRequest): Promise<void> {
    const split = migrationSplit(task);
    const run = runnerOf({ kind: "evaluate", split });
    const [old, next] = await estimating(() =>
      Promise.all([estimateRunner(task, known, run), estimateRunner(moved, known, run)]),
    );
    await confirmCalls({
      question: l10n.t(
        "Move “{0}” from {1} to {2}?",
        oneLine(task.graph.name),
        oneLine(task.models.forward.model),
        oneLine(moved.models.forward.model),
      ),
      button: l10n.t("Score both"),
      estimate: {
        calls: old.calls + next.calls,
        cached: old.cached + next.cached,
        usd: old.usd === null || next.usd === null ? null : old.usd + next.usd,
      },
      task: moved,
      models: [task.models.forward.model, moved.models.forward.model],
      samples: task.data[split].length,
      connection,
      about: [
        l10n.t(
          "Both models answer {0}. If the new one scores lower, you are asked before its texts are tuned.",
          splitCount(task.data[split].length, split, LOCALE),
        ),
      ],
    });
  }

  /** Tunes the texts for the new model, if the user agrees. null: not. */
  async #tuned(
    before: Migration,
    moved: RunRequest,
    prepared: Prepared,
  ): Promise<{ readonly tuned: ModelFigures; readonly run: string } | null> {
    const tune = l10n.t("Tune the texts…");
    const [message = "", detail = ""] = migrationSentences(before, LOCALE);
    if ((await window.showWarningMessage(message, { modal: true, detail }, tune)) !== tune) return null;
    const { known, connection, place, root, deps } = prepared;
    const { limits, concurrency } = readSettings();
    const estimateOf = (task: Task) => estimateRun(task, known);
    const pace = paceOf(null, concurrency);
    const confirmed = await confirmStart(moved.task, connection, estimateOf, limits.calls, pace, true);
    if (typeof confirmed === "string") throw new Cancelled();
    const stop = new AbortController();
    const run = await startRun({ ...moved, task: confirmed.start }, place, root, deps, stop.signal);
    const { ended } = await this.running.drive(run, root, stop);
    await ended;
    const { status, texts } = run.state();
    if (status !== "done" && status !== "budget") return null;
    const tuned = { ...moved.task, graph: withTheta(moved.task.graph, texts) };
    return { tuned: await measured(tuned, prepared), run: run.id };
  }

  async #show(migration: Migration, file: Uri, { subject: { task } }: Prepared): Promise<void> {
    const { from, to, split, held } = migration;
    const { name } = task.graph;
    const title = l10n.t("Move: {0}", name);
    const html = (theme: string) =>
      migrationHtml(migration, name, task.data[split], task.options.threshold, LOCALE, theme);
    await this.pages.show("migration", [file.fsPath, from.model, to.model], { title, html });
    const [verdict = ""] = migrationSentences(migration, LOCALE);
    const use = l10n.t("Use {0}", oneLine(to.model));
    if (!held) return void showInfo(verdict);
    if ((await showInfo(verdict, use)) === use) await this.#use(to.model, file, task);
  }

  /** Names the new model where the old one is named: in the graph file, else among the user's own models. */
  async #use(model: string, file: Uri, task: Task): Promise<void> {
    const document = await workspace.openTextDocument(file);
    const text = document.getText();
    const { file: graph } = readGraphText(file.fsPath, text, graphFormat, LOCALE);
    const moved = graph ? withForwardModel(text, graph, model, otherRoles(task)) : text;
    if (moved === text || this.account.models().forward !== undefined) {
      await commands.executeCommand("agentgraph.chooseModels");
      return;
    }
    const change = new WorkspaceEdit();
    change.replace(file, new Range(document.positionAt(0), document.positionAt(text.length)), moved);
    if (await workspace.applyEdit(change)) await saveOrThrow(document);
  }
}

/** Scores a graph, with progress. @throws Cancelled */
function measured(task: Task, { place, root, deps }: Prepared): Thenable<ModelFigures> {
  const split = migrationSplit(task);
  const title = l10n.t("AgentGraph: Scoring {0}", oneLine(task.models.forward.model));
  const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
  return window.withProgress(options, async (_, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort(new Cancelled()));
    return askWithoutRun(task, place, root, deps, (engine) => figuresOf(task, split, engine, stop.signal));
  });
}
