import { l10n, type Uri, window, workspace } from "vscode";
import { SPLITS, type Split } from "../../../data/sample.ts";
import type { Task } from "../../../engine/task.ts";
import { capitalized, splitCount, splitLabel } from "../../../i18n/labels.ts";
import { estimateRun, estimateRunner } from "../../../run/estimate/estimate.ts";
import { paceOf } from "../../../run/estimate/estimate-line.ts";
import { earlierTexts } from "../../../run/explain/earlier-texts.ts";
import { type Job, recheckOf, runnerOf } from "../../../run/job.ts";
import { loadTask, type Overrides } from "../../../run/load.ts";
import { scoringModelsOf } from "../../../run/models.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import { startRun } from "../../../run/run.ts";
import type { Account } from "../../account/account.ts";
import { modelChoices, readSettings } from "../../account/settings.ts";
import { nodeOf } from "../../commands/command-arguments.ts";
import type { SomeCommands } from "../../commands/commands.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import type { GraphFiles } from "../../graph-files.ts";
import { pickGraph, setsOf } from "../../graph-pick.ts";
import { readInTurns } from "../../read-in-turns.ts";
import { oneLine } from "../../ui/markdown.ts";
import { confirmCalls, confirmStart, estimating } from "../confirm.ts";
import { FIRST_RUN_PACE, isFirstSimulated, paced } from "../first-run.ts";
import { pickRun } from "../pick-run.ts";
import { graphOfRun, type Prepared, prepare } from "../prepare.ts";
import type { RunController } from "../run-controller.ts";
import type { RunStore } from "../run-store.ts";
import type { RunSummary } from "../run-summary.ts";

/** Starts runs that optimize or evaluate a graph, or recheck a run. */
export class StartCommands {
  readonly commands = {
    optimize: async (target) => this.#optimize(await pickGraph(target, this.graphs)),
    optimizeNode: (target) => this.#optimizeNode(target),
    evaluate: (target) => this.#evaluate(target),
    recheckRun: (target) => this.#recheck(target),
  } satisfies SomeCommands;

  constructor(
    private readonly deps: RunsDeps,
    private readonly runStore: RunStore,
    private readonly account: Account,
    private readonly graphs: GraphFiles,
    private readonly running: RunController,
  ) {}

  /** Optimizes the text of one node. The others stay fixed for this run. @throws Cancelled */
  async #optimizeNode(target: unknown): Promise<void> {
    const file = await pickGraph(target, this.graphs);
    const text = (await workspace.openTextDocument(file)).getText();
    const { outline } = await readInTurns(file.fsPath, text);
    const open = outline.nodes.filter(({ trainable }) => trainable).map(({ id }) => id);
    const only = nodeOf(target) ?? (await pickNode(open));
    const others = open.filter((id) => id !== only);
    await this.#optimize(
      file,
      others.map((id) => [`nodes.${id}.trainable`, "false"] as const),
    );
  }

  /** @param set values that replace the file's */
  async #optimize(file: Uri, set: NonNullable<Overrides["set"]> = []): Promise<void> {
    for (;;) {
      const prepared = await this.#prepare(file, undefined, set);
      const estimateOf = (task: Task) => estimateRun(task, prepared.known);
      const { limits, concurrency } = readSettings();
      const { task } = prepared.subject;
      const isSlow = isFirstSimulated(prepared.connection, (await this.runStore.ofGraph(file)).length);
      const pace = isSlow
        ? FIRST_RUN_PACE / concurrency
        : paceOf(await this.#measured(task.models.forward.model), concurrency, task.options.method);
      const confirmed = await confirmStart(task, prepared.connection, estimateOf, limits.calls, pace);
      if (confirmed === "change tier") continue;
      if (confirmed !== "change model") {
        const { deps } = prepared;
        const shown = isSlow ? { ...deps, provider: paced(deps.provider, deps.clock) } : deps;
        const { subject, place } = prepared;
        const asked = { ...subject, task: confirmed.start };
        const earlier = await earlierTexts(this.deps, place, asked);
        return this.#begin({ ...prepared, deps: shown, subject: { ...asked, task: { ...asked.task, earlier } } });
      }
      await orBack(this.account.commands.chooseModels());
    }
  }

  /** The last finished run with a model, to estimate how long its calls take. */
  async #measured(model: string): Promise<RunSummary | null> {
    const runs = await this.runStore.list();
    return runs.find((run) => run.model === model && run.status === "done" && run.calls > MEASURED) ?? null;
  }

  async #evaluate(target: unknown): Promise<void> {
    const file = await pickGraph(target, this.graphs);
    let split: Split | null = null;
    for (;;) {
      const prepared = await this.#prepare(file, async () => {
        split ??= await pickSplit(await setsOf(file), await this.#counts(file));
        return [split];
      });
      const { task } = prepared.subject;
      const job: Job = { kind: "evaluate", split: split ?? "validation" };
      const count = task.data[job.split].length;
      const isConfirmed = await confirmCalls({
        question: l10n.t("Score “{0}” on {1}?", task.graph.name, splitCount(count, job.split, LOCALE)),
        button: l10n.t("Evaluate"),
        estimate: await estimating(() => estimateRunner(task, prepared.known, runnerOf(job))),
        task,
        samples: count,
        models: scoringModelsOf(task),
        connection: prepared.connection,
        hasTiers: true,
      });
      if (isConfirmed) return this.#begin({ ...prepared, subject: { ...prepared.subject, job } });
    }
  }

  /** Numbers of samples in the sets of a graph, as far as they can be read. */
  async #counts(file: Uri): Promise<Partial<Record<Split, number>>> {
    const models = modelChoices(this.account.models());
    const { task } = await loadTask(file.fsPath, this.deps, { models, needs: await setsOf(file), locale: LOCALE });
    return task ? Object.fromEntries(SPLITS.map((split) => [split, task.data[split].length])) : {};
  }

  async #recheck(target: unknown): Promise<void> {
    const none = l10n.t("There are no runs with proposals from another machine.");
    // One node's proposal is compared with the text that its file has now, also if this machine made the run.
    const node = nodeOf(target);
    const fits = (it: RunSummary) => (it.untrusted || node !== null) && it.proposals.length > 0;
    const entry = await pickRun(this.runStore, target, fits, none);
    const file = await graphOfRun(entry, this.graphs);
    const run = await this.runStore.open(entry.id);
    if (!run) throw new NotFound(l10n.t("The run no longer exists."));
    for (;;) {
      const prepared = await this.#prepare(file);
      const { task } = prepared.subject;
      const {
        job,
        task: gated,
        changed,
      } = recheckOf(
        entry.id,
        run.state.proposals.filter((proposal) => node === null || proposal.node === node),
        task,
        node !== null,
      );
      if (job.changes.length === 0) {
        throw new NotFound(
          l10n.t("The texts of {0} changed since the run, so its proposals can't be rechecked.", changed.join(", ")),
        );
      }
      const count = task.data.validation.length;
      const left = changed.length > 0 ? l10n.t("Skipped because their text has changed: {0}.", changed.join(", ")) : "";
      const isConfirmed = await confirmCalls({
        question:
          node === null
            ? l10n.t(
                "Recheck {0} for “{1}” with your own model?",
                LOCALE.count(job.changes.length, "proposal"),
                task.graph.name,
              )
            : l10n.t("Compare the proposal for “{0}” with the text that its file has now?", node),
        button: l10n.t("Recheck"),
        estimate: await estimating(() => estimateRunner(gated, prepared.known, runnerOf(job))),
        task: gated,
        samples: count,
        models: scoringModelsOf(gated),
        connection: prepared.connection,
        hasTiers: true,
        about: [
          l10n.t(
            "Each proposal is scored on {0} in this workspace and gets a verdict from this machine.",
            splitCount(count, "validation", LOCALE),
          ),
          left,
        ],
      });
      if (isConfirmed) return this.#begin({ ...prepared, subject: { ...prepared.subject, task: gated, job } });
    }
  }

  /** @throws NotFound if the graph is already running */
  async #prepare(
    file: Uri,
    needsOf?: () => Promise<readonly Split[]>,
    set?: NonNullable<Overrides["set"]>,
  ): Promise<Prepared> {
    const latest = await this.runStore.latest(file);
    if (latest?.status === "running") {
      throw new NotFound(
        this.runStore.live(latest.id)
          ? l10n.t("A run of “{0}” is in progress. Wait for it to finish, or cancel it.", oneLine(latest.graphName))
          : l10n.t(
              "A run of “{0}” is in progress in another window or a terminal. Wait for it to finish, or cancel it there.",
              oneLine(latest.graphName),
            ),
      );
    }
    return prepare(file, this.account, this.deps, needsOf, set, true);
  }

  async #begin({ subject, place, root, deps }: Prepared): Promise<void> {
    const stop = new AbortController();
    const run = await startRun(subject, place, root, deps, stop.signal);
    await this.running.drive(run, root, stop);
  }
}

/** @throws Cancelled */
async function pickNode(nodes: readonly string[]): Promise<string> {
  const picked = await window.showQuickPick(nodes, { title: l10n.t("Optimize the text of which node?") });
  if (!picked) throw new Cancelled();
  return picked;
}

/** Minimum number of calls of a run to estimate how long a call takes. */
const MEASURED = 20;

/** Resolves also if the user cancels, so that the caller asks again. */
async function orBack(choice: Promise<void>): Promise<void> {
  await choice.catch((error: unknown) => {
    if (!(error instanceof Cancelled)) throw error;
  });
}

/** Asks for a set. @throws Cancelled */
async function pickSplit(sets: readonly Split[], counts: Partial<Record<Split, number>>): Promise<Split> {
  const hints: Record<Split, string> = {
    train: l10n.t("Used for gradients"),
    validation: l10n.t("Used by the gate"),
    test: l10n.t("Not used for any decision, so the score is unbiased"),
  };
  const order: Split[] = ["validation", "test", "train"];
  const items = order
    .filter((split) => sets.includes(split))
    .map((split) => {
      const count = counts[split];
      return {
        label: capitalized(splitLabel(split, LOCALE), LOCALE),
        ...(count !== undefined && { description: LOCALE.count(count, "sample") }),
        detail: hints[split],
        split,
      };
    });
  const picked = await window.showQuickPick(items, { title: l10n.t("On which samples?"), ignoreFocusOut: true });
  if (!picked) throw new Cancelled();
  return picked.split;
}
