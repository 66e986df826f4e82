import PQueue from "p-queue";
import type { Clock } from "../../deps.ts";
import { BatchModel, type BatchOptions } from "../batch/batch-model.ts";
import type { Tier } from "../known-models.ts";
import type { Model, ModelRequest } from "../model.ts";
import type { ServerModel } from "../protocols/server-model.ts";
import { FLEX_PATIENCE, type TierChoice, type Tiers } from "./choice.ts";
import { type FlexOptions, withFlex } from "./flex.ts";

export interface TierOptions extends FlexOptions, Partial<BatchOptions> {
  readonly clock: Clock;
  readonly newMark: () => string;
  /** Maximum number of concurrent requests outside batches. */
  readonly concurrency: number;
}

/** The first tier that a server lacks; null if it has all. */
export function missingTier(tiers: Tiers, { batches, hasFlex }: ServerModel): Tier | null {
  const asked = Object.values(tiers);
  if (asked.includes("flex") && !hasFlex) return "flex";
  return asked.includes("batch") && !batches ? "batch" : null;
}

/** Sends the requests of each role at its tier. The replies are the same, and so are their keys. */
export function withTiers(server: ServerModel, tiers: Tiers, options: TierOptions): Model {
  const batch = server.batches ? new BatchModel(server, server.batches, options) : null;
  const flex = withFlex(server, options);
  const queue = new PQueue({ concurrency: options.concurrency });
  const hasBatch = Object.values(tiers).includes("batch");
  return modelOf(batch);

  function modelOf(batch: BatchModel | null): Model {
    const models: Record<TierChoice, Model> = { now: server, flex, batch: batch ?? server };
    return {
      identity: server.identity,
      ...(hasBatch && batch
        ? {
            timeout: batch.timeout,
            concurrency: batch.concurrency,
            attach: (journal) => modelOf(batch.attach(journal)),
            listen: (tell) => batch.listen(tell),
          }
        : { ...(server.timeout !== undefined && { timeout: server.timeout }) }),
      ...(Object.values(tiers).includes("flex") && { patience: FLEX_PATIENCE }),
      ...(new Set(Object.values(tiers)).size > 1 && { laneOf: (request: ModelRequest) => tiers[request.tag.purpose] }),
      isUntried: (request) => tiers[request.tag.purpose] !== "batch" && server.isUntried?.(request) === true,
      complete(request, signal) {
        const tier = tiers[request.tag.purpose];
        const send = () => models[tier].complete(request, signal);
        // A wave is sent as a whole; other requests keep to the user's limit.
        if (!hasBatch || tier === "batch") return send();
        return queue.add(send, { priority: request.priority ?? 0, signal });
      },
    };
  }
}
