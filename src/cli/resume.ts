import { join } from "node:path";
import type { BudgetLimits } from "../models/model.ts";
import { priceList } from "../models/prices.ts";
import { filesOf } from "../run/place.ts";
import { resumeRun } from "../run/run.ts";
import { readStart, type Start } from "../run/start.ts";
import type { Cli } from "./cli.ts";
import { driveToEnd, modelsOf, type OptimizeOptions } from "./optimize.ts";
import type { BudgetOptions } from "./options.ts";
import { connect } from "./provider.ts";
import { findRun } from "./runs.ts";

export type ResumeOptions = Pick<
  OptimizeOptions,
  "baseUrl" | "concurrency" | "apply" | "requireImprovement" | "runsDir"
> &
  BudgetOptions;

/** Takes a run up where it ended, with what it started from, however the files have changed since. */
export async function resumeCommand(cli: Cli, name: string, options: ResumeOptions): Promise<number> {
  const { deps, env, signal } = cli;
  const { id, place, root } = await findRun(cli, name, options);
  const { start } = await readStart(deps.files, deps.machine, filesOf(place, id).start, id);
  const provider = await connect(modelsOf(start), { baseUrl: options.baseUrl, env, clock: deps.clock });
  const runDeps = { ...deps, provider, price: priceList(), concurrency: options.concurrency };
  const run = await resumeRun(id, place, runDeps, signal, limitsOf(start, options));
  return driveToEnd(cli, run, join(root, start.graphFile), options);
}

/** A bound that is named anew replaces the one the run started with; what was spent counts. */
function limitsOf(
  { options: { budget } }: Start,
  { budgetCalls, budgetTokens, budgetUsd }: BudgetOptions,
): BudgetLimits {
  return {
    calls: budgetCalls ?? budget.calls,
    tokens: budgetTokens ?? budget.tokens,
    usd: budgetUsd ?? budget.usd,
  };
}
