import { commands, l10n, type Memento, ProgressLocation, window, workspace } from "vscode";
import type { ModelChoice, Role } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { priceList } from "../../models/prices.ts";
import { estimateRun } from "../../run/estimate.ts";
import { loadTask } from "../../run/load.ts";
import { placeOf } from "../../run/place.ts";
import { readCache } from "../../run/replies.ts";
import { type Run, type RunDeps, resumeRun, startRun } from "../../run/run.ts";
import type { RunsDeps } from "../../run/runs.ts";
import { subjectOf } from "../../run/start.ts";
import type { Account, Connection } from "../account/account.ts";
import { createProvider } from "../account/provider.ts";
import { type ModelNames, readSettings } from "../account/settings.ts";
import type { SomeCommands } from "../commands.ts";

import { Disposable } from "../disposable.ts";
import { Cancelled, GraphFaulty, NothingThere } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import { pickGraph, refuseFaulty } from "../graph-pick.ts";
import { guarded } from "../guard.ts";
import { graphOf, runIdOf } from "../targets.ts";
import { askForMore, confirmStart } from "./confirm.ts";
import { type RunEntry, resumable } from "./entry.ts";
import type { Library } from "./library.ts";
import { reportEnd } from "./outcome.ts";
import { progressLine, runLabel } from "./words.ts";

/** Milliseconds between two updates of what shows progress. */
const PACE = 250;

/** Starts, resumes, cancels and deletes runs, and shows how far they are. */
export class Running extends Disposable {
  readonly commands = {
    optimize: (target) => this.#optimize(target),
    resumeRun: (target) => this.#resume(target),
    cancelRun: (target) => this.#cancel(target),
    deleteRun: (target) => this.#delete(target),
  } satisfies SomeCommands;
  readonly #stops = new Map<string, AbortController>();

  constructor(
    private readonly deps: RunsDeps,
    private readonly library: Library,
    private readonly account: Account,
    private readonly graphs: GraphFiles,
    /** Of this workspace: runs that are under way, so that a window that comes back can offer them. */
    private readonly memory: Memento,
  ) {
    super();
  }

  async #optimize(target: unknown): Promise<void> {
    const file = await pickGraph(target, this.graphs);
    const latest = await this.library.latest(file);
    if (latest?.status === "running") {
      throw new NothingThere(l10n.t("A run of {0} is under way. Wait for its end, or cancel it.", latest.graphName));
    }
    await refuseFaulty(file, this.deps.files);
    const connection = await this.account.connect();
    const { limits } = readSettings();
    const models = choices(connection.models);
    const loaded = await loadTask(file.fsPath, this.deps.files, { models, budget: limits });
    const subject = subjectOf(loaded);
    if (!subject) throw new GraphFaulty(file.fsPath, loaded.faults);
    const { task } = subject;
    const { folder } = loaded.root;
    const place = placeOf(folder);
    const deps = await this.#runDeps(connection);
    const { files, machine, clock, price } = deps;
    const replies = await readCache(files, machine, place.cache);
    const estimate = await estimateRun(task, { provider: deps.provider.identity, replies, price, clock });
    const budget = await confirmStart(task, connection, estimate, limits.calls);
    const stop = new AbortController();
    const chosen = { ...subject, task: { ...task, options: { ...task.options, budget } } };
    const run = await startRun(chosen, place, folder, deps, stop.signal);
    await this.#drive(run, folder, stop);
  }

  async #resume(target: unknown): Promise<void> {
    const entry = await this.#entry(target, resumable, l10n.t("There is no run to resume."));
    const connection = await this.account.connect();
    const limits = entry.status === "budget" ? await this.#moreBudget(entry) : undefined;
    const stop = new AbortController();
    const run = await resumeRun(entry.id, placeOf(entry.root), await this.#runDeps(connection), stop.signal, limits);
    await this.#drive(run, entry.root, stop);
  }

  async #moreBudget(entry: RunEntry): Promise<BudgetLimits> {
    const run = await this.library.open(entry.id);
    if (!run) throw new NothingThere(l10n.t("The run is gone."));
    return askForMore(run.limits, run.state, readSettings().limits);
  }

  async #runDeps(connection: Connection): Promise<RunDeps> {
    const { concurrency, prices } = readSettings();
    const provider = await createProvider(connection, this.deps.clock);
    return { ...this.deps, provider, price: priceList(prices), concurrency };
  }

  /** Not awaited to the end by the command that starts it: the run goes on while the user does other things. */
  async #drive(run: Run, root: string, stop: AbortController): Promise<void> {
    this.#stops.set(run.id, stop);
    this.deps.log.info(`Run ${run.id} of ${run.start.graphFile} asks ${run.start.provider}.`);
    await this.#remember(run.id, true);
    const title = l10n.t("Optimizing {0}", run.start.graph.name);
    const options = { location: ProgressLocation.Notification, title, cancellable: true };
    void window
      .withProgress(options, async (progress, token) => {
        token.onCancellationRequested(() => stop.abort(new Cancelled()));
        const timer = setInterval(() => progress.report({ message: progressLine(run.state()) }), PACE);
        try {
          await this.library.drive(run, root);
        } finally {
          clearInterval(timer);
        }
      })
      .then(
        () => this.#ended(run),
        (error: unknown) => guarded(`run ${run.id}`, () => Promise.reject(error), this.deps.log),
      );
  }

  async #ended(run: Run): Promise<void> {
    this.#stops.delete(run.id);
    const { status, detail } = run.state();
    // The window is closing: the run has not come to an end, and is offered again.
    if (status === "running") return;
    await this.#remember(run.id, false);
    this.deps.log.info(`Run ${run.id}: ${status}. ${detail ?? ""}`);
    await reportEnd(run, this.account);
  }

  async #cancel(target: unknown): Promise<void> {
    const entry = await this.#entry(target, ({ status }) => status === "running", l10n.t("No run is under way."));
    const stop = this.#stops.get(entry.id);
    if (!stop) {
      throw new NothingThere(l10n.t("This run was started outside this window. Cancel it where it was started."));
    }
    stop.abort(new Cancelled());
  }

  async #delete(target: unknown): Promise<void> {
    const entry = await this.#entry(target, ({ status }) => status !== "running", l10n.t("There is no run to delete."));
    const remove = l10n.t("Delete");
    const message = l10n.t("Delete the run {0}?", runLabel(entry));
    const detail = l10n.t("Its proposals, gradients and replies are removed from disk. Applied texts stay.");
    if ((await window.showWarningMessage(message, { modal: true, detail }, remove)) === remove) {
      await this.library.remove(entry);
    }
  }

  /** The run that a command is about: what it was called on, else the only one that fits, else the user's pick. */
  async #entry(target: unknown, fits: (entry: RunEntry) => boolean, none: string): Promise<RunEntry> {
    const all = await this.library.list();
    const id = runIdOf(target);
    const file = graphOf(target);
    const named = id ? all.filter((entry) => entry.id === id) : all;
    const ofFile = file && (await this.library.latest(file))?.graphPath;
    const entries = named.filter((entry) => fits(entry) && (id || !file || entry.graphPath === ofFile));
    const [first] = entries;
    if (!first) throw new NothingThere(none);
    if (entries.length === 1) return first;
    const items = entries.map((entry) => ({ label: runLabel(entry), entry }));
    const picked = await window.showQuickPick(items, { title: l10n.t("Which run?") });
    if (!picked) throw new Cancelled();
    return picked.entry;
  }

  async #remember(id: string, running: boolean): Promise<void> {
    const others = this.memory.get<string[]>(UNDER_WAY, []).filter((one) => one !== id);
    await this.memory.update(UNDER_WAY, running ? [...others, id] : others);
  }

  /** After a reload: offers to resume what this window was doing. Looks at nothing where it was doing nothing. */
  async offerInterrupted(): Promise<void> {
    const ids = this.memory.get<string[]>(UNDER_WAY, []);
    if (ids.length === 0 || !workspace.isTrusted) return;
    await this.memory.update(UNDER_WAY, []);
    for (const id of ids) {
      const entry = await this.library.find(id);
      if (!entry || !resumable(entry)) continue;
      const resume = l10n.t("Resume");
      const message = l10n.t("The run of {0} was interrupted. Nothing that was paid for is lost.", entry.graphName);
      if ((await window.showInformationMessage(message, resume, l10n.t("Later"))) === resume) {
        await commands.executeCommand("agentgraph.resumeRun", { entry });
      }
    }
  }
}

function choices(names: ModelNames): Partial<Record<Role, ModelChoice>> {
  return Object.fromEntries(Object.entries(names).map(([role, model]) => [role, { model, params: {} }]));
}

const UNDER_WAY = "runs.underWay";
