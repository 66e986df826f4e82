import { basename } from "node:path";
import { commands, l10n, type Uri, window } from "vscode";
import { SPLITS, type Split } from "../../data/sample.ts";
import type { ContainmentRoot } from "../../graph/containment.ts";
import type { Graph } from "../../graph/graph.ts";
import { priceList } from "../../models/prices.ts";
import { simulated } from "../../models/providers/simulated.ts";
import { tierForAllRoles } from "../../models/tiers/choice.ts";
import type { EstimateDeps } from "../../run/estimate/dry-run.ts";
import { batchedRoles } from "../../run/estimate/tier-lines.ts";
import { loadTask, type Overrides } from "../../run/load.ts";
import { modelsOf } from "../../run/models.ts";
import { readCache } from "../../run/record/replies.ts";
import { type RunRequest, runRequestOf } from "../../run/record/run-manifest.ts";
import { type RunPaths, runPathsOf } from "../../run/record/run-paths.ts";
import type { RunsDeps } from "../../run/record/runs.ts";
import type { RunDeps } from "../../run/run.ts";
import type { Account, Connection } from "../account/account.ts";
import { askForPrices } from "../account/prices.ts";
import { modelChoices, readSettings } from "../account/settings.ts";
import { LOCALE } from "../editor-locale.ts";
import { Cancelled, GraphInvalid, NoModel, NotFound } from "../errors.ts";
import type { GraphFiles } from "../graph-files.ts";
import { refuseFaulty } from "../graph-pick.ts";
import { oneLine } from "../ui/markdown.ts";
import type { RunSummary } from "./run-summary.ts";

/** A graph that is ready to run, with its connection. */
export interface Prepared {
  readonly subject: RunRequest;
  /** `data.folds` of the file. */
  readonly folds: number | undefined;
  readonly root: ContainmentRoot["folder"];
  readonly place: RunPaths;
  readonly connection: Connection;
  readonly deps: RunDeps;
  /** Data for estimates. */
  readonly known: EstimateDeps;
}

/**
 * @param needsOf returns the sets that the job needs, after the provider is known. Default: all
 * @param set values that replace the file's
 * @param isRun requests may be sent at the tier of the settings, which takes longer
 * @throws GraphInvalid, NoModel, NotTrusted, Cancelled, AddressRefused
 */
export async function prepare(
  file: Uri,
  account: Account,
  deps: RunsDeps,
  needsOf: () => Promise<readonly Split[]> = async () => SPLITS,
  set: NonNullable<Overrides["set"]> = [],
  isRun = false,
): Promise<Prepared> {
  await refuseFaulty(file, deps.files);
  const connection = await account.connect(isRun);
  const models = modelChoices(connection.models);
  const needs = await needsOf();
  const limits = readSettings().limits;
  const loaded = await loadTask(file.fsPath, deps, { models, budget: limits, needs, set, locale: LOCALE });
  const subject = runRequestOf(loaded);
  if (!subject) {
    const faulty = new GraphInvalid(file.fsPath, loaded.faults);
    throw faulty.first !== "" ? faulty : new NoModel(basename(file.fsPath));
  }
  const { task } = subject;
  if (connection.provider === simulated && (await choosesModels(task.graph)))
    return prepare(file, account, deps, async () => needs, set, isRun);
  await account.programs.confirm(task);
  void account.warnOfEndings(connection, modelsOf(task));
  const root = loaded.root.folder;
  const place = runPathsOf(root);
  await askForPrices(modelsOf(task), task.options.budget.usd);
  const all = runDeps(connection, deps);
  const { price, clock, sandbox, provider } = all;
  const replies = await readCache(deps, place.cache);
  const { tier } = readSettings();
  const batched = batchedRoles(task, tier === "now" ? undefined : tierForAllRoles(tier));
  const known = { provider: provider.identity, replies, price, clock, sandbox, batched };
  return { subject, folds: loaded.file?.data.folds, root, place, connection, deps: all, known };
}

/** The same for other models of the graph: asks for their prices where the budget requires them. @throws Cancelled */
export async function withPrices(prepared: Prepared, models: readonly string[]): Promise<Prepared> {
  await askForPrices(models, prepared.subject.task.options.budget.usd);
  const price = priceList(readSettings().prices, prepared.deps.clock.now());
  return { ...prepared, deps: { ...prepared.deps, price }, known: { ...prepared.known, price } };
}

/**
 * The simulated model only knows the example graphs. @returns whether the user has chosen other models. @throws
 * Cancelled
 */
async function choosesModels({ name, nodes }: Graph): Promise<boolean> {
  const { unknownNodes } = await import("../../models/simulated/unknown-nodes.ts");
  const unknown = unknownNodes(nodes);
  if (unknown.length === 0) return false;
  const choose = l10n.t("Choose models");
  const anyway = l10n.t("Use anyway");
  const message = l10n.t("The simulated model can't answer the graph “{0}”.", oneLine(name));
  const shown = unknown.slice(0, 5).join(", ");
  const detail = l10n.t(
    "It works only with the example graphs and doesn't know the instructions of {0}, so scores would be meaningless.",
    unknown.length > 5 ? l10n.t("{0} and {1} more", shown, unknown.length - 5) : shown,
  );
  const answer = await window.showWarningMessage(message, { modal: true, detail }, choose, anyway);
  if (answer === choose) await commands.executeCommand("agentgraph.chooseModels");
  else if (answer !== anyway) throw new Cancelled();
  return answer === choose && readSettings().provider !== simulated;
}

/** The graph file of a run, only if it is in the workspace, because the path in a run is untrusted. @throws NotFound */
export async function graphOfRun({ graphPath }: RunSummary, graphs: GraphFiles): Promise<Uri> {
  const file = await graphs.known(graphPath);
  if ((await graphs.list()).some((known) => String(known) === String(file))) return file;
  throw new NotFound(l10n.t("The graph of this run is not in this workspace."));
}

/** Dependencies of a run, including the model. */
export function runDeps(connection: Connection, deps: RunsDeps): RunDeps {
  const { concurrency, maxWait, prices, pauseAt } = readSettings();
  return {
    ...deps,
    provider: connection.model,
    price: priceList(prices, deps.clock.now()),
    concurrency,
    ...(maxWait !== null && { maxWait }),
    pauseAt,
  };
}
