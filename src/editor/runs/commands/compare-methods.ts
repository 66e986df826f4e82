import { dirname, join } from "node:path";
import { l10n, ProgressLocation, type QuickPickItem, QuickPickItemKind, Uri, window, workspace } from "vscode";
import { foldsOf } from "../../../data/folds.ts";
import type { Data } from "../../../data/sample.ts";
import type { Task } from "../../../engine/task.ts";
import { graphNameOf } from "../../../graph/file-name.ts";
import { describeError } from "../../../i18n/describe-error.ts";
import { waitingPart } from "../../../i18n/waiting.ts";
import { methods } from "../../../methods/registry.ts";
import { ablationVariants, optionDescription, usualVary, type Vary } from "../../../run/comparison/ablation.ts";
import { driveComparison, progressOf, RunStopped, type Step } from "../../../run/comparison/drive.ts";
import { type ComparisonEstimate, estimateComparison } from "../../../run/comparison/estimate.ts";
import { comparisonHtml, comparisonJson, comparisonMarkdown } from "../../../run/comparison/pages.ts";
import type { ComparisonPlan, Variant } from "../../../run/comparison/plan.ts";
import { baselineLabel } from "../../../run/comparison/plot.ts";
import { type ComparisonReport, comparisonOf } from "../../../run/comparison/result.ts";
import { COMPARED, usualMethods } from "../../../run/comparison/usual-methods.ts";
import { rounded } from "../../../run/estimate/estimate.ts";
import { loadTask } from "../../../run/load.ts";
import type { RunsDeps } from "../../../run/record/runs.ts";
import type { Account } from "../../account/account.ts";
import { modelChoices, readSettings } from "../../account/settings.ts";
import { LOCALE } from "../../editor-locale.ts";
import { Cancelled, NotFound } from "../../errors.ts";
import type { GraphFiles } from "../../graph-files.ts";
import { pickGraph } from "../../graph-pick.ts";
import { oneLine } from "../../ui/markdown.ts";
import { showError, showInfo, withoutLinks } from "../../ui/notifications.ts";
import { confirmCalls, estimating } from "../confirm.ts";
import type { Page, Pages } from "../pages/pages.ts";
import { type Prepared, prepare } from "../prepare.ts";

/** Always rejects: restoring the page would need the graph and a provider. @throws NotFound */
export async function methodsPage(): Promise<Page> {
  throw new NotFound(
    l10n.t("To show this comparison again, run the same command with the same choices. Finished runs are reused."),
  );
}

/** Compares methods on the user's own graph. Loaded with the first comparison. */
export class CompareMethods {
  constructor(
    private readonly deps: RunsDeps,
    private readonly account: Account,
    private readonly graphs: GraphFiles,
    private readonly pages: Pages,
  ) {}

  async methods(target: unknown): Promise<void> {
    const { file, prepared } = await this.#prepare(target);
    const { names, isReflexion, isOtherModel } = await pickMethods(prepared);
    const variants = await this.#variants(file, names, prepared);
    const title = l10n.t("Which other model should the original graph be scored with?");
    const againstModel = isOtherModel ? await this.account.askForModel(title) : undefined;
    await this.#run("methods", variants, file, prepared, {
      reflexion: isReflexion,
      ...(againstModel !== undefined && { againstModel }),
    });
  }

  /** Compares the graph's method with itself, one option changed at a time. */
  async ablate(target: unknown): Promise<void> {
    const { file, prepared } = await this.#prepare(target);
    const { task } = prepared.subject;
    const variants = ablationVariants(task.options, await pickOptions(task));
    await this.#run("ablation", variants, file, prepared);
  }

  /** @throws NotFound without test samples */
  async #prepare(target: unknown): Promise<{ readonly file: Uri; readonly prepared: Prepared }> {
    const file = await pickGraph(target, this.graphs);
    const prepared = await prepareAtTier(file, this.account, this.deps);
    const { task } = prepared.subject;
    if (task.data.test.length > 0 || foldsIn(prepared)) return { file, prepared };
    throw new NotFound(
      l10n.t(
        "“{0}” has no test samples. A comparison needs samples that no search has seen: add data.test, or data.folds if there are few rows.",
        task.graph.name,
      ),
    );
  }

  async #run(
    kind: ComparisonPlan["kind"],
    variants: readonly Variant[],
    file: Uri,
    prepared: Prepared,
    beside: Pick<ComparisonPlan, "reflexion" | "againstModel"> = {},
  ): Promise<void> {
    const folds = foldsIn(prepared);
    const plan: ComparisonPlan = {
      kind,
      ...beside,
      request: prepared.subject,
      variants,
      ...(folds ? { folds, repeats: folds.length } : { repeats: await pickRepeats() }),
      budget: prepared.subject.task.options.budget,
      scoring: { ...readSettings().limits },
    };
    let connected = prepared;
    while (!(await confirm(plan, connected))) connected = await prepareAtTier(file, this.account, this.deps);
    const report = await drive(plan, connected);
    if (report) await this.#show(report, plan, file);
  }

  async #variants(file: Uri, names: readonly string[], { connection }: Prepared): Promise<Variant[]> {
    const models = modelChoices(connection.models);
    const variants: Variant[] = [];
    for (const name of names) {
      const set = [["optimize.method", JSON.stringify(name)]] as const;
      const { task } = await loadTask(file.fsPath, this.deps, {
        models,
        budget: readSettings().limits,
        set,
        locale: LOCALE,
      });
      if (task) variants.push({ name, options: task.options });
    }
    return variants;
  }

  async #show(report: ComparisonReport, { kind, request }: ComparisonPlan, file: Uri): Promise<void> {
    const { name } = request.task.graph;
    const isAblation = kind === "ablation";
    const title = isAblation ? l10n.t("Ablation: {0}", name) : l10n.t("Methods: {0}", name);
    const about = [report.runs, ...report.variants.map((variant) => variant.name), String(report.seeds.length)];
    await this.pages.show("methods", about, { title, html: (theme) => comparisonHtml(report, LOCALE, theme) });
    const save = l10n.t("Save As…");
    const said = isAblation
      ? l10n.t("The ablation on “{0}” is complete.", name)
      : l10n.t("The comparison of methods on “{0}” is complete.", name);
    const answer = await showInfo(said, save);
    if (answer === save) await saveAs(report, file);
  }
}

/** A graph whose requests are sent at the tier of the settings. @throws what `prepare` does */
function prepareAtTier(file: Uri, account: Account, deps: RunsDeps): Promise<Prepared> {
  return prepare(file, account, deps, undefined, [], true);
}

/** The data of each search, if `data.folds` is set. */
function foldsIn({ folds, subject }: Prepared): readonly Data[] | null {
  return folds === undefined ? null : foldsOf(subject.task.data, folds);
}

interface PickedMethods {
  readonly names: readonly string[];
  readonly isReflexion: boolean;
  readonly isOtherModel: boolean;
}

/** Asks for the methods and the baselines. @throws Cancelled */
async function pickMethods({ connection: { provider }, subject }: Prepared): Promise<PickedMethods> {
  type Item = QuickPickItem & { readonly beside?: "reflexion" | "other model" };
  const { method: own } = subject.task.options;
  const usual = usualMethods(own);
  const items: Item[] = [
    ...COMPARED.map((name) => ({
      label: name,
      ...(name === own && { description: l10n.t("this graph's method") }),
      detail: l10n.t(methods[name]?.describes ?? ""),
      picked: usual.includes(name),
    })),
    { label: l10n.t("scored beside them"), kind: QuickPickItemKind.Separator },
    {
      label: "Reflexion",
      detail: l10n.t(
        "Up to four attempts at each test sample, each with a reflection on the last one. Costs several calls per sample.",
      ),
      beside: "reflexion",
    },
  ];
  // The simulated model is the only one that its provider has.
  if (provider.names !== "one") {
    items.push({
      label: l10n.t("Another model…"),
      detail: l10n.t("The original graph with another model, and after how many answers tuning pays for itself."),
      beside: "other model",
    });
  }
  const title = l10n.t("Which methods?");
  const placeHolder = l10n.t("The original graph and chain of thought are always scored, too.");
  const picked = await window.showQuickPick(items, { title, placeHolder, canPickMany: true, ignoreFocusOut: true });
  const names = (picked ?? []).filter(({ beside }) => !beside).map(({ label }) => label);
  if (names.length === 0) throw new Cancelled();
  const has = (what: Item["beside"]) => picked?.some(({ beside }) => beside === what) ?? false;
  return { names, isReflexion: has("reflexion"), isOtherModel: has("other model") };
}

/** Asks for the options to vary, each with its values. @throws Cancelled */
async function pickOptions(task: Task): Promise<Vary[]> {
  const { options } = task;
  const items = usualVary(task).map((vary) => {
    const [, ...variants] = ablationVariants(options, [vary]);
    return {
      label: vary.option,
      description: variants.map(({ name }) => name.slice(vary.option.length + 1)).join(", "),
      detail: optionDescription(options, vary.option),
      picked: true,
      vary,
    };
  });
  const title = l10n.t("Which options of “{0}” should be changed, one at a time?", options.method);
  const picked = await window.showQuickPick(items, { title, canPickMany: true, ignoreFocusOut: true });
  if (!picked || picked.length === 0) throw new Cancelled();
  return picked.map(({ vary }) => vary);
}

/** @throws Cancelled */
async function pickRepeats(): Promise<number> {
  const items = [
    {
      label: "3",
      detail: l10n.t("Shows whether a difference exceeds the random variation between searches"),
      repeats: 3,
    },
    { label: "5", detail: l10n.t("More certain, and costs more"), repeats: 5 },
    { label: "10", detail: l10n.t("For close results"), repeats: 10 },
    { label: "1", detail: l10n.t("Quick check: one search per method doesn't show which is better"), repeats: 1 },
  ];
  const title = l10n.t("How many runs of each method?");
  const picked = await window.showQuickPick(items, { title, ignoreFocusOut: true });
  if (!picked) throw new Cancelled();
  return picked.repeats;
}

/**
 * Shows the estimated cost of the whole comparison before the first call.
 * @returns whether to start; false: the user has changed the tier
 * @throws Cancelled
 */
async function confirm(plan: ComparisonPlan, { connection, known, place, deps }: Prepared): Promise<boolean> {
  const { task } = plan.request;
  const { done, of } = await progressOf(plan, place, deps);
  if (done === of) return true;
  const estimate = await estimating(() => estimateComparison(plan, known));
  const { train, validation, test } = task.data;
  return confirmCalls({
    hasTiers: true,
    question:
      plan.kind === "ablation"
        ? l10n.t("Ablate “{0}” on “{1}”?", task.options.method, task.graph.name)
        : l10n.t("Compare {0} on “{1}”?", plan.variants.map(({ name }) => name).join(", "), task.graph.name),
    button: plan.kind === "ablation" ? l10n.t("Ablate") : l10n.t("Compare"),
    estimate: { ...estimate, cached: 0 },
    // The budget limits each search, not the whole comparison.
    task: { ...task, options: { ...task.options, budget: { calls: null, tokens: null, usd: null } } },
    samples: train.length + validation.length + test.length,
    connection,
    ...(estimate.most !== null && { most: estimate.most }),
    about: [
      plan.repeats === 1
        ? l10n.t(
            "{0} runs: each variant once with the same samples, seeds, and budget, then each result on the test samples.",
            estimate.runs,
          )
        : l10n.t(
            "{0} runs: each variant {1} times with the same samples, seeds, and budget, then each result on the test samples.",
            estimate.runs,
            plan.repeats,
          ),
      partsWords(estimate.parts),
      plan.againstModel === undefined
        ? ""
        : l10n.t("The original graph is also scored with the model {0}.", oneLine(plan.againstModel)),
      done > 0 ? l10n.t("{0} of {1} runs are complete and are not repeated.", done, of) : "",
    ],
  });
}

/** Where the calls go, so that the user can leave out what costs most. */
function partsWords(parts: ComparisonEstimate["parts"]): string {
  const shown = parts.map(({ name, calls }) =>
    l10n.t("{0} ≈ {1}", name ?? l10n.t("scoring the test samples"), LOCALE.integer(rounded(calls))),
  );
  return l10n.t("Calls of all runs: {0}.", shown.join(", "));
}

/**
 * Runs a comparison.
 * @returns null if the user cancelled or a run stopped, which is shown; the same command continues later
 */
async function drive(plan: ComparisonPlan, { place, root, deps }: Prepared): Promise<ComparisonReport | null> {
  const options = {
    location: ProgressLocation.Notification,
    title: withoutLinks(
      plan.kind === "ablation" ? l10n.t("AgentGraph: Ablating a method") : l10n.t("AgentGraph: Comparing methods"),
    ),
    cancellable: true,
  };
  return window.withProgress(options, async (progress, token) => {
    const stop = new AbortController();
    token.onCancellationRequested(() => stop.abort(new Cancelled()));
    const steps = driveComparison(plan, place, root, deps, stop.signal);
    let last: Step | null = null;
    let reached = 0;
    const show = () => {
      if (last === null) return;
      const { done, of } = last;
      progress.report({ message: stepWords(last), increment: (100 * (done - reached)) / of });
      reached = done;
    };
    // A run that waits for replies has no events.
    const timer = setInterval(show, PACE);
    try {
      for (;;) {
        const step = await steps.next();
        if (step.done) return comparisonOf(plan, step.value, deps.provider.identity, deps.price, LOCALE);
        last = step.value;
      }
    } catch (error) {
      if (!stop.signal.aborted && !(error instanceof RunStopped)) throw error;
      const again =
        plan.kind === "ablation"
          ? l10n.t("To resume it, run “Ablate a method” with the same choices.")
          : l10n.t("To resume it, run “Compare methods” with the same choices.");
      const why = error instanceof RunStopped && !stop.signal.aborted ? stoppedWords(error) : null;
      const left = l10n.t("Its batches continue at the server and are charged; the resumed comparison collects them.");
      const rest = deps.provider.attach ? l10n.t("{0} {1}", left, again) : again;
      if (why === null) void showInfo(l10n.t("The comparison was cancelled. {0}", rest));
      else void showError(l10n.t("{0} {1}", why, again));
      return null;
    } finally {
      clearInterval(timer);
    }
  });
}

/** Milliseconds between two updates of the progress. */
const PACE = 250;

function stepWords({ variant, isSearch, done, of, run }: Step): string {
  const name = typeof variant === "string" ? baselineLabel(variant, LOCALE) : variant.name;
  const waiting = run.waiting();
  const made = LOCALE.count(run.state().calls.total, "call");
  const calls = waiting ? `${made} · ${waitingPart(waiting, LOCALE)}` : made;
  const { seed } = run.start.options;
  return isSearch
    ? l10n.t("run {0} of {1}: {2}, seed {3} · {4}", done + 1, of, name, seed, calls)
    : l10n.t("run {0} of {1}: scoring {2}, seed {3} · {4}", done + 1, of, name, seed, calls);
}

function stoppedWords({ run: { state } }: RunStopped): string {
  if (state.status !== "failed") return l10n.t("Not all test samples could be scored within your limits.");
  const { message } = describeError(state.error ?? "Error", state.finished?.fields ?? {}, state.detail ?? "", LOCALE);
  return l10n.t("The comparison stopped. {0}", message);
}

/** @throws Cancelled */
async function saveAs(report: ComparisonReport, graph: Uri): Promise<void> {
  const name = graphNameOf(graph.fsPath);
  const file = await window.showSaveDialog({
    title: l10n.t("Save comparison"),
    defaultUri: Uri.file(join(dirname(graph.fsPath), `${name}-methods.html`)),
    filters: { [l10n.t("Web page")]: ["html"], Markdown: ["md"], JSON: ["json"] },
  });
  if (!file) throw new Cancelled();
  const ending = /\.(\w+)$/.exec(file.path)?.[1]?.toLowerCase() ?? "";
  const text =
    ending === "json"
      ? comparisonJson(report)
      : ending === "md"
        ? comparisonMarkdown(report, LOCALE)
        : comparisonHtml(report, LOCALE);
  await workspace.fs.writeFile(file, new TextEncoder().encode(text));
}
