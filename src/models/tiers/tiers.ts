import PQueue from "p-queue";
import type { Clock } from "../../deps.ts";
import { ROLES, type Role } from "../../graph/graph.ts";
import { BatchModel, type BatchOptions } from "../batch/batch-model.ts";
import type { Tier } from "../known-models.ts";
import type { Model } from "../model.ts";
import type { ServerModel } from "../protocols/server-model.ts";
import { FLEX_TIMEOUT, type FlexOptions, withFlex } from "./flex.ts";

/** `now`: the standard price. */
export const TIERS = ["now", "flex", "batch"] as const;
export type TierChoice = Tier | "now";

/** Tier by role. */
export type Tiers = Readonly<Record<Role, TierChoice>>;

export interface TierOptions extends FlexOptions, Partial<BatchOptions> {
  readonly clock: Clock;
  readonly newMark: () => string;
  /** Requests at once of what is in no batch. */
  readonly concurrency: number;
}

/** `batch`, or `forward=batch,optimizer=now`, where the other roles are `now`. null: anything else. */
export function readTiers(text: string): Tiers | null {
  const everywhere = TIERS.find((tier) => tier === text.trim());
  if (everywhere) return all(everywhere);
  const tiers: Record<string, TierChoice> = { ...all("now") };
  for (const part of text.split(",")) {
    const [role = "", named = "", ...more] = part.split("=").map((each) => each.trim());
    const tier = TIERS.find((each) => each === named);
    if (!ROLES.some((each) => each === role) || !tier || more.length > 0) return null;
    tiers[role] = tier;
  }
  return tiers as Tiers;
}

function all(tier: TierChoice): Tiers {
  return Object.fromEntries(ROLES.map((role) => [role, tier])) as Tiers;
}

/** Milliseconds a request may take at these tiers, where the user has not said. */
export function timeoutOf(tiers: Tiers, usual: number): number {
  return Object.values(tiers).includes("flex") ? Math.max(usual, FLEX_TIMEOUT) : usual;
}

/** The first tier that a server does not have; null where it has all. */
export function missingTier(tiers: Tiers, { batches, hasFlex }: ServerModel): Tier | null {
  const asked = Object.values(tiers);
  if (asked.includes("flex") && !hasFlex) return "flex";
  return asked.includes("batch") && !batches ? "batch" : null;
}

/** Asks each role at its tier. The replies are the same, so their keys are, too. */
export function withTiers(server: ServerModel, tiers: Tiers, options: TierOptions): Model {
  const batch = server.batches ? new BatchModel(server, server.batches, options) : null;
  const models: Record<TierChoice, Model> = {
    now: server,
    flex: withFlex(server, options),
    batch: batch ?? server,
  };
  const queue = new PQueue({ concurrency: options.concurrency });
  const hasBatch = Object.values(tiers).includes("batch");
  return {
    identity: server.identity,
    ...(hasBatch && batch
      ? {
          timeout: batch.timeout,
          concurrency: batch.concurrency,
          attach: (journal) => batch.attach(journal),
          listen: (tell) => batch.listen(tell),
        }
      : { ...(server.timeout !== undefined && { timeout: server.timeout }) }),
    isUntried: (request) => tiers[request.tag.purpose] !== "batch" && server.isUntried?.(request) === true,
    complete(request, signal) {
      const tier = tiers[request.tag.purpose];
      const send = () => models[tier].complete(request, signal);
      // A wave is sent whole; what goes by itself keeps to the user's limit.
      if (!hasBatch || tier === "batch") return send();
      return queue.add(send, { priority: request.priority ?? 0, signal });
    },
  };
}
