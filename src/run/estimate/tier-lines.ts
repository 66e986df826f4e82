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

/** `about $0.06; up to 15 minutes for each request` @param waves number of batches, one after another; undefined: unknown */
export function tierTerms(tier: Tier, cost: string, waves: number | undefined, locale: Locale): string {
  const { t } = locale;
  if (tier === "flex") return t("about {0}; up to 15 minutes for each request", cost);
  if (waves === undefined) return t("about {0}; batches mostly take less than an hour, at the latest 24 hours", cost);
  return waves <= 1
    ? t("about {0}; one batch, mostly within an hour, at the latest after 24 hours", cost)
    : t(
        "about {0}; about {1} batches, one after another, mostly within an hour each, at the latest after 24 hours each",
        cost,
        locale.integer(waves),
      );
}

/** What a tier costs by an estimate. @param isMixed only some requests use it */
export function tierCost(usd: number, isMixed: boolean, locale: Locale): string {
  return `${locale.money(usd * TIER_PRICE)}${isMixed ? ` … ${locale.money(usd)}` : ""}`;
}

/**
 * Price and time of the half-price tiers, where all models have them; what was chosen comes first.
 * @param hasFallback the standard price is allowed for what flex does not answer
 */
export function tierLines(
  task: Pick<Task, "graph" | "models">,
  { usd, waves }: Pick<Estimate, "usd" | "waves">,
  chosen: Tiers | undefined,
  locale: Locale,
  hasFallback = false,
): { readonly tier: Tier; readonly isChosen: boolean; readonly terms: string }[] {
  if (usd === null || usd === 0) return [];
  const isMixed = chosen !== undefined && new Set(Object.values(chosen)).size > 1;
  const isChosen = (tier: Tier) => chosen !== undefined && Object.values(chosen).includes(tier);
  const offered = tiersFor(task);
  const tiers = (["flex", "batch"] as const).filter((tier) => isChosen(tier) || (!chosen && offered.includes(tier)));
  return tiers.map((tier) => ({
    tier,
    isChosen: isChosen(tier),
    terms: tierTerms(tier, tierCost(usd, isMixed || (hasFallback && tier === "flex"), locale), waves, locale),
  }));
}
