import { join } from "node:path";
import { ENGINE_VERSION } from "../../engine/session.ts";
import { ROLES } from "../../graph/graph.ts";
import type { BudgetLimits } from "../../models/model.ts";
import { modelsOf } from "../../run/models.ts";
import { type RunManifest, readManifest, taskOf } from "../../run/record/run-manifest.ts";
import { filesOf } from "../../run/record/run-paths.ts";
import { resumeRun } from "../../run/run.ts";
import {
  type BudgetOptions,
  chosenModels,
  type ModelOptions,
  type PlaceOptions,
  pricesFor,
} from "../arguments/options.ts";
import type { Cli } from "../cli.ts";
import { UsageError } from "../errors.ts";
import { runDepsOf } from "../runs/run-deps.ts";
import { type EndOptions, followRun } from "../runs/run-graph.ts";
import { connect } from "../server/provider.ts";
import { findRun } from "./runs.ts";

export interface ResumeOptions extends ModelOptions, BudgetOptions, PlaceOptions, EndOptions {
  readonly yes?: boolean;
}

/** Resumes a run with the texts and data it started from, even if the files have changed. */
export async function resumeCommand(cli: Cli, name: string, options: ResumeOptions): Promise<number> {
  const { deps, signal } = cli;
  const { id, place, root } = await findRun(cli, name, options, "resumable");
  const { start } = await readManifest(deps, filesOf(place, id).start, id);
  if (start.engine !== ENGINE_VERSION && !options.yes) {
    throw new UsageError(
      `Run ${id} was started by another version of AgentGraph, so some calls may be charged again. Add --yes to resume it anyway, or start a new run.`,
    );
  }
  refuseOtherModels(start, options);
  const models = modelsOf(start);
  const limits = limitsOf(start, options);
  const price = pricesFor(models, limits, options, deps.clock.now());
  const provider = await connect(models, options, cli);
  const runDeps = await runDepsOf(cli, taskOf(start), options, { provider, price });
  const run = await resumeRun(id, place, { ...runDeps, leavesBatches: options.yes === true }, signal, limits);
  return followRun(cli, run, place, join(root, start.graphFile), options);
}

/** Saved replies are valid only for the models of the run. */
function refuseOtherModels({ id, models }: RunManifest, options: ModelOptions): void {
  const chosen = chosenModels(options);
  for (const role of ROLES) {
    const [given, own] = [chosen[role]?.model, models[role].model];
    if (given === undefined || given === own) continue;
    throw new UsageError(
      `Run ${id} uses ${own} as its ${role} model, which can't be changed when it is resumed. To use ${given}, start a new run.`,
    );
  }
}

/** A new limit replaces the run's own limit. Earlier spending counts. */
function limitsOf(
  { options: { budget } }: RunManifest,
  { budgetCalls, budgetTokens, budgetUsd }: BudgetOptions,
): BudgetLimits {
  return {
    calls: budgetCalls ?? budget.calls,
    tokens: budgetTokens ?? budget.tokens,
    usd: budgetUsd ?? budget.usd,
  };
}
