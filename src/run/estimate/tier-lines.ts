import type { Task } from "../../engine/task.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import type { Locale } from "../../i18n/locale.ts";
import { knownModel, TIER_PRICE, type Tier } from "../../models/known-models.ts";
import type { Tiers } from "../../models/tiers/choice.ts";
import { modelsOf } from "../models.ts";
import type { Estimate } from "./estimate.ts";

/** Tiers at half the price that all models of a task have. */
export function tiersFor({ graph, models }: Pick<Task, "graph" | "models">): readonly Tier[] {
  const names = modelsOf({ graph, models });
  return (["flex", "batch"] as const).filter((tier) => names.every((name) => knownModel(name)?.tiers?.includes(tier)));
}

/** Roles whose requests are sent in batches with these tiers; without tiers, those that could be. */
export function batchedRoles(task: Pick<Task, "graph" | "models">, tiers: Tiers | undefined): readonly Role[] {
  if (tiers) return ROLES.filter((role) => tiers[role] === "batch");
  return tiersFor(task).includes("batch") ? ROLES : [];
}

/** How long requests of a tier take. @param waves number of batches, one after another; undefined: unknown */
export function tierTime(tier: Tier, waves: number | undefined, locale: Locale): string {
  const { t } = locale;
  if (tier === "flex") return t("up to 15 minutes for each request");
  if (waves === undefined) return t("usually under an hour for each batch, 24 hours at most");
  return waves <= 1
    ? t("one batch, usually under an hour, 24 hours at most")
    : t("about {0} batches in sequence, usually under an hour each, 24 hours at most", locale.integer(waves));
}

/** What a tier costs by an estimate. @param isMixed only some requests use it */
export function tierCost(usd: number, isMixed: boolean, locale: Locale): string {
  return `${locale.money(usd * TIER_PRICE)}${isMixed ? ` … ${locale.money(usd)}` : ""}`;
}

/** Price and time of a tier. */
export interface TierLine {
  readonly tier: Tier;
  readonly isChosen: boolean;
  /** `$0.02`; `price unknown` */
  readonly cost: string;
  readonly time: string;
}

/**
 * Price and time of the chosen half-price tiers; if none is chosen, of those that all models have and that save something.
 * @param hasFallback the standard price is allowed for what flex does not answer
 */
export function tierLines(
  task: Pick<Task, "graph" | "models">,
  { usd, waves }: Pick<Estimate, "usd" | "waves">,
  chosen: Tiers | undefined,
  locale: Locale,
  hasFallback = false,
): TierLine[] {
  const isMixed = chosen !== undefined && new Set(Object.values(chosen)).size > 1;
  if (usd === 0 || (usd === null && !chosen)) return [];
  const tiers = chosen
    ? (["flex", "batch"] as const).filter((tier) => Object.values(chosen).includes(tier))
    : tiersFor(task);
  return tiers.map((tier) => ({
    tier,
    isChosen: chosen !== undefined,
    cost: usd === null ? locale.money(null) : tierCost(usd, isMixed || (hasFallback && tier === "flex"), locale),
    time: tierTime(tier, waves, locale),
  }));
}
