import type { Task } from "../../engine/task.ts";
import type { Role } from "../../graph/graph.ts";
import { ENGLISH } from "../../i18n/locale.ts";
import type { Model } from "../../models/model.ts";
import type { PriceOf } from "../../models/prices.ts";
import { type Estimate, estimateRun, estimateRunner, rounded } from "../../run/estimate/estimate.ts";
import { batchedRoles, tierLines } from "../../run/estimate/tier-lines.ts";
import { adviceMessage, adviceOn } from "../../run/explain/advice.ts";
import { runnerOf } from "../../run/job.ts";
import { readCache } from "../../run/record/replies.ts";
import type { RunRequest } from "../../run/record/run-manifest.ts";
import type { RunPaths } from "../../run/record/run-paths.ts";
import type { ModelOptions } from "../arguments/options.ts";
import type { Cli } from "../cli.ts";

/** Milliseconds without a word after which a user wonders. */
const LONG = 1_000;

type TierOptions = Pick<ModelOptions, "tier" | "tierFallback" | "queue">;

/** Prints the estimated cost of a run in one line, before its first call. */
export async function printEstimate(
  { deps, output }: Cli,
  { task, job }: RunRequest,
  place: RunPaths,
  { identity: provider }: Model,
  price: PriceOf,
  options: TierOptions = {},
): Promise<void> {
  const replies = await readCache(deps, place.cache);
  const batched = rolesInBatches(task, options);
  const showTiers = (estimate: Pick<Estimate, "usd" | "waves">) => {
    for (const line of tierSentences(task, estimate, options)) output.info(line);
  };
  const known = { provider, replies, price, clock: deps.clock, sandbox: deps.sandbox, batched };
  if (provider === "simulated") await warnUnknownNodes(task, output);
  if (!job) {
    const estimate = await estimating(output, () => estimateRun(task, known));
    output.info(estimateLine(estimate));
    showTiers(estimate);
    for (const advice of adviceOn(task, task.options.budget.calls)) output.info(adviceMessage(advice, ENGLISH));
    return;
  }
  const estimate = await estimating(output, () => estimateRunner(task, known, runnerOf(job)));
  output.info(scoringLine({ ...estimate, most: task.options.budget }));
  showTiers(estimate);
}

/** Says on a terminal that an estimate is under way, if it takes long. */
async function estimating<T>(output: Cli["output"], work: () => Promise<T>): Promise<T> {
  const timer = output.isInteractive ? setTimeout(() => output.info("Estimating the cost…"), LONG) : undefined;
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

/** Roles whose requests are sent in batches; without tiers, those that could be. None with a queue, because workers have no tiers. */
export function rolesInBatches(task: Task, { tier, queue }: TierOptions): readonly Role[] {
  return queue === undefined ? batchedRoles(task, tier) : [];
}

/**
 * `With --tier flex: about $0.06; up to 15 minutes for each request.` None with a queue, because workers have no tiers.
 */
export function tierSentences(
  task: Task,
  estimate: Pick<Estimate, "usd" | "waves">,
  { tier: chosen, tierFallback = false, queue }: TierOptions,
): string[] {
  if (queue !== undefined) return [];
  return tierLines(task, estimate, chosen, ENGLISH, tierFallback).map(({ tier, isChosen, cost, time }) => {
    const price = estimate.usd === null ? cost : `about ${cost}`;
    return `${isChosen ? "Tier" : "With --tier"} ${tier}: ${price}; ${time}.`;
  });
}

/** The simulated model only knows the example graphs. Its scores on other graphs are meaningless. */
async function warnUnknownNodes({ graph }: RunRequest["task"], output: Cli["output"]): Promise<void> {
  const { unknownNodes } = await import("../../models/simulated/unknown-nodes.ts");
  const unknown = unknownNodes(graph.nodes);
  if (unknown.length === 0) return;
  const nodes = unknown.slice(0, 5).join(", ") + (unknown.length > 5 ? ", …" : "");
  output.warn(
    `The simulated model only works with the example graphs and doesn't know the instructions of ${nodes}: scores mean nothing. Choose a model with --model and --base-url.`,
  );
}

/** `About 40 calls and 9,100 tokens ($0.01); at most 2,000 calls.` */
export function scoringLine(estimate: Pick<Estimate, "calls" | "tokens" | "usd" | "cached" | "most">): string {
  const { calls, cached } = estimate;
  if (calls === 0 && cached > 0) return "Every reply is cached from earlier runs, so no calls are needed.";
  return `About ${amountLabel(estimate)}; ${limitLabel(estimate.most)}.${cachedLabel(cached)}`;
}

/**
 * `About 300 calls and 49,000 tokens ($0.02); at most 2,000 calls. The estimate can be off: 140 to 640 calls, 37,000 to
 * 180,000 tokens.`
 */
export function estimateLine({ calls, tokens, usd, cached, most, range }: Estimate): string {
  const open = [
    between(range.least.calls, range.most.calls, "calls"),
    between(range.least.tokens, range.most.tokens, "tokens"),
  ].filter(Boolean);
  const ranges = calls > 0 && open.length > 0 ? ` The estimate can be off: ${open.join(", ")}.` : "";
  const usual = calls === 0 ? "No calls" : `About ${amountLabel({ calls, tokens, usd })}`;
  return `${usual}; ${limitLabel(most)}.${ranges}${cachedLabel(cached)}`;
}

function amountLabel({ calls, tokens, usd }: Pick<Estimate, "calls" | "tokens" | "usd">): string {
  const cost = usd === 0 ? "" : ` (${ENGLISH.money(usd)})`;
  return `${approximately(calls, "call")} and ${approximately(tokens, "token")}${cost}`;
}

function limitLabel({ calls, tokens, usd }: Estimate["most"]): string {
  const bounds = [
    calls === null ? "" : ENGLISH.count(calls, "call"),
    tokens === null ? "" : approximately(tokens, "token"),
    usd === null || usd === 0 ? "" : ENGLISH.money(usd),
  ].filter(Boolean);
  return bounds.length > 0 ? `at most ${bounds.join(", ")}` : "no upper limit (set one with --budget-calls)";
}

function cachedLabel(cached: number): string {
  if (cached === 1) return " 1 more reply is cached from earlier runs and costs nothing.";
  return cached > 1 ? ` ${about(cached)} more replies are cached from earlier runs and cost nothing.` : "";
}

/** A range such as `260 to 340 calls`. Empty if both ends are displayed alike. */
function between(least: number, most: number, unit: string): string {
  return about(least) === about(most) ? "" : `${about(least)} to ${about(most)} ${unit}`;
}

function approximately(value: number, what: "call" | "token"): string {
  return ENGLISH.count(rounded(value), what);
}

function about(value: number): string {
  return rounded(value).toLocaleString("en");
}
