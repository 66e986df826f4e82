import { join } from "node:path";
import type { Data } from "../../data/sample.ts";
import { CHAIN_OF_THOUGHT } from "../../engine/baseline.ts";
import { ENGINE_VERSION } from "../../engine/session.ts";
import { SOLVE_DEFAULTS } from "../../engine/solve/solve.ts";
import type { OptimizeOptions, Task } from "../../engine/task.ts";
import { shortHash } from "../../engine/theta.ts";
import { withTheta } from "../../graph/edges.ts";
import type { Texts } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import type { RunRequest } from "../record/run-manifest.ts";
import type { RunPaths } from "../record/run-paths.ts";

/** One side of a comparison: a method with its options. */
export interface Variant {
  /** Unique in its comparison; shown in tables. */
  readonly name: string;
  readonly options: OptimizeOptions;
}

/** What is compared on one graph and its data. */
export interface ComparisonPlan {
  /** `methods`: methods with each other. `ablation`: one method with parts of it changed; the first variant is the unchanged one. */
  readonly kind: "methods" | "ablation";
  readonly request: RunRequest;
  readonly variants: readonly Variant[];
  readonly repeats: number;
  /** Data of each repeat: together, they hold out each sample once. Absent: all repeats use the data of the task. */
  readonly folds?: readonly Data[];
  /** Budget of one search, the same for each variant and repeat. */
  readonly budget: BudgetLimits;
  /** Budget for scoring one graph on the held-out set. */
  readonly scoring: BudgetLimits;
  /** Whether Reflexion is scored, too. Default: false. */
  readonly reflexion?: boolean;
  /** A forward model with which the untouched graph is scored, too: the alternative that tuning competes with. */
  readonly againstModel?: string;
}

/**
 * What is scored besides the variants. `reflexion` answers a row up to four times, each time with reflections on the
 * last attempt; `other model` is the untouched graph with another forward model.
 */
export const BASELINE_NAMES = ["untouched", CHAIN_OF_THOUGHT, "reflexion", "other model"] as const;
export type BaselineName = (typeof BASELINE_NAMES)[number];

/** The untouched graph and chain of thought always, the others if requested. */
export function baselinesOf({ reflexion, againstModel }: ComparisonPlan): BaselineName[] {
  return BASELINE_NAMES.filter((name) => {
    if (name === "reflexion") return reflexion === true;
    return name !== "other model" || againstModel !== undefined;
  });
}

/** Seeds of the repeats: the file's, then the following numbers. */
export function seedsOf({ request, repeats }: ComparisonPlan): number[] {
  return Array.from({ length: repeats }, (_, index) => request.task.options.seed + index);
}

/** Data of the repeat with this seed. */
export function dataOf({ request, folds }: ComparisonPlan, seed: number): Data {
  const { data, options } = request.task;
  return folds?.[seed - options.seed] ?? data;
}

/** The search run of a variant. It never sees the held-out set. */
export function searchOf(plan: ComparisonPlan, { options }: Variant, seed: number): RunRequest {
  const { request, budget } = plan;
  const { task } = request;
  const own = { ...options, seed, budget, baseline: false };
  return { ...request, task: { ...task, data: { ...dataOf(plan, seed), test: [] }, options: own } };
}

/** A run that scores texts on the held-out set. */
export function scoringOf(plan: ComparisonPlan, seed: number, texts?: Texts): RunRequest {
  const { request, scoring } = plan;
  const { task } = request;
  const options = { ...task.options, seed, budget: scoring };
  const scored: Task = { ...task, data: dataOf(plan, seed), graph: withTheta(task.graph, texts ?? {}), options };
  return { ...request, task: scored, job: { kind: "evaluate", split: "test" } };
}

export function baselineOf(plan: ComparisonPlan, name: BaselineName, seed: number): RunRequest {
  const request = scoringOf(plan, seed);
  const { task } = request;
  switch (name) {
    case "untouched":
      return request;
    case CHAIN_OF_THOUGHT:
      return { ...request, job: { kind: "evaluate", split: "test", method: CHAIN_OF_THOUGHT } };
    case "reflexion":
      return { ...request, job: { kind: "solve", split: "test", solver: "reflexion", steps: SOLVE_DEFAULTS.steps } };
    case "other model": {
      // The parameters of this model are not known, so it gets its own defaults.
      const forward = { model: plan.againstModel ?? "", params: {} };
      return { ...request, task: { ...task, models: { ...task.models, forward } } };
    }
  }
}

/** Identifies a run within the comparison: equal for a request and for the run made from it. */
export function identityOf({
  graph,
  options,
  models,
  job,
}: Pick<Task, "graph" | "options" | "models"> & Pick<RunRequest, "job">): string {
  const texts = graph.nodes.map(({ id, text, inputs, tunesInputs }) => [id, text, ...(tunesInputs ? [inputs] : [])]);
  const { seed, budget } = options;
  // The score of texts does not depend on how they were found.
  return shortHash(sorted(job ? [job, texts, seed, budget, models.forward.model] : [texts, options]));
}

/** Sorts the keys of every object, because a file that was read has an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]);
}

/**
 * Folder of a comparison's runs, apart from the graph's own. Its name is a hash of everything that the runs share,
 * so that an identical comparison continues with the runs that exist.
 * @param provider identity of the provider
 */
export function comparisonPaths(plan: ComparisonPlan, place: RunPaths, provider: string): RunPaths {
  const { task, loss, losses, graphFile } = plan.request;
  const { graph, data, corpora, models } = task;
  const id = shortHash([
    ENGINE_VERSION,
    provider,
    graphFile,
    graph,
    data,
    loss,
    ...(losses ? [losses] : []),
    ...(corpora ? [corpora] : []),
    models,
    plan.scoring,
    ...(plan.folds ? [plan.folds.length] : []),
  ]);
  const folder = join(place.cache, "..", "comparisons", id);
  return { runs: join(folder, "runs"), cache: join(folder, "scored"), locks: place.locks };
}
