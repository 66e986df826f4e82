import { ROLES, type Role } from "../../graph/graph.ts";
import type { Tier } from "../known-models.ts";

/** Time limit of a flex request in milliseconds, including the wait for capacity, as the vendors advise. */
const FLEX_TIMEOUT = 900_000;

/** Milliseconds without any answer after which a run at the flex tier ends: time for a second attempt after a timeout. */
export const FLEX_PATIENCE = 2 * FLEX_TIMEOUT;

/** `now`: the standard price. */
export const TIERS = ["now", "flex", "batch"] as const;
export type TierChoice = Tier | "now";

/** Tier by role. */
export type Tiers = Readonly<Record<Role, TierChoice>>;

/** Parses `batch`, or `forward=batch,optimizer=now`, where the other roles are `now`. null: anything else. */
export function readTiers(text: string): Tiers | null {
  const one = TIERS.find((tier) => tier === text.trim());
  if (one) return tierForAllRoles(one);
  const tiers: Record<string, TierChoice> = { ...tierForAllRoles("now") };
  for (const part of text.split(",")) {
    const [role = "", named = "", ...more] = part.split("=").map((each) => each.trim());
    const tier = TIERS.find((each) => each === named);
    if (!ROLES.some((each) => each === role) || !tier || more.length > 0) return null;
    tiers[role] = tier;
  }
  return tiers as Tiers;
}

/** The text that `readTiers` reads as these tiers. */
export function tiersLabel(tiers: Tiers): string {
  const [first, ...others] = ROLES.map((role) => tiers[role]);
  if (first !== undefined && others.every((tier) => tier === first)) return first;
  return ROLES.flatMap((role) => (tiers[role] === "now" ? [] : [`${role}=${tiers[role]}`])).join(",");
}

/** One tier for every role. */
export function tierForAllRoles(tier: TierChoice): Tiers {
  return Object.fromEntries(ROLES.map((role) => [role, tier])) as Tiers;
}

/** Time limit of a request at these tiers in milliseconds, unless the user set one. */
export function timeoutOf(tiers: Tiers, usual: number): number {
  return Object.values(tiers).includes("flex") ? Math.max(usual, FLEX_TIMEOUT) : usual;
}
