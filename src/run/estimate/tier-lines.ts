import type { Task } from "../../engine/task.ts";
import { topologyOf } from "../../graph/topology.ts";
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

/** `about $0.06; up to 15 minutes for each request` */
export function tierTerms({ graph }: Pick<Task, "graph">, tier: Tier, cost: string, { t }: Locale): string {
  if (tier === "flex") return t("about {0}; up to 15 minutes for each request", cost);
  const { depth } = topologyOf(graph);
  const steps = 1 + Math.max(0, ...graph.nodes.map(({ id }) => depth(id)));
  return steps === 1
    ? t("about {0}; a batch for each scoring of the graph, mostly within an hour, at the latest after 24 hours", cost)
    : t(
        "about {0}; {1} batches, one after another, for each scoring of the graph, mostly within an hour, at the latest after 24 hours each",
        cost,
        steps,
      );
}

/** What a tier costs by an estimate. @param isMixed only some roles use it */
export function tierCost(usd: number, isMixed: boolean, locale: Locale): string {
  return `${locale.money(usd * TIER_PRICE)}${isMixed ? ` … ${locale.money(usd)}` : ""}`;
}

/** Price and time of the half-price tiers, where all models have them; what was chosen comes first. */
export function tierLines(
  task: Pick<Task, "graph" | "models">,
  { usd }: Pick<Estimate, "usd">,
  chosen: Tiers | undefined,
  locale: Locale,
): { readonly tier: Tier; readonly isChosen: boolean; readonly terms: string }[] {
  if (usd === null || usd === 0) return [];
  const isMixed = chosen !== undefined && new Set(Object.values(chosen)).size > 1;
  const isChosen = (tier: Tier) => chosen !== undefined && Object.values(chosen).includes(tier);
  const offered = tiersFor(task);
  const tiers = (["flex", "batch"] as const).filter((tier) => isChosen(tier) || (!chosen && offered.includes(tier)));
  return tiers.map((tier) => ({
    tier,
    isChosen: isChosen(tier),
    terms: tierTerms(task, tier, tierCost(usd, isMixed, locale), locale),
  }));
}
