import { randomUUID } from "node:crypto";
import { l10n } from "vscode";
import type { Clock } from "../../deps.ts";
import type { Tier } from "../../models/known-models.ts";
import type { Model } from "../../models/model.ts";
import { isServerModel } from "../../models/protocols/server-model.ts";
import { tierForAllRoles } from "../../models/tiers/choice.ts";
import { missingTier, withTiers } from "../../models/tiers/tiers.ts";
import { NotFound } from "../errors.ts";
import { readSettings } from "./settings.ts";

/** The model with its requests at half the price. @throws NotFound if its server doesn't have the tier */
export function atTier(model: Model, tier: Tier, clock: Clock): Model {
  const tiers = tierForAllRoles(tier);
  if (!isServerModel(model) || missingTier(tiers, model) !== null) {
    const server = model.identity.replace(/^\S+ https?:\/\//, "");
    throw new NotFound(l10n.t("{0} has no {1} tier. Change the setting agentgraph.tier.", server, tier));
  }
  const { concurrency, tierFallback: fallback } = readSettings();
  return withTiers(model, tiers, { clock, newMark: randomUUID, concurrency, fallback });
}
