import { isLoopback } from "../../models/address.ts";
import type { Provider } from "../../models/provider.ts";

/** Where the models of a provider are, or that it is ready to be used. */
export type Group = "ready" | "cloud" | "local" | "other" | "none";

/**
 * Providers for a list with a heading for each group, in the order of `providers` within a group.
 * @param ready providers that need nothing more from the user; they come first
 */
export function groupsOf(
  providers: readonly Provider[],
  ready: ReadonlySet<Provider>,
): readonly (readonly [Group, readonly Provider[]])[] {
  const groups: Record<Group, Provider[]> = { ready: [], cloud: [], local: [], other: [], none: [] };
  for (const provider of providers) groups[ready.has(provider) ? "ready" : placeOf(provider)].push(provider);
  const order: readonly Group[] = ["ready", "cloud", "local", "other", "none"];
  return order.map((group) => [group, groups[group]] as const).filter(([, members]) => members.length > 0);
}

function placeOf({ id, fields: { address } }: Provider): Exclude<Group, "ready"> {
  if (address === null) return "none";
  if (id === "compatible") return "other";
  return URL.canParse(address.initial) && isLoopback(new URL(address.initial).hostname) ? "local" : "cloud";
}
