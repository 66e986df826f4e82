import { NO_REPLIES } from "../../models/stack/store.ts";
import type { EstimateDeps } from "../estimate/dry-run.ts";
import { type Estimate, estimateRunner, estimateUse, times } from "../estimate/estimate.ts";
import type { Amount } from "../estimate/tally.ts";
import { runnerOf } from "../job.ts";
import { baselineOf, baselinesOf, type ComparisonPlan, scoringOf, searchOf, seedsOf } from "./plan.ts";

export interface ComparisonEstimate extends Amount, Pick<Estimate, "waves"> {
  /** Total number of runs, searches and scorings. */
  readonly runs: number;
  /** Maximum number of calls by the budgets; null: no limit. */
  readonly most: number | null;
  /** Calls of all searches of each variant, and those of scoring on the held-out set (`name` is null), which come last. */
  readonly parts: readonly { readonly name: string | null; readonly calls: number }[];
}

/** Minimum number of dry runs of searches. */
const DRY_RUNS = 4;

/** Estimates a whole comparison before its first call. Its searches improve as runs do on average. */
export async function estimateComparison(plan: ComparisonPlan, known: EstimateDeps): Promise<ComparisonEstimate> {
  const { variants, repeats, budget } = plan;
  const [seed = 0] = seedsOf(plan);
  // Searches don't share replies, so known ones don't help.
  const cold = { ...known, replies: NO_REPLIES };
  const scoring = scoringOf(plan, seed);
  const score = await estimateRunner(scoring.task, cold, runnerOf(scoring.job));
  let total: Amount = times(score, repeats * variants.length);
  for (const name of baselinesOf(plan)) {
    const { task, job } = baselineOf(plan, name, seed);
    const isLikeAny = name === "untouched" || name === "chain-of-thought";
    total = plus(total, times(isLikeAny ? score : await estimateRunner(task, cold, runnerOf(job)), repeats));
  }
  const scored = total.calls;
  // Searches wait for their batches at the same time, as do the scores of one repeat.
  let waves = repeats * (score.waves ?? 0);
  const scores = repeats * (baselinesOf(plan).length + variants.length);
  // A comparison adds up many runs, so that the chance in each dry run matters less.
  const parts: { name: string | null; calls: number }[] = [];
  const draws = Math.max(1, Math.ceil(DRY_RUNS / variants.length));
  for (const [index, variant] of variants.entries()) {
    const seeds = Array.from({ length: draws }, (_, draw) => 1 + index * draws + draw);
    const { task } = searchOf(plan, variant, seed);
    const search = await estimateUse(task, cold, { draws: seeds, upTo: budget.calls });
    waves = Math.max(waves, search.waves ?? 0);
    const share = budget.calls === null || search.calls === 0 ? 1 : Math.min(1, budget.calls / search.calls);
    const all = times(search, repeats * share);
    parts.push({ name: variant.name, calls: all.calls });
    total = plus(total, all);
  }
  parts.push({ name: null, calls: scored });
  const most = budget.calls === null ? null : repeats * variants.length * budget.calls + scored;
  const inBatches = score.waves !== undefined && { waves: waves + repeats * score.waves };
  return { ...total, ...inBatches, runs: scores + repeats * variants.length, most, parts };
}

function plus(a: Amount, b: Amount): Amount {
  const usd = a.usd === null || b.usd === null ? null : a.usd + b.usd;
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, usd };
}
