import { resolve } from "node:path";

import { foldsOf } from "../../data/folds.ts";
import { type Data, SPLITS } from "../../data/sample.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import { plain } from "../../i18n/plain-text.ts";
import { methods } from "../../methods/registry.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { NO_REPLIES } from "../../models/stack/store.ts";
import { ablationVariants, NotVariable, readVary, usualVary } from "../../run/comparison/ablation.ts";
import { driveComparison, progressOf, RunStopped, type Step } from "../../run/comparison/drive.ts";
import { type ComparisonEstimate, estimateComparison } from "../../run/comparison/estimate.ts";
import { comparisonHtml, comparisonJson, comparisonLines, comparisonMarkdown } from "../../run/comparison/pages.ts";
import type { ComparisonPlan, Variant } from "../../run/comparison/plan.ts";
import { type ComparisonReport, comparisonOf } from "../../run/comparison/result.ts";
import { COMPARED, usualMethods } from "../../run/comparison/usual-methods.ts";
import { rounded } from "../../run/estimate/estimate.ts";
import { loadTask } from "../../run/load.ts";
import { modelsOf } from "../../run/models.ts";
import { runPathsOf } from "../../run/record/run-paths.ts";
import type { RunDeps } from "../../run/run.ts";
import type { BudgetOptions, ModelOptions, PlaceOptions, TaskOptions } from "../arguments/options.ts";
import { overridesOf, pricesFor } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { Cancelled, runFailure, UsageError, writeFailure } from "../errors.ts";
import { EXIT, exitOf } from "../exit.ts";
import { rolesInBatches, tierSentences } from "../output/estimate.ts";
import { createProgress, type Progress } from "../output/progress.ts";
import { loadOrThrow } from "../runs/load.ts";
import { runDepsOf } from "../runs/run-deps.ts";
import { type Steering, steer } from "../runs/steer.ts";
import { connect } from "../server/provider.ts";
import type { FORMATS } from "./report.ts";

type Format = (typeof FORMATS)[number];

const WRITERS: Readonly<Record<Format, (report: ComparisonReport) => string>> = {
  html: comparisonHtml,
  markdown: comparisonMarkdown,
  json: comparisonJson,
};

const ENDINGS: Readonly<Record<string, Format>> = { html: "html", htm: "html", md: "markdown", json: "json" };

interface ComparisonOptions extends ModelOptions, BudgetOptions, TaskOptions, PlaceOptions {
  readonly repeats: number;
  readonly format?: Format;
  readonly output?: string;
}

export interface CompareOptions extends ComparisonOptions {
  /** Names, separated by commas, or `all`. Default: the usual ones and the method of the file. */
  readonly methods?: string;
  /** Another forward model. The original graph is scored with it to compute the break-even. */
  readonly againstModel?: string;
  /** Whether Reflexion is also scored. */
  readonly reflexion?: boolean;
}

export interface AblateOptions extends ComparisonOptions {
  /** Options to vary. Default: those of the usual ones that the method has. */
  readonly vary?: string;
}

/** Compares methods on one graph: the same samples, seeds and budget for each. */
export async function compareCommand(cli: Cli, path: string, options: CompareOptions): Promise<number> {
  const named = options.methods === undefined ? null : methodNames(options.methods);
  const [first] = named ?? [];
  const { loaded, request, folds } = await requestOf(cli, path, { ...options, ...(first && { method: first }) });
  const names = named ?? usualMethods(request.task.options.method);
  const variants: Variant[] = [];
  for (const name of names) {
    const overrides = { ...overridesOf({ ...options, method: name }), needs: SPLITS };
    const { task } = await loadTask(resolve(path), cli.deps, overrides);
    if (task) variants.push({ name, options: task.options });
  }
  return compare(
    cli,
    { kind: "methods", request, variants, ...measureOf(request, options, folds), ...besideOf(options) },
    loaded.root.folder,
    options,
  );
}

/** Compares a method with variants of itself. */
export async function ablateCommand(cli: Cli, path: string, options: AblateOptions): Promise<number> {
  const { loaded, request, folds } = await requestOf(cli, path, options);
  const { task } = request;
  let variants: Variant[];
  try {
    variants = ablationVariants(task.options, options.vary === undefined ? usualVary(task) : readVary(options.vary));
  } catch (error) {
    throw error instanceof NotVariable ? new UsageError(error.message) : error;
  }
  return compare(
    cli,
    { kind: "ablation", request, variants, ...measureOf(request, options, folds) },
    loaded.root.folder,
    options,
  );
}

function besideOf({ againstModel, reflexion }: CompareOptions): Pick<ComparisonPlan, "againstModel" | "reflexion"> {
  return { ...(againstModel !== undefined && { againstModel }), ...(reflexion && { reflexion }) };
}

function methodNames(text: string): string[] {
  if (text.trim() === "all") return COMPARED;
  const known = Object.keys(methods);
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const unknown = names.find((name) => !Object.hasOwn(methods, name));
  if (unknown !== undefined) {
    throw new UsageError(
      `There is no method named ${plain(unknown) || '""'}. Use one or more of: ${known.join(", ")}, or all.`,
    );
  }
  return names;
}

async function requestOf({ deps, output }: Cli, path: string, options: ComparisonOptions) {
  const overrides = { ...overridesOf(options), needs: SPLITS };
  const { subject: request, ...loaded } = await loadOrThrow(resolve(path), deps, overrides, output);
  const { folds } = loaded.file?.data ?? {};
  if (request.task.data.test.length === 0 && folds === undefined) {
    throw new UsageError(
      `${plain(path)} has no test samples. A comparison needs samples that no search has seen: add data.test, or data.folds if there are few rows.`,
    );
  }
  return { loaded, request, folds: folds === undefined ? null : foldsOf(request.task.data, folds) };
}

function measureOf(
  { task }: ComparisonPlan["request"],
  { repeats }: ComparisonOptions,
  folds: readonly Data[] | null,
): Pick<ComparisonPlan, "repeats" | "folds" | "budget" | "scoring"> {
  // The number of samples limits what scoring costs.
  const scoring: BudgetLimits = { calls: null, tokens: null, usd: null };
  const { budget } = task.options;
  return folds ? { repeats: folds.length, folds, budget, scoring } : { repeats, budget, scoring };
}

async function compare(cli: Cli, plan: ComparisonPlan, root: string, options: ComparisonOptions): Promise<number> {
  const { deps, output, signal } = cli;
  const models = [...modelsOf(plan.request.task), ...(plan.againstModel === undefined ? [] : [plan.againstModel])];
  const price = pricesFor(models, plan.budget, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const place = runPathsOf(root, options.runsDir && resolve(options.runsDir));
  const runDeps = await runDepsOf(cli, plan.request.task, options, { provider, price });
  const known = {
    provider: provider.identity,
    replies: NO_REPLIES,
    price,
    clock: deps.clock,
    sandbox: deps.sandbox,
    batched: rolesInBatches(plan.request.task, options),
  };
  const { done, of } = await progressOf(plan, place, runDeps);
  if (done < of) {
    const estimate = await estimateComparison(plan, known);
    output.info(estimateLine(plan, estimate));
    for (const line of tierSentences(plan.request.task, estimate, options)) output.info(line);
  }
  if (done > 0) output.info(`${done} of ${of} runs are done already and are not repeated.`);
  try {
    const report = await drive(cli, plan, place, root, runDeps);
    await write(report, options, cli);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RunStopped)) throw error;
    if (signal.aborted) throw new Cancelled();
    const { state } = error.run;
    const failure = state.status === "failed" ? runFailure(state) : { code: "BudgetReached", message: "" };
    const message = failure.message || "Not all held-out samples could be scored within the budget.";
    if (output.json) output.object({ version: 1, error: { ...failure, message } });
    output.error(message);
    output.info("To go on where the comparison ended, run the same command again.");
    return exitOf(state.status);
  }
}

async function drive(
  cli: Cli,
  plan: ComparisonPlan,
  place: ReturnType<typeof runPathsOf>,
  root: string,
  deps: RunDeps,
): Promise<ComparisonReport> {
  const { output, signal } = cli;
  const steps = driveComparison(plan, place, root, deps, signal);
  let progress: Progress | null = null;
  let steering: Steering | null = null;
  /** The run that is shown: with batches, several wait at the same time. */
  let shown: Step["run"] | null = null;
  const stopShowing = () => {
    steering?.stop();
    progress?.stop();
  };
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) return comparisonOf(plan, step.value, deps.provider.identity, deps.price);
      const { event, run } = step.value;
      if (event === null) {
        stopShowing();
        shown = run;
        progress = output.isInteractive ? createProgress(output) : null;
        steering = progress && steer(run, cli, progress);
        output.info(stepLine(step.value));
        run.onWaiting((waiting) => progress?.wait(waiting));
      } else if (run === shown) {
        progress?.show(event, run);
        steering?.see();
      }
    }
  } finally {
    stopShowing();
  }
}

/** `Run 3 of 12: search with semantic (seed 1).` */
function stepLine({ variant, isSearch, done, of, run }: Step): string {
  const name = typeof variant === "string" ? BASELINE_WORDS[variant] : variant.name;
  const what = isSearch
    ? `search with ${name}`
    : `held-out score of ${typeof variant === "string" ? name : `the result of ${name}`}`;
  return `Run ${done + 1} of ${of}: ${what} (seed ${run.start.options.seed}).`;
}

const BASELINE_WORDS = {
  untouched: "the untouched graph",
  "chain-of-thought": "the graph with chain of thought",
  reflexion: "the graph with Reflexion",
  "other model": "the untouched graph with the other model",
} as const;

/** `12 runs, about 2,400 calls and 310,000 tokens ($0.20); at most 12,400 calls.` */
function estimateLine(
  { variants, repeats, folds }: ComparisonPlan,
  { calls, tokens, usd, runs, most, parts }: ComparisonEstimate,
): string {
  const amounts = `about ${about(calls)} calls and ${about(tokens)} tokens (${ENGLISH.money(usd)})`;
  const bound =
    most === null
      ? "there is no upper bound (--budget-calls sets one for each search)"
      : `at most ${about(most)} calls`;
  const compared = variants.length === 1 ? "1 variant" : `${variants.length} variants`;
  return `${compared}, ${folds ? `${repeats} folds` : ENGLISH.count(repeats, "repeat")}: ${runs} runs, ${amounts}; ${bound}. Of these calls, ${parts.map((one) => `${one.name ?? "scoring"} ${about(one.calls)}`).join(", ")}.`;
}

function about(value: number): string {
  return rounded(value).toLocaleString("en");
}

async function write(
  report: ComparisonReport,
  { format, output: file }: ComparisonOptions,
  { deps, output }: Cli,
): Promise<void> {
  if (file !== undefined) {
    const written = format ?? ENDINGS[/\.(\w+)$/.exec(file.toLowerCase())?.[1] ?? ""] ?? "markdown";
    await deps.files.write(resolve(file), WRITERS[written](report)).catch((error: unknown) => {
      throw new UsageError(`The comparison could not be written to ${plain(file)}: ${writeFailure(error)}.`);
    });
    output.info(`Saved the comparison to ${plain(file)}.`);
  }
  if (output.json) output.object(report);
  else if (file === undefined && format !== undefined) output.write(WRITERS[format](report));
  else for (const line of comparisonLines(report)) output.print(line);
}
